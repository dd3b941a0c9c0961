// A client for servers that run on the engine without security: it knows all keys and Finished values beforehand.
#pragma once

#include <optional>

#include "dataplane/tls/record.h"
#include "tests/support/none_engine.h"
#include "tests/unit/dataplane/tls/harness.h"
#include "tests/unit/dataplane/tls/hello.h"

namespace lockstep::tls::test {

/// Makes the client's records.
class NoneClient {
 public:
  /// The patterns of the engine's keys.
  static constexpr std::uint8_t kEarly13 = 0x12;
  static constexpr std::uint8_t kHandshake13 = 0x10;
  static constexpr std::uint8_t kApplication13 = 0x20;
  static constexpr std::uint8_t kUpdated13 = 0x32;
  static constexpr std::uint8_t kKeys12 = 0x60;

  /// Protects the following records.
  void protect(Protection protection, std::uint8_t pattern, crypto::Aead aead = crypto::Aead::aes_128_gcm);
  /// The same with a CBC suite of TLS 1.2.
  void protect_cbc(crypto::CbcSuite suite);

  /// A record as the client would send it now; content of any size. In TLS 1.3 `padding` bytes follow, in CBC records
  /// `padding` bytes beyond the least (a multiple of 16).
  Buffer record(ContentType type, const Buffer& content, std::size_t padding = 0);
  /// A protected record whose plaintext (TLS 1.3: inner content type included) is `inner`.
  Buffer protected_record(ContentType outer, const Buffer& inner);
  static Buffer plain(ContentType type, const Buffer& content, std::uint16_t version = 0x0303);

  static Buffer finished13(std::size_t size = 32);
  static Buffer finished12();
  static Buffer key_exchange(const Buffer& key);
  /// What the engine takes for an encrypted premaster secret.
  static Buffer rsa_key_exchange(const Buffer& encrypted = Buffer(48, 0x42));

 private:
  Buffer cbc_record(ContentType type, const Buffer& content, std::size_t padding);

  Protection protection_ = Protection::none;
  crypto::RecordKeys keys_;
  std::optional<crypto::CbcRecordKeys> cbc_keys_;
  std::uint64_t sequence_ = 0;
};

/// One of the server's records, with what it protects in plain sight.
struct ServerRecord {
  ContentType outer;
  ContentType type;  // inner, where there is one
  Buffer content;
  std::size_t padding = 0;  // TLS 1.3
};
/// Reads what the server sent; `protection` says how it protects (TLS 1.2: records behind its change_cipher_spec, with
/// `cbc` in place of AES-GCM).
std::vector<ServerRecord> server_records(const Buffer& output, Protection protection, bool already_protected = false,
                                         std::optional<crypto::CbcSuite> cbc = {});

/// A server on the engine without security with its client.
struct Scene {
  explicit Scene(const ServerConfig& config_in, const DriverOptions& options_in = {});
  Scene();

  /// The server, made when first asked for.
  Driver& server();
  /// Sends bytes and lets the server work.
  void send(const Buffer& bytes);
  void send(ContentType type, const Buffer& content) { send(client.record(type, content)); }
  void handshake(const Buffer& content) { send(ContentType::handshake, content); }
  /// Goes through a handshake.
  void establish13();
  void establish12();
  /// Up to where the client's next flight is due.
  void hello_13();
  void hello_12();
  /// The classic handshake: RSA key exchange and a CBC suite.
  void hello_classic();
  void key_exchange_classic();
  void establish_classic();
  /// All records the server has sent so far.
  std::vector<ServerRecord> records();

  lockstep::test::NoneEngine none;
  crypto::Engine* engine = &none;
  ServerConfig config;
  DriverOptions options;
  NoneClient client;
  Protection protection = Protection::none;  // of the version spoken
  std::optional<crypto::CbcSuite> cbc;       // of the suite

 private:
  std::unique_ptr<Driver> server_;
  Buffer output_;
};

/// A configuration with keys that only the engine without security can use: no certificate has to be made.
ServerConfig none_config();

}  // namespace lockstep::tls::test
