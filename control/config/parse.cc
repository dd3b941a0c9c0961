#include "control/config/parse.h"

#include <filesystem>

#include "control/config/reader.h"
#include "control/config/values.h"

namespace lockstep::config {
namespace {

constexpr std::uint32_t kKiB = 1024;
constexpr std::uint32_t kMiB = 1024 * 1024;

std::string resolve(const std::string& path, const std::string& directory) {
  if (path.empty()) return path;
  return (std::filesystem::path(directory) / path).lexically_normal().string();
}

void read_general(Section& s, General& general, const std::string& directory) {
  s.choice<LogLevel>("log_level", general.log_level,
                     {{"debug", LogLevel::debug},
                      {"info", LogLevel::info},
                      {"warning", LogLevel::warning},
                      {"error", LogLevel::error}});
  s.choice<LogFormat>("log_format", general.log_format, {{"text", LogFormat::text}, {"json", LogFormat::json}});
  s.text("log_file", general.log_file);
  s.boolean("access_log", general.access_log);
  s.text("key_log", general.key_log);
  s.integer("log_rate", general.log_rate, 1, 1'000'000);
  s.integers("cores", general.cores, 0, 1023);
  s.choice<worker::Idle>("idle", general.idle, {{"sleep", worker::Idle::sleep}, {"poll", worker::Idle::poll}});
  s.choice<io::Hugepages>("hugepages", general.hugepages,
                          {{"automatic", io::Hugepages::automatic},
                           {"required", io::Hugepages::required},
                           {"never", io::Hugepages::never}});
  s.integer("memory_mb", general.memory_mb, 0, 1 << 20);
  s.text("user", general.user);
  s.text("socket", general.socket);
  s.duration("drain_limit", general.drain_limit, Duration{}, hours(24));
  general.log_file = resolve(general.log_file, directory);
  general.key_log = resolve(general.key_log, directory);
  general.socket = resolve(general.socket, directory);
}

void read_port(Section& s, Port& port, Reading& reading) {
  s.text("name", port.io.name);
  s.require("name", "give it one, such as name = \"outside\"");
  s.text("device", port.io.device);
  s.require("device", "name one, such as device = \"net_tap0,iface=lockstep0\" or a PCI address");
  s.integer("mtu", port.io.mtu, 576, 9216);
  s.integer("vlan", port.vlan, 0, 4094);
  s.parsed_list<net::InterfaceAddress>("addresses", port.addresses, parse_interface_address,
                                       "an address with its prefix, such as \"198.18.0.2/24\"");
  s.parsed<IpAddress>("gateway", port.gateway, IpAddress::parse, "an IPv4 address");
  s.parsed<IpAddress>("gateway_v6", port.gateway_v6, IpAddress::parse, "an IPv6 address");
  s.parsed<net::InterfaceAddress>("kernel_address", port.kernel_address, parse_interface_address,
                                  "an address with its prefix, such as \"198.18.0.1/24\"");
  s.integer("receive_descriptors", port.io.receive_descriptors, 64, 32768);
  s.integer("transmit_descriptors", port.io.transmit_descriptors, 64, 32768);
  s.boolean("promiscuous", port.io.promiscuous);
  s.tables("neighbours", [&](const toml::table& table, std::size_t i) {
    Source source;
    Section neighbour(&table, "port.neighbours", i, source, reading);
    std::optional<IpAddress> ip;
    std::optional<net::MacAddress> mac;
    neighbour.parsed<IpAddress>("address", ip, IpAddress::parse, "an IP address");
    neighbour.require("address", "add address = \"198.18.0.1\"");
    neighbour.parsed<net::MacAddress>("mac", mac, parse_mac, "a MAC address, such as \"02:00:00:00:00:01\"");
    neighbour.require("mac", "add mac = \"02:00:00:00:00:01\"");
    neighbour.finish();
    if (!ip || !mac) return;
    port.neighbours.push_back({*ip, *mac});
    port.source.set("neighbours[" + std::to_string(port.neighbours.size() - 1) + "]", source.at("address"));
  });
  s.finish();
}

void read_tcp(Section& s, tcp::Config& tcp) {
  s.integer("max_connections", tcp.max_connections, 16, 4'000'000);
  s.integer("max_listeners", tcp.max_listeners, 1, 65536);
  s.integer("max_half_open", tcp.max_half_open, 1, 4'000'000);
  s.integer("max_half_open_per_source", tcp.max_half_open_per_source, 1, 4'000'000);
  s.integer("max_time_wait", tcp.max_time_wait, 1, 4'000'000);
  // A record has to fit (tls::kMaxReceivedRecord).
  s.size("receive_buffer", tcp.receive_buffer, 32 * kKiB, 64 * kMiB);
  s.size("send_buffer", tcp.send_buffer, 16 * kKiB, 64 * kMiB);
  s.duration("initial_rto", tcp.initial_rto, milliseconds(10), seconds(60));
  s.duration("min_rto", tcp.min_rto, milliseconds(1), seconds(60));
  s.duration("max_rto", tcp.max_rto, seconds(1), seconds(600));
  s.duration("delayed_ack", tcp.delayed_ack, Duration{}, milliseconds(500));  // RFC 1122 section 4.2.3.2
  s.duration("time_wait", tcp.time_wait, milliseconds(1), seconds(240));
  s.duration("fin_wait_2", tcp.fin_wait_2, milliseconds(1), seconds(3600));
  s.duration("keepalive_idle", tcp.keepalive_idle, seconds(1), hours(168));
  s.duration("keepalive_interval", tcp.keepalive_interval, milliseconds(100), seconds(3600));
  s.integer("keepalive_probes", tcp.keepalive_probes, 1, 100);
  s.integer("syn_retries", tcp.syn_retries, 1, 30);
  s.integer("data_retries", tcp.data_retries, 3, 30);
  s.boolean("ecn", tcp.ecn);
  s.boolean("ecn_request", tcp.ecn_request);
  s.integer("first_port", tcp.first_port, 1024, 65535);
  s.integer("last_port", tcp.last_port, 1024, 65535);
  s.finish();
}

/// IANA names and, for the same suites, OpenSSL's.
Words<tls::CipherSuite> suite_words() {
  Words<tls::CipherSuite> words;
  for (const tls::CipherSuite suite : tls::all_cipher_suites()) words.emplace_back(tls::name(suite), suite);
  return words;
}

Words<tls::CipherSuite> openssl_suite_words() {
  Words<tls::CipherSuite> words;
  for (const tls::CipherSuite suite : tls::all_cipher_suites()) words.emplace_back(tls::openssl_name(suite), suite);
  return words;
}

/// A name alone means the newest version, and goes before the name with its version as the way to write it.
Words<const Policy*> policy_words() {
  Words<const Policy*> words;
  for (const Policy& policy : policies())
    if (policy.newest) words.emplace_back(policy.name, &policy);
  for (const Policy& policy : policies()) words.emplace_back(policy.full_name(), &policy);
  return words;
}

/// A policy that is given replaces all of what was inherited of an earlier one, single keys included.
void read_policy(Section& s, Tls& tls) {
  s.choice<const Policy*>("policy", tls.policy, policy_words());
  if (!tls.source.has("policy")) return;
  tls.versions = tls.policy->versions;
  tls.cipher_suites = tls.policy->cipher_suites;
  tls.groups = tls.policy->groups;
  tls.signature_schemes = tls.policy->signature_schemes;
}

void read_tls(Section& s, Tls& tls) {
  read_policy(s, tls);
  s.choices<tls::Version>("versions", tls.versions, {{"1.3", tls::Version::tls13}, {"1.2", tls::Version::tls12}});
  s.choices<tls::CipherSuite>("cipher_suites", tls.cipher_suites, suite_words(), openssl_suite_words());
  s.choices<crypto::NamedGroup>("groups", tls.groups,
                                {{"x25519", crypto::NamedGroup::x25519},
                                 {"secp256r1", crypto::NamedGroup::secp256r1},
                                 {"secp384r1", crypto::NamedGroup::secp384r1}});
  s.texts("alpn", tls.alpn);
  s.boolean("strict_sni", tls.strict_sni);
  s.boolean("prefer_server_order", tls.prefer_server_order);
  s.duration("handshake_timeout", tls.handshake_timeout, milliseconds(100), seconds(600));
  s.size("max_handshake_message", tls.max_handshake_message, 2 * kKiB, 1 * kMiB);
  s.duration("session_lifetime", tls.session_lifetime, seconds(1), hours(168));  // RFC 8446 section 4.6.1
  s.integer("tickets", tls.tickets, 0, crypto::kMaxTickets);
  s.boolean("retry_cookie", tls.retry_cookie);
  s.boolean("psk_ke", tls.psk_ke);
  s.size("early_data", tls.early_data, 0, tls::kMaxEarlyData);
  s.integer("record_padding", tls.record_padding, 0, tls::kMaxRecordPadding);
  s.finish();
}

void read_tickets(Section& s, Tickets& tickets, const std::string& directory) {
  s.choice<TicketSource>(
      "source", tickets.from,
      {{"random", TicketSource::random}, {"file", TicketSource::file}, {"fleet", TicketSource::fleet}});
  s.texts("files", tickets.files);
  s.text("secret", tickets.secret);
  s.duration("rotate", tickets.rotate, seconds(1), hours(24));
  s.duration("slice", tickets.slice, seconds(1), hours(24));
  s.finish();
  for (std::string& file : tickets.files) file = resolve(file, directory);
  tickets.secret = resolve(tickets.secret, directory);
}

void read_certificate(Section& s, Certificate& certificate, const std::string& directory) {
  s.text("name", certificate.name);
  s.require("name", "give it one, such as name = \"www\"; services refer to it");
  s.text("chain", certificate.chain);
  s.text("key", certificate.key);
  s.text("directory", certificate.directory);
  s.texts("passphrase_command", certificate.passphrase_command);
  s.text("ocsp_response", certificate.ocsp_response);
  s.boolean("ocsp_fetch", certificate.ocsp_fetch);
  s.text("sct_list", certificate.sct_list);
  s.finish();
  for (std::string* const path : {&certificate.chain, &certificate.key, &certificate.directory,
                                  &certificate.ocsp_response, &certificate.sct_list})
    *path = resolve(*path, directory);
  if (!certificate.passphrase_command.empty())
    certificate.passphrase_command.front() = resolve(certificate.passphrase_command.front(), directory);
}

/// Takes "tls://" off a backend's address.
bool take_tls_scheme(std::string_view& text) {
  constexpr std::string_view kScheme = "tls://";
  const bool found = text.substr(0, kScheme.size()) == kScheme;
  if (found) text.remove_prefix(kScheme.size());
  return found;
}

struct BackendAddress {
  SocketAddress address;
  bool tls = false;
  static std::optional<BackendAddress> parse(std::string_view text) {
    const bool tls = take_tls_scheme(text);
    const auto address = SocketAddress::parse(text);
    return address ? std::optional(BackendAddress{*address, tls}) : std::nullopt;
  }
  std::string to_string() const { return (tls ? "tls://" : "") + address.to_string(); }
};

void read_backend(const toml::node& node, std::size_t index, Service& service, Reading& reading) {
  const Position at = position_of(node.source());
  proxy::BackendConfig backend;
  std::optional<BackendAddress> address;
  const char* const expected = "an IP address and port, such as \"198.18.0.1:8080\" or \"[fd00::1]:8080\"";
  if (const auto* const text = node.as_string()) {
    address = BackendAddress::parse(text->get());
    if (!address)
      reading.diagnostics.error(at, in_quotes(text->get()) + " is no backend", std::string("write ") + expected);
  } else if (const toml::table* const table = node.as_table()) {
    Source source;
    Section s(table, "service.backends", index, source, reading);
    s.text("name", backend.name);
    s.parsed<BackendAddress>("address", address, BackendAddress::parse, expected);
    s.require("address", "add address = \"198.18.0.1:8080\"");
    s.finish();
  } else {
    reading.diagnostics.error(at, "a backend is neither a string nor a table", std::string("write ") + expected);
  }
  if (!address) return;
  backend.address = address->address;
  if (backend.name.empty()) backend.name = backend.address.to_string().substr(0, kMaxName);
  service.proxy.backends.push_back(std::move(backend));
  service.backend_speaks_tls.push_back(address->tls);
  service.source.set("backends[" + std::to_string(service.proxy.backends.size() - 1) + "]", at);
}

void read_backends(Section& s, Service& service, Reading& reading) {
  const toml::node* const found = s.node("backends", "[]");
  if (found == nullptr) return;
  const toml::array* const array = found->as_array();
  if (array == nullptr) {
    reading.diagnostics.error(position_of(found->source()), "\"backends\" is not an array",
                              "write backends = [\"198.18.0.1:8080\"]");
    return;
  }
  // The record of this key comes before those of the backends' own keys.
  const std::size_t slot = reading.settings.size() - 1;
  for (std::size_t i = 0; i < array->size(); ++i) read_backend((*array)[i], i, service, reading);
  std::string value;
  for (std::size_t i = 0; i < service.proxy.backends.size(); ++i) {
    const proxy::BackendConfig& backend = service.proxy.backends[i];
    const BackendAddress address{backend.address, service.backend_speaks_tls[i]};
    value += (value.empty() ? "" : ", ") + backend.name + "=" + address.to_string();
  }
  reading.settings[slot].value = "[" + value + "]";
}

void read_service(Section& s, Service& service, const std::string& directory, Reading& reading) {
  proxy::ServiceConfig& proxy = service.proxy;
  s.text("name", proxy.name);
  s.require("name", "give it one, such as name = \"web\"");
  s.choice<proxy::Mode>("mode", proxy.mode, {{"tls", proxy::Mode::tls}, {"tcp", proxy::Mode::tcp}});
  s.parsed_list<SocketAddress>("listen", proxy.listen, SocketAddress::parse,
                               "an IP address and port, such as \"198.18.0.2:443\" or \"[::]:443\"");
  s.require("listen", "add listen = [\"198.18.0.2:443\"]");
  s.texts("certificates", service.certificates);
  s.choice<ClientAuth>(
      "client_auth", service.client_auth,
      {{"none", ClientAuth::none}, {"optional", ClientAuth::optional}, {"required", ClientAuth::required}});
  s.text("client_ca", service.client_ca);
  s.texts("client_crl", service.client_crl);
  s.integer("client_verify_depth", service.client_verify_depth, 0, 100);
  service.client_ca = resolve(service.client_ca, directory);
  for (std::string& list : service.client_crl) list = resolve(list, directory);
  read_backends(s, service, reading);
  s.text("backend_ca", service.backend_ca);
  s.text("backend_name", service.backend_name);
  s.choices<tls::Version>("backend_versions", service.backend_versions,
                          {{"1.3", tls::Version::tls13}, {"1.2", tls::Version::tls12}});
  s.texts("backend_certificates", service.backend_certificates);
  s.boolean("insecure", service.insecure);
  service.backend_ca = resolve(service.backend_ca, directory);
  s.choice<proxy::Builtin>("builtin", proxy.builtin,
                           {{"none", proxy::Builtin::none},
                            {"echo", proxy::Builtin::echo},
                            {"discard", proxy::Builtin::discard},
                            {"chargen", proxy::Builtin::chargen},
                            {"daytime", proxy::Builtin::daytime},
                            {"http", proxy::Builtin::http}});
  s.integer("bytes", proxy.chargen_bytes, 0, INT64_MAX);
  s.choice<proxy::Balance>(
      "balance", proxy.balance,
      {{"round_robin", proxy::Balance::round_robin}, {"least_connections", proxy::Balance::least_connections}});
  s.duration("connect_timeout", proxy.connect_timeout, milliseconds(10), seconds(300));
  s.integer("connect_retries", proxy.connect_retries, 0, 100);
  s.integer("eject_after", proxy.eject_after, 0, 1'000'000);
  s.duration("eject_for", proxy.eject_for, milliseconds(100), hours(24));
  s.duration("idle_timeout", proxy.idle_timeout, milliseconds(100), hours(168));
  s.choice<bool>("proxy_protocol", proxy.proxy_protocol, {{"off", false}, {"v2", true}});
  s.boolean("channel_binding", proxy.channel_binding);
  s.integer("max_connections", proxy.max_connections, 0, 4'000'000);
  const toml::table* const tls = s.table("tls");
  s.finish();
  service.tls.source = Source();
  service.tls.source.set_section(service.source.section());
  Section tls_section(tls, "service.tls", 0, service.tls.source, reading);
  read_tls(tls_section, service.tls);
}

void read_limits(Section& s, Limits& limits) {
  s.integer("connections", limits.proxy.max_connections, 1, 4'000'000);
  s.integer("handshakes", limits.proxy.tls.handshakes, 1, 1'000'000);
  s.integer("cached_sessions", limits.proxy.tls.cached_sessions, 0, 10'000'000);
  s.integer("early_data_hellos", limits.proxy.tls.early_data_hellos, 0, 10'000'000);
  s.integer("large_messages", limits.proxy.tls.large_messages, 1, 65536);
  s.integer("record_jobs", limits.proxy.tls.record_jobs, 16, 1'000'000);
  s.size("buffered_per_connection", limits.proxy.buffered_per_connection, 32 * kKiB, 64 * kMiB);
  s.integer("packet_buffers", limits.buffers.packets, 2048, 16'000'000);
  s.integer("record_buffers", limits.buffers.records, 64, 4'000'000);
  s.integer("clone_buffers", limits.buffers.clones, 1024, 16'000'000);
  s.integer("events", limits.events, 64, 1'000'000);
  s.integer("expanded_keys", limits.expanded_keys, 64, 1'000'000);
  s.finish();
}

/// Classes that crypto cores may serve: public keys. The others need what a worker keeps of its sessions.
Words<crypto::JobClass> public_key_words() {
  Words<crypto::JobClass> words;
  for (std::size_t index = 0; index < static_cast<std::size_t>(crypto::JobClass::transcript); ++index)
    words.emplace_back(crypto::name(static_cast<crypto::JobClass>(index)), static_cast<crypto::JobClass>(index));
  return words;
}

void read_batch(Section& s, Batch& batch) {
  for (std::size_t index = 0; index < crypto::kJobClasses; ++index)
    s.duration(crypto::name(static_cast<crypto::JobClass>(index)), batch.budgets[index], Duration{}, milliseconds(1));
  s.duration("turn_limit", batch.turn_limit, microseconds(20), milliseconds(10));
  s.integers("crypto_cores", batch.crypto_cores, 0, 1023);
  s.choices<crypto::JobClass>("crypto_core_classes", batch.crypto_core_classes, public_key_words());
  s.finish();
}

void read_made_ahead(Section& s, MadeAhead& ahead) {
  s.choice<bool>("ecdsa_nonce_pool", ahead.ecdsa_nonce_pool, {{"on", true}, {"off", false}});
  s.integer("key_pairs", ahead.amounts.key_pairs, 0, 4096);
  s.integer("nonce_pairs", ahead.amounts.nonce_pairs, 8, 4096);
  s.integer("nonce_keys", ahead.amounts.nonce_keys, 1, 64);
  s.duration("life", ahead.amounts.life, milliseconds(10), seconds(10));
  s.finish();
}

void read_all(const toml::table& root, const std::string& directory, Config& config, Reading& reading) {
  Source root_source;
  Section top(&root, "", 0, root_source, reading);
  Section general(top.table("general"), "general", 0, config.general.source, reading);
  read_general(general, config.general, directory);
  general.finish();
  Section admin(top.table("admin"), "admin", 0, config.admin.source, reading);
  admin.text("http", config.admin.http);
  admin.finish();
  top.tables("port", [&](const toml::table& table, std::size_t i) {
    Port& port = config.ports.emplace_back();
    Section section(&table, "port", i, port.source, reading);
    read_port(section, port, reading);
  });
  Section tcp(top.table("tcp"), "tcp", 0, config.tcp_source, reading);
  read_tcp(tcp, config.tcp);
  Section tls(top.table("tls"), "tls", 0, config.tls.source, reading);
  read_tls(tls, config.tls);
  Section tickets(top.table("tickets"), "tickets", 0, config.tickets.source, reading);
  read_tickets(tickets, config.tickets, directory);
  top.tables("certificate", [&](const toml::table& table, std::size_t i) {
    Certificate& certificate = config.certificates.emplace_back();
    Section section(&table, "certificate", i, certificate.source, reading);
    read_certificate(section, certificate, directory);
  });
  top.tables("service", [&](const toml::table& table, std::size_t i) {
    Service& service = config.services.emplace_back();
    service.tls = config.tls;
    Section section(&table, "service", i, service.source, reading);
    read_service(section, service, directory, reading);
  });
  Section limits(top.table("limits"), "limits", 0, config.limits.source, reading);
  read_limits(limits, config.limits);
  Section batch(top.table("batch"), "batch", 0, config.batch.source, reading);
  read_batch(batch, config.batch);
  Section made_ahead(top.table("made_ahead"), "made_ahead", 0, config.made_ahead.source, reading);
  read_made_ahead(made_ahead, config.made_ahead);
  top.finish();
}

}  // namespace

Parsed parse_config(std::string_view text, const std::string& directory, Diagnostics& diagnostics) {
  Parsed parsed;
  Reading reading{diagnostics, parsed.settings};
  try {
    const toml::table root = toml::parse(text);
    read_all(root, directory, parsed.config, reading);
  } catch (const toml::parse_error& error) {
    diagnostics.error(position_of(error.source()), std::string(error.description()),
                      "see https://toml.io/en/v1.0.0 for the syntax");
    return parsed;
  }
  Admin& admin = parsed.config.admin;
  if (!admin.http.empty()) {
    admin.address = SocketAddress::parse(admin.http);
    if (!admin.address)
      diagnostics.error(admin.source.at("http"), in_quotes(admin.http) + " is no value for \"http\"",
                        "write an IP address and port, such as \"127.0.0.1:9900\", or \"\" for none");
  }
  return parsed;
}

}  // namespace lockstep::config
