// The configuration as values: what a file says after reading, with the code's defaults for what it does not say. What
// each key means is told in deploy/lockstep.example.toml.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "control/config/policy.h"
#include "control/config/source.h"
#include "control/engines.h"
#include "crypto/job.h"
#include "dataplane/io/eal.h"
#include "dataplane/io/port.h"
#include "dataplane/net/network.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/worker/worker.h"

namespace lockstep::config {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };

/// Longest name of a service or backend: what an access event has room for.
constexpr std::size_t kMaxName = 31;

struct General {
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  std::string log_file;  // empty: standard error
  bool access_log = true;
  std::string key_log;            // path of the key log file; empty: none
  std::uint32_t log_rate = 1000;  // lines per second of each event
  std::vector<unsigned> cores;    // empty: the last core this process may use
  worker::Idle idle = worker::Idle::sleep;
  io::Hugepages hugepages = io::Hugepages::automatic;
  std::uint32_t memory_mb = 0;  // 0: what the pools need
  std::string user;             // empty: stays who it is
  std::string socket = "/run/lockstep/lockstep.sock";
  Duration drain_limit = seconds(30);
  Source source;
};

struct Admin {
  std::string http = "127.0.0.1:9900";   // empty: off
  std::optional<SocketAddress> address;  // of `http`
  Source source;
};

struct Port {
  io::PortConfig io;  // io.device is the whole text: "net_tap0,iface=lockstep0"
  std::uint16_t vlan = 0;
  std::vector<net::InterfaceAddress> addresses;
  std::optional<IpAddress> gateway;
  std::optional<IpAddress> gateway_v6;
  std::vector<net::StaticNeighbour> neighbours;
  std::optional<net::InterfaceAddress> kernel_address;  // of a TAP's other end
  Source source;

  /// Whether `io.device` names a PCI device.
  bool is_pci() const;
  /// The device without its arguments: "net_tap0", or the PCI address.
  std::string device_name() const;
  /// The value of the device argument `key`; empty when it was not given.
  std::string device_argument(std::string_view key) const;
};

struct Tls {
  const Policy* policy = &default_policy();
  // Of the policy, unless the file lists its own.
  std::vector<tls::Version> versions = policy->versions;
  std::vector<tls::CipherSuite> cipher_suites = policy->cipher_suites;
  std::vector<crypto::NamedGroup> groups = policy->groups;
  std::vector<crypto::SignatureScheme> signature_schemes = policy->signature_schemes;
  std::vector<std::string> alpn;
  bool strict_sni = false;
  bool prefer_server_order = true;
  Duration handshake_timeout = seconds(15);
  std::uint32_t max_handshake_message = 65536;
  Duration session_lifetime = hours(2);
  std::uint8_t tickets = 2;
  bool retry_cookie = false;
  bool psk_ke = false;
  std::uint32_t early_data = 0;  // bytes
  std::uint16_t record_padding = 0;
  Source source;
};

enum class TicketSource : std::uint8_t { random, file, fleet };

struct Tickets {
  TicketSource from = TicketSource::random;
  std::vector<std::string> files;  // paths
  std::string secret;              // path of the state file
  Duration rotate = hours(1);
  Duration slice = hours(1);
  Source source;
};

struct Certificate {
  std::string name;
  std::string chain;      // path of the file, absolute or relative to the working directory, like all paths here
  std::string key;        // empty: the key is in the chain's file
  std::string directory;  // in place of `chain` and `key`: each *.pem in it is a certificate with its key
  std::vector<std::string> passphrase_command;  // program and arguments; empty: keys are not encrypted
  std::string ocsp_response;                    // DER
  bool ocsp_fetch = false;
  std::string sct_list;  // binary, RFC 6962 section 3.3
  Source source;
};

/// Whether a service asks its clients for certificates.
enum class ClientAuth : std::uint8_t { none, optional, required };

struct Service {
  proxy::ServiceConfig proxy;  // all but `tls`; `backend_tls` is what `load` made of the keys below
  std::vector<std::string> certificates;
  ClientAuth client_auth = ClientAuth::none;
  std::string client_ca;                // path
  std::vector<std::string> client_crl;  // paths
  int client_verify_depth = 8;
  std::shared_ptr<const tls::ClientAuthentication> client_authentication;  // what `load` made of these
  std::vector<bool> backend_speaks_tls;                                    // of each backend
  std::string backend_ca;                                                  // path
  std::string backend_name;
  std::vector<tls::Version> backend_versions = {tls::Version::tls13, tls::Version::tls12};
  std::vector<std::string> backend_certificates;  // names of [[certificate]]s, shown to backends that ask
  bool insecure = false;
  Tls tls;
  Source source;
};

struct Batch {
  std::array<Duration, crypto::kJobClasses> budgets = default_budgets();
  Duration turn_limit = microseconds(200);
  std::vector<unsigned> crypto_cores;
  std::vector<crypto::JobClass> crypto_core_classes = default_crypto_core_classes();
  Source source;

  static std::array<Duration, crypto::kJobClasses> default_budgets();
  /// What needs a certificate's private key.
  static std::vector<crypto::JobClass> default_crypto_core_classes();
};

struct MadeAhead {
  bool ecdsa_nonce_pool = true;
  control::MadeAhead amounts;
  Source source;
};

struct Limits {
  proxy::Limits proxy;
  MbufPoolSizes buffers;
  std::uint32_t events = 4096;
  std::uint32_t expanded_keys = 4096;
  Source source;
};

struct Config {
  General general;
  Admin admin;
  std::vector<Port> ports;
  tcp::Config tcp;
  Source tcp_source;
  Tls tls;
  Tickets tickets;
  std::vector<Certificate> certificates;
  std::vector<Service> services;
  Limits limits;
  Batch batch;
  MadeAhead made_ahead;

  /// The longest that a session of any service may be resumed; zero when no service has tickets.
  Duration longest_session() const;
  /// What the engines of `core` are to be made with.
  control::EngineOptions engine_options(unsigned core) const;
};

/// One key that the reader knows, whether the file gave it or not. Values are in a normal form: two settings that mean
/// the same look the same.
struct Setting {
  std::string section;    // "general", "service", "service.tls"
  std::size_t index = 0;  // which of several [[port]], [[service]], ...
  std::string key;
  std::string default_value;
  std::string value;
  bool given = false;
  bool operator==(const Setting& other) const {
    return section == other.section && index == other.index && key == other.key && value == other.value;
  }
};

}  // namespace lockstep::config
