// The subcommands of the program; each returns its exit status.
#pragma once

#include <string>

namespace lockstep::cli {

/// `lockstep check FILE`: prints every error and warning; 0 when there is no error, else 1.
int check(const std::string& path);

struct StatusOptions {
  std::string socket;       // empty: of `config_path`, or the default
  std::string config_path;  // may be empty
  bool json = false;
};
/// `lockstep status`: asks the running service.
int status(const StatusOptions& options);

/// `lockstep doctor`: looks at this machine; 1 when something keeps the service from running here.
int doctor(bool json);

/// The whole command line.
int main(int argc, char** argv);

}  // namespace lockstep::cli
