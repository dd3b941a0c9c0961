// From the file's text to a Config: syntax, keys, types and ranges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/config/config.h"
#include "control/config/diagnostics.h"

namespace lockstep::config {

struct Parsed {
  Config config;
  std::vector<Setting>
      settings;  // every key that exists, in the order of the sections; of arrays, for each element given
};

/// Reads TOML 1.0 text. What is wrong goes to `diagnostics`; the rest is read on with defaults in place of it, so that
/// everything is found in one go. Relative paths of files are taken from `directory`.
Parsed parse_config(std::string_view text, const std::string& directory, Diagnostics& diagnostics);

}  // namespace lockstep::config
