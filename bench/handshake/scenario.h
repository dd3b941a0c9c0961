// What is measured: a protocol version, a group and a certificate, and what both servers and the client know of it.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

#include "crypto/openssl/handles.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::bench {

using UniqueSslContext = std::unique_ptr<SSL_CTX, crypto::Release<SSL_CTX_free>>;
using UniqueSsl = std::unique_ptr<SSL, crypto::Release<SSL_free>>;
using UniqueSession = std::unique_ptr<SSL_SESSION, crypto::Release<SSL_SESSION_free>>;

/// What goes on instead of a new session with the certificate.
enum class Resumed : std::uint8_t { nothing, by_ticket, by_identifier };

struct ScenarioName {
  const char* name;
  int version;              // TLS1_3_VERSION or TLS1_2_VERSION
  const char* groups;       // libssl's names, the one that is used first; nullptr: RSA key exchange
  const char* certificate;  // "P-256" or "RSA" (2048 bits)
  Resumed resumed = Resumed::nothing;
};

inline constexpr std::array kScenarios = {
    ScenarioName{"Tls13X25519EcdsaP256", TLS1_3_VERSION, "X25519:P-256", "P-256"},
    ScenarioName{"Tls13X25519Rsa2048", TLS1_3_VERSION, "X25519:P-256", "RSA"},
    ScenarioName{"Tls13P256EcdsaP256", TLS1_3_VERSION, "P-256", "P-256"},
    ScenarioName{"Tls13PskDhe", TLS1_3_VERSION, "X25519:P-256", "P-256", Resumed::by_ticket},
    ScenarioName{"Tls12EcdheEcdsaP256", TLS1_2_VERSION, "X25519:P-256", "P-256"},
    ScenarioName{"Tls12EcdheRsa2048", TLS1_2_VERSION, "X25519:P-256", "RSA"},
    ScenarioName{"Tls12RsaRsa2048", TLS1_2_VERSION, nullptr, "RSA"},
    ScenarioName{"Tls12Ticket", TLS1_2_VERSION, "X25519:P-256", "P-256", Resumed::by_ticket},
    ScenarioName{"Tls12SessionId", TLS1_2_VERSION, "X25519:P-256", "P-256", Resumed::by_identifier},
};

/// P-256 is always among the groups, since a TLS 1.2 client has to name the curve of a certificate that it takes (RFC
/// 8422 section 5.1). AES-128-GCM with SHA-256 everywhere; RSA signs with PSS. The same new key and chain (leaf and
/// authority) for both servers, the same clients. No tickets and no session cache on either side, but where sessions
/// are resumed: there every handshake offers the server's own ticket or identifier. Both servers answer a ticket of TLS
/// 1.3 with one new ticket, and one of TLS 1.2 with none.
struct Scenario {
  explicit Scenario(const ScenarioName& names);

  Resumed resumed;
  UniqueSslContext client;
  int group;  // libssl's number of the group that has to come out; 0: none
  UniqueSslContext openssl_server;
  tls::ServerConfig lockstep_server;
};

}  // namespace lockstep::bench
