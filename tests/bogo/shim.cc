// The shim for BoringSSL's TLS test runner: see README.md.
#include <arpa/inet.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/engine.h"
#include "crypto/openssl/key_file.h"
#include "crypto/openssl/trust_store.h"
#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/client_identity.h"
#include "dataplane/tls/ticket_keys.h"
#include "tests/bogo/connection.h"
#include "tests/support/certificates.h"

namespace lockstep::bogo {
namespace {

constexpr int kUnimplemented = 89;

int fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// False for a name that we do not know.
bool add_suites(const std::string& names, tls::ServerConfig& config) {
  if (names.empty()) {
    config.cipher_suites = tls::default_cipher_suites();
    return true;
  }
  // The runner's list is of TLS 1.2; those of TLS 1.3 are always on.
  for (const tls::CipherSuite suite : tls::default_cipher_suites())
    if (static_cast<std::uint16_t>(suite) >> 8U == 0x13) config.cipher_suites.push_back(suite);
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find(':', at), names.size());
    const auto suite = tls::cipher_suite_by_name(std::string_view(names).substr(at, end - at));
    if (!suite) return false;
    config.cipher_suites.push_back(*suite);
    at = end + 1;
  }
  return true;
}

bool add_groups(const std::vector<std::uint16_t>& curves, tls::ServerConfig& config) {
  for (const crypto::NamedGroup group : tls::default_groups()) {
    if (curves.empty()) config.groups.push_back(group);
    for (const std::uint16_t curve : curves)
      if (curve == static_cast<std::uint16_t>(group)) config.groups.push_back(group);
  }
  return curves.empty() || config.groups.size() == curves.size();
}

/// False for a scheme that no key of ours signs by.
bool add_schemes(const std::vector<std::uint16_t>& schemes, tls::ServerConfig& config) {
  if (schemes.empty()) return true;
  const std::vector<crypto::SignatureScheme> known = std::exchange(config.signature_schemes, {});
  for (const std::uint16_t wanted : schemes)
    for (const crypto::SignatureScheme scheme : known)
      if (wanted == static_cast<std::uint16_t>(scheme)) config.signature_schemes.push_back(scheme);
  return config.signature_schemes.size() == schemes.size();
}

/// Without an authority whatever parses is trusted; an authority that nobody knows trusts nobody.
std::string add_client_authentication(const Settings& settings, tls::ServerConfig& config) {
  if (!settings.verify_peer && !settings.require_certificate) return {};
  std::shared_ptr<const crypto::TrustStore> trust;
  if (settings.verify_fail) {
    auto loaded = crypto::load_trust_store({.authorities = test::make_authority("nobody's").certificate_pem});
    if (!loaded) return loaded.error();
    trust = std::move(loaded.value().store);
  }
  config.client_authentication = std::make_shared<const tls::ClientAuthentication>(
      tls::make_client_authentication(settings.require_certificate, std::move(trust), {}));
  return {};
}

std::shared_ptr<const tls::TicketKeys> ticket_keys(const std::vector<std::uint8_t>& given) {
  auto keys = std::make_shared<tls::TicketKeys>();
  tls::TicketKey& key = keys->keys.emplace_back();
  std::array<std::uint8_t, 48> material{};
  if (given.empty())
    (void)fill_from_kernel(material);
  else
    std::copy(given.begin(), given.end(), material.begin());
  std::copy_n(material.begin(), key.name.size(), key.name.begin());
  std::array<std::uint8_t, 32> secret;
  SHA256(material.data(), material.size(), secret.data());
  key.keys.aead = crypto::Aead::aes_256_gcm;
  key.keys.id = tls::shared_key_id();
  key.keys.key.assign(secret);
  keys->sealing = &key;
  return keys;
}

