// The running service: starts, serves, reloads, drains, stops.
#pragma once

#include <memory>
#include <string>

namespace lockstep::service {

struct RunOptions {
  std::string config_path;
  bool live = false;     // one line of statistics each second on standard output
  bool warnings = true;  // print the configuration's warnings at start
};

/// Runs until TERM or INT. Returns the program's exit status. Errors go to standard error, later to the log.
int run(const RunOptions& options);

}  // namespace lockstep::service
