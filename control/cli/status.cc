#include <cstdio>

#include "control/api/client.h"
#include "control/api/sessions.h"
#include "control/api/status.h"
#include "control/api/tickets.h"
#include "control/cli/commands.h"

namespace lockstep::cli {
namespace {

/// Prints a document of the service: as it is, or as the table that `make_table` finds in it.
int show(const ServiceOptions& options, const char* path, std::string (*make_table)(const std::string&)) {
  const std::string socket = socket_of(options);
  if (socket.empty()) return 1;
  const Result<std::string, std::string> answer = api::get(socket, path);
  if (!answer) {
    std::fprintf(stderr, "lockstep: %s\n", answer.error().c_str());
    return 1;
  }
  const std::string text = options.json ? answer.value() : make_table(answer.value());
  if (text.empty()) {
    std::fprintf(stderr, "lockstep: the service's answer cannot be understood; use the same version as the service\n");
    return 1;
  }
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

int status(const ServiceOptions& options) {
  return show(options, "/status", api::status_table);
}

int sessions(const ServiceOptions& options) {
  return show(options, "/sessions", api::sessions_table);
}

int show_tickets(const ServiceOptions& options) {
  return show(options, "/tickets", api::tickets_table);
}

}  // namespace lockstep::cli
