// What a TLS server needs to know, made by the control plane, immutable while in use.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "crypto/algorithms.h"
#include "crypto/base/time.h"
#include "crypto/private_key.h"
#include "dataplane/tls/certificate.h"

namespace lockstep::tls {

enum class Version : std::uint16_t { tls12 = 0x0303, tls13 = 0x0304 };

struct TicketKeys;            // ticket_keys.h
struct ClientAuthentication;  // client_authentication.h

/// RFC 8446 appendix B.4, RFC 5246 appendix A.5, RFC 5288, RFC 5289, RFC 7905, RFC 8422 section 6.
enum class CipherSuite : std::uint16_t {
  rsa_aes_128_cbc_sha = 0x002f,
  rsa_aes_256_cbc_sha = 0x0035,
  rsa_aes_128_cbc_sha256 = 0x003c,
  rsa_aes_256_cbc_sha256 = 0x003d,
  rsa_aes_128_gcm_sha256 = 0x009c,
  rsa_aes_256_gcm_sha384 = 0x009d,
  tls_aes_128_gcm_sha256 = 0x1301,
  tls_aes_256_gcm_sha384 = 0x1302,
  tls_chacha20_poly1305_sha256 = 0x1303,
  ecdhe_ecdsa_aes_128_cbc_sha = 0xc009,
  ecdhe_ecdsa_aes_256_cbc_sha = 0xc00a,
  ecdhe_rsa_aes_128_cbc_sha = 0xc013,
  ecdhe_rsa_aes_256_cbc_sha = 0xc014,
  ecdhe_ecdsa_aes_128_cbc_sha256 = 0xc023,
  ecdhe_ecdsa_aes_256_cbc_sha384 = 0xc024,
  ecdhe_rsa_aes_128_cbc_sha256 = 0xc027,
  ecdhe_rsa_aes_256_cbc_sha384 = 0xc028,
  ecdhe_ecdsa_aes_128_gcm_sha256 = 0xc02b,
  ecdhe_ecdsa_aes_256_gcm_sha384 = 0xc02c,
  ecdhe_rsa_aes_128_gcm_sha256 = 0xc02f,
  ecdhe_rsa_aes_256_gcm_sha384 = 0xc030,
  ecdhe_rsa_chacha20_poly1305_sha256 = 0xcca8,
  ecdhe_ecdsa_chacha20_poly1305_sha256 = 0xcca9,
};
/// The IANA name; "unknown" for others.
const char* name(CipherSuite suite);
/// What OpenSSL calls it: in TLS 1.3 the same; "unknown" for others.
const char* openssl_name(CipherSuite suite);
/// By either name.
std::optional<CipherSuite> cipher_suite_by_name(std::string_view name);
/// All there are, those that are on by default first.
std::vector<CipherSuite> all_cipher_suites();

/// A certificate chain, as ready-made messages, with its key. Copies share both.
struct Credential {
  std::shared_ptr<const crypto::PrivateKey> key;
  std::shared_ptr<const CertificateMessages> messages;
  bool may_encipher = true;  // the certificate allows the RSA key exchange (RFC 5246 section 7.4.2)
};
/// Builds a credential from a DER chain, leaf first, without OCSP response, SCTs or compression.
Credential make_credential(const std::vector<std::vector<std::uint8_t>>& der_chain,
                           std::shared_ptr<const crypto::PrivateKey> key);

/// The credentials for one set of names: at most one of each key type, in order of preference.
struct Identity {
  std::vector<Credential> credentials;
};

/// Lets names be looked up without making a std::string.
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};
using NameIndex = std::unordered_map<std::string, std::uint32_t, NameHash, std::equal_to<>>;

/// Who a service can be, and by which names. May be large: configurations that differ in other things share it.
struct Identities {
  std::vector<Identity> list;  // index 0 is the default
  NameIndex exact;             // lower-case host name -> identity
  NameIndex wildcard;          // "example.com" for *.example.com -> identity

  /// The identity that has `server_name` (any case, without a trailing dot); nullptr when none has.
  const Identity* named(std::string_view server_name) const;
};

/// Suites, groups and signature schemes used unless configured otherwise: suites with forward secrecy and an AEAD.
std::vector<CipherSuite> default_cipher_suites();
std::vector<crypto::NamedGroup> default_groups();
std::vector<crypto::SignatureScheme> default_signature_schemes();
/// The most that may be configured: what is passed over when it has to be refused is bounded, too.
constexpr std::uint32_t kMaxEarlyData = 32768;
/// Multiples that records may be padded to: no record is larger.
constexpr std::uint16_t kMaxRecordPadding = 16384;

struct ServerConfig {
  std::shared_ptr<const Identities> identities;
  bool strict_sni = false;        // unknown name: unrecognized_name instead of the default identity
  std::vector<std::string> alpn;  // in order of preference; empty: the extension is ignored
  bool tls12 = true;
  bool tls13 = true;
  bool prefer_server_order = true;         // cipher suites and groups
  std::vector<CipherSuite> cipher_suites;  // in order of preference, both versions
  std::vector<crypto::NamedGroup> groups;  // in order of preference
  /// What is signed with, in order of preference; PKCS#1 in TLS 1.2 only, whatever stands here (RFC 8446
  /// section 4.2.3).
  std::vector<crypto::SignatureScheme> signature_schemes = default_signature_schemes();
  /// How clients are asked for certificates; nullptr: they are not.
  std::shared_ptr<const ClientAuthentication> client_authentication;
  /// Sessions are resumed by tickets sealed under these; nullptr: neither issued nor taken.
  std::shared_ptr<const TicketKeys> ticket_keys;
  Duration session_lifetime = hours(2);  // of tickets and cached sessions; at most seven days (RFC 8446 section 4.6.1)
  std::uint8_t tickets = 2;              // sent after a TLS 1.3 handshake, at most 4; one after a resumed one
  /// Keep nothing of a TLS 1.3 client that was asked for another share: what the rest needs goes with it, as a cookie
  /// sealed under `ticket_keys`. Without those, a handshake waits for it.
  bool retry_cookie = false;
  bool psk_ke = false;  // resume without a key exchange where only that is possible: no forward secrecy
  /// Bytes of early data that tickets allow and that are taken with them (RFC 8446 section 4.2.10), at most
  /// kMaxEarlyData; 0: none. Early data is answered before the client has shown that it is there now; that it is taken
  /// once is seen to, but a client whose early data was lost may send it again.
  std::uint32_t max_early_data = 0;
  /// What a session may be resumed within: it differs between services, and between policies of one.
  std::array<std::uint8_t, 16> resumption_scope{};
  bool exporters = false;    // sessions keep what Session::prepare_export needs
  bool log_secrets = false;  // tell Environment::log_secret what decrypts the connection
  Duration handshake_timeout = seconds(15);
  std::uint32_t max_handshake_message = 65536;  // bytes of the largest ClientHello taken; at most 65536
  /// TLS 1.3 records are padded to a multiple of so many bytes (RFC 8446 section 5.4), at most kMaxRecordPadding, so
  /// that their lengths say less about what is in them; 0: not at all.
  std::uint16_t record_padding = 0;

  /// The identity for `server_name` (any case, without a trailing dot), the default one for an empty name; nullptr when
  /// the name is unknown and strict_sni is set, or when there is no identity.
  const Identity* find(std::string_view server_name) const;
};

}  // namespace lockstep::tls
