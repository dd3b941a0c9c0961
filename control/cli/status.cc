#include "control/api/status.h"

#include <cstdio>

#include "control/api/client.h"
#include "control/cli/commands.h"

namespace lockstep::cli {
int status(const ServiceOptions& options) {
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
