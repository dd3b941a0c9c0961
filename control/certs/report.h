// How errors of loaders become diagnostics.
#pragma once

#include <string>

#include "control/config/diagnostics.h"

namespace lockstep::certs {

/// `error`: "what is wrong; what to do", about `file`.
inline void report(config::Diagnostics& diagnostics, config::Position at, const std::string& file,
                   const std::string& error) {
  const std::size_t split = error.find("; ");
  const std::string what = error.substr(0, split);
  diagnostics.error(at, what.find(file) == std::string::npos ? file + ": " + what : what,
                    split == std::string::npos ? "name another file" : error.substr(split + 2));
}

}  // namespace lockstep::certs
