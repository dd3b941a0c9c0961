#include "control/service/backends.h"

namespace lockstep::service {
namespace {

const char* way_to_backends(const config::Service& service) {
  if (service.proxy.backends.empty()) return "none";
  if (service.proxy.backend_tls == nullptr) return "tcp";
  return service.insecure ? "tls, not verified (insecure)" : "tls";
}

}  // namespace

void tell_about_services(log::Log& log, const config::Config& config) {
  for (const config::Service& service : config.services)
    for (const SocketAddress& listen : service.proxy.listen)
      log.info(
          "listening",
          {{"service", service.proxy.name}, {"address", listen.to_string()}, {"backends", way_to_backends(service)}});
  warn_of_unverified_backends(log, config);
}

void warn_of_unverified_backends(log::Log& log, const config::Config& config) {
  for (const config::Service& service : config.services)
    if (service.insecure)
      log.warning(
          "backends_not_verified",
          {{"service", service.proxy.name},
           {"message", "insecure = true: whoever is on the way to its backends can read and change everything"}});
}

}  // namespace lockstep::service
