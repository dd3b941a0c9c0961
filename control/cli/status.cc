#include "control/api/status.h"

#include <cstdio>
#include <filesystem>

#include "control/api/client.h"
#include "control/certs/secret_file.h"
#include "control/cli/commands.h"
#include "control/config/parse.h"

namespace lockstep::cli {
namespace {

std::string socket_of(const StatusOptions& options) {
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

}  // namespace

int status(const StatusOptions& options) {
  const std::string socket = socket_of(options);
  if (socket.empty()) return 1;
  const Result<std::string, std::string> answer = api::get(socket, "/status");
  if (!answer) {
    std::fprintf(stderr, "lockstep: %s\n", answer.error().c_str());
    return 1;
  }
  const std::string text = options.json ? answer.value() : api::status_table(answer.value());
  if (text.empty()) {
    std::fprintf(stderr, "lockstep: the service's answer cannot be understood; use the same version as the service\n");
    return 1;
  }
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace lockstep::cli
