#include "control/config/validate.h"

#include <pwd.h>
#include <sched.h>
#include <sys/un.h>

#include <algorithm>
#include <set>

#include "control/config/values.h"

namespace lockstep::config {
namespace {

std::string core_list(const std::vector<unsigned>& cores) {
  std::string text;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    std::size_t last = i;
    while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(cores[i]);
    if (last > i) text += "-" + std::to_string(cores[last]);
    i = last;
  }
  return text;
}

/// `taken` are the workers' cores, when `cores` are others.
void check_cores(const char* key, const std::vector<unsigned>& cores, const Source& source,
                 const std::vector<unsigned>& taken, Diagnostics& diagnostics) {
  const std::vector<unsigned> allowed = allowed_cores();
  const auto has = [](const std::vector<unsigned>& list, unsigned core) {
    return std::find(list.begin(), list.end(), core) != list.end();
  };
  std::set<unsigned> seen;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    const std::string core = "core " + std::to_string(cores[i]);
    const Position at = source.at(key, i);
    if (!seen.insert(cores[i]).second)
      diagnostics.error(at, core + " stands twice in " + in_quotes(key), "remove one");
    else if (has(taken, cores[i]))
      diagnostics.error(at, core + " is a worker's",
                        "name another one, or give the workers others by \"cores\" in [general]");
    else if (!has(allowed, cores[i]))
      diagnostics.error(at, core + " is not available to this process", "use some of " + core_list(allowed));
  }
}

void check_tcp(const Config& config, Diagnostics& diagnostics) {
  const tcp::Config& tcp = config.tcp;
  const Source& source = config.tcp_source;
  if (tcp.min_rto > tcp.max_rto)
    diagnostics.error(source.at("min_rto"), "\"min_rto\" is larger than \"max_rto\"", "exchange them or lower min_rto");
  if (tcp.initial_rto > tcp.max_rto)
    diagnostics.error(source.at("initial_rto"), "\"initial_rto\" is larger than \"max_rto\"", "lower it");
  if (tcp.first_port > tcp.last_port)
    diagnostics.error(source.at("first_port"), "\"first_port\" is larger than \"last_port\"",
                      "exchange them; the range serves connections to backends");
  std::size_t listeners = 0;
  for (const Service& service : config.services) listeners += service.proxy.listen.size();
  if (listeners > tcp.max_listeners)
    diagnostics.error(source.at("max_listeners"),
                      "the services listen on " + std::to_string(listeners) + " addresses, \"max_listeners\" is " +
                          std::to_string(tcp.max_listeners),
                      "raise max_listeners in [tcp]");
  if (config.limits.proxy.max_connections > tcp.max_connections)
    diagnostics.error(config.limits.source.at("connections"),
                      "\"connections\" is larger than \"max_connections\" of [tcp]",
                      "raise the latter: it counts connections to clients and to backends");
}

/// A worker's queues hold buffers of its pool for as long as the port wants; what is left is for connections.
void check_buffers(const Config& config, Diagnostics& diagnostics) {
  std::uint32_t in_queues = 0;
  for (const Port& port : config.ports) in_queues += port.io.receive_descriptors + port.io.transmit_descriptors;
  if (config.limits.buffers.packets < 2 * in_queues)
    diagnostics.error(
        config.limits.source.at("packet_buffers"),
        "the ports' queues hold up to " + std::to_string(in_queues) + " buffers, \"packet_buffers\" is " +
            std::to_string(config.limits.buffers.packets),
        "raise packet_buffers in [limits] to at least " + std::to_string(2 * in_queues) + ", or lower the descriptors");
}

}  // namespace

std::vector<unsigned> allowed_cores() {
  static const std::vector<unsigned> at_start = [] {
    std::vector<unsigned> cores;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return std::vector<unsigned>{0};
    for (unsigned core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &set)) cores.push_back(core);
    return cores;
  }();
  return at_start;
}

std::vector<unsigned> worker_cores(const General& general) {
  if (!general.cores.empty()) return general.cores;
  return {allowed_cores().back()};
}

std::string name_fault(const std::string& name) {
  if (name.empty()) return "is empty";
  if (name.size() > kMaxName) return "is longer than " + std::to_string(kMaxName) + " characters";
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-:[]").find(c) != std::string_view::npos;
  });
  return good ? "" : "has characters other than letters, digits, '.', '_', '-', ':', '[' and ']'";
}

void validate_general(const Config& config, Diagnostics& diagnostics) {
  const General& general = config.general;
  check_cores("cores", general.cores, general.source, {}, diagnostics);
  check_cores("crypto_cores", config.batch.crypto_cores, config.batch.source, worker_cores(general), diagnostics);
  if (general.socket.size() >= sizeof(sockaddr_un::sun_path))
    diagnostics.error(general.source.at("socket"), "the path of the UNIX socket is too long",
                      "use at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " characters");
  if (general.socket.empty())
    diagnostics.error(general.source.at("socket"), "\"socket\" is empty",
                      "name a path, such as \"/run/lockstep/lockstep.sock\"");
  if (!general.user.empty() && getpwnam(general.user.c_str()) == nullptr)  // NOLINT(concurrency-mt-unsafe): one thread
    diagnostics.error(general.source.at("user"), "there is no user " + in_quotes(general.user),
                      "create it (useradd --system " + general.user + ") or remove the key");
  if (config.admin.address && !config.admin.address->ip.is_loopback())
    diagnostics.warning(config.admin.source.at("http"), "the admin port is open to the network, without authentication",
                        "use a loopback address, or make sure that only the right hosts reach it");
  check_tcp(config, diagnostics);
  check_buffers(config, diagnostics);
}

void validate(const Config& config, const std::vector<certs::LoadedCertificate>& certificates,
              Diagnostics& diagnostics) {
  validate_general(config, diagnostics);
  validate_ports(config, diagnostics);
  validate_tickets(config, diagnostics);
  validate_services(config, certificates, diagnostics);
}

}  // namespace lockstep::config
