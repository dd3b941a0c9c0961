#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/api/client.h"
#include "control/cli/commands.h"

namespace lockstep::cli {
namespace {

/// "2 workers"; "1 crypto core".
std::string count(std::uint64_t n, const std::string& one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

}  // namespace

int drop_made_ahead(const ServiceOptions& options) {
  const std::string socket = socket_of(options);
  if (socket.empty()) return 1;
  const Result<std::string, std::string> answer = api::post(socket, "/made-ahead/drop");
  if (!answer) {
    std::fprintf(stderr, "lockstep: %s\n", answer.error().c_str());
    return 1;
  }
  const auto document = nlohmann::json::parse(answer.value(), nullptr, false);
  if (!document.is_object() || !document.value("dropped", false)) {
    std::fprintf(stderr, "lockstep: the service's answer cannot be understood; use the same version as the service\n");
    return 1;
  }
  if (options.json) {
    std::fputs(answer.value().c_str(), stdout);
    return 0;
  }
  const auto crypto_cores = document.value("crypto_cores", std::uint64_t{0});
  std::printf("dropped what was made ahead on %s%s\n",
              count(document.value("workers", std::uint64_t{0}), "worker").c_str(),
              crypto_cores == 0 ? "" : (" and " + count(crypto_cores, "crypto core")).c_str());
  return 0;
}

}  // namespace lockstep::cli
