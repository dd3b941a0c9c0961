#include <cstdio>
#include <filesystem>

#include "control/certs/secret_file.h"
#include "control/cli/commands.h"
#include "control/config/parse.h"

namespace lockstep::cli {

std::string socket_of(const ServiceOptions& options) {
  if (!options.socket.empty()) return options.socket;
  if (options.config_path.empty()) return config::General().socket;
  config::Diagnostics diagnostics(options.config_path);
  const auto text = certs::read_text_file(options.config_path);
  if (!text) {
    std::fprintf(stderr, "lockstep: %s\n", text.error().c_str());
    return {};
  }
  const std::string directory = std::filesystem::absolute(options.config_path).parent_path().string();
  return config::parse_config(text.value(), directory, diagnostics).config.general.socket;
}

}  // namespace lockstep::cli