/// Empty, or what is wrong; `unimplemented` when it asks for something that we do not have.
std::string configure(const Settings& settings, tls::ServerConfig& config, bool& unimplemented) {
  unimplemented = !add_suites(settings.cipher, config) || !add_groups(settings.curves, config) ||
                  !add_schemes(settings.signing, config) ||
                  settings.key_files.size() != settings.certificate_files.size();
  if (unimplemented) return "a suite, group or signature scheme that is not ours";
  config.tls12 = settings.min_version <= 0x0303 && settings.max_version >= 0x0303;
  config.tls13 = settings.min_version <= 0x0304 && settings.max_version >= 0x0304;
  if (!settings.select_alpn.empty()) config.alpn.emplace_back(settings.select_alpn.begin(), settings.select_alpn.end());
  if (std::string error = add_client_authentication(settings, config); !error.empty()) return error;
  tls::Identity identity;
  for (std::size_t i = 0; i < settings.key_files.size(); ++i) {
    auto key = crypto::load_private_key(file(settings.key_files[i]));
    if (!key) return key.error();
    auto chain = crypto::load_certificate_chain(file(settings.certificate_files[i]));
    if (!chain) return chain.error();
    identity.credentials.push_back(tls::make_credential(chain.value().der, std::move(key.value())));
  }
  config.identities = std::make_shared<tls::Identities>(tls::Identities{{std::move(identity)}, {}, {}});
  return {};
}

int connect_to(const Flags& flags) {
  const int socket = ::socket(flags.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(flags.port);
  six.sin6_addr = in6addr_loopback;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(flags.port);
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int result = flags.ipv6 ? connect(socket, reinterpret_cast<const sockaddr*>(&six), sizeof six)
                                : connect(socket, reinterpret_cast<const sockaddr*>(&four), sizeof four);
  std::array<std::uint8_t, 8> id;
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(flags.shim_id >> 8U * i);
  if (result == 0 && send(socket, id.data(), id.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(id.size())) return socket;
  close(socket);
  return -1;
}

/// What does not hold of what was expected.
std::string check(const Settings& settings, const tls::SessionInfo& info, bool resumed) {
  if (resumed && info.resumed == settings.expect_session_miss)
    return info.resumed ? "the session was resumed" : "the session was not resumed";
  if (settings.expect_retry && !info.hello_retry) return "no HelloRetryRequest was sent";
  if (settings.expect_no_retry && info.hello_retry) return "a HelloRetryRequest was sent";
  if (settings.expect_verified && info.client == nullptr) return "no certificate was looked at";
  if (settings.expect_verified && (info.client->verdict == crypto::ChainVerdict::valid) == settings.verify_fail)
    return "another verdict on the certificate";
  if (settings.expect_server_name && *settings.expect_server_name != info.server_name)
    return "another server name came";
  if (settings.expect_alpn && *settings.expect_alpn != info.alpn) return "another protocol was negotiated";
  if (settings.expect_curve && *settings.expect_curve != static_cast<std::uint16_t>(info.group))
    return "another group was used";
  return {};
}

int run(const Flags& flags) {
  std::array<std::uint8_t, 32> seed{};
  (void)fill_from_kernel(seed);
  Random random(seed);
  const auto engine = crypto::make_openssl_engine(random);
  if (engine == nullptr) return fail("libcrypto lacks an algorithm");
  Shared shared(*engine);
  std::shared_ptr<const tls::TicketKeys> keys = ticket_keys(flags.initial.ticket_key);
  for (unsigned i = 0; i <= flags.resumptions; ++i) {
    const Settings& settings = i == 0 ? flags.initial : flags.resumed;
    tls::ServerConfig config;
    bool unimplemented = false;
    if (const std::string error = configure(settings, config, unimplemented); !error.empty()) {
      const int status = fail(error);
      return unimplemented ? kUnimplemented : status;
    }
    if (!settings.no_ticket) config.ticket_keys = keys;
    const int socket = connect_to(flags);
    if (socket < 0) return fail("cannot connect to the runner");
    Connection connection(shared, config, settings, socket);
    if (const std::string error = connection.play(); !error.empty()) return fail(error);
    if (const std::string error = check(settings, connection.info(), i != 0); !error.empty()) return fail(error);
  }
  return 0;
}

}  // namespace
}  // namespace lockstep::bogo

int main(int count, char** arguments) {
  using namespace lockstep::bogo;
  if (count == 2 && std::strcmp(arguments[1], "-is-handshaker-supported") == 0) {
    std::puts("No");
    return 0;
  }
  Flags flags;
  if (const auto error = read_flags(count, arguments, flags)) {
    std::fprintf(stderr, "%s\n", error->text.c_str());
    return error->unknown ? kUnimplemented : 1;
  }
  if (!flags.server) {
    std::fprintf(stderr, "only servers so far\n");
    return kUnimplemented;
  }
  return run(flags);
}
