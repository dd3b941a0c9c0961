// The program: see cli/command_line.cc for its subcommands.
#include <cstdio>
#include <exception>

#include "control/cli/commands.h"

int main(int argc, char** argv) {
  try {
    return lockstep::cli::main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lockstep: %s\n", error.what());
    return 1;
  }
}
