// The same hello, real or mutated, to our server and to libssl's: both take it or refuse it with the same alert, or the
// difference stands in a list with its reason.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <map>

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/engine.h"
#include "crypto/openssl/handles.h"
#include "crypto/openssl/key_file.h"
#include "dataplane/tls/alert.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/server_hello.h"
#include "tests/support/certificates.h"
#include "tests/unit/dataplane/tls/differences.h"
#include "tests/unit/dataplane/tls/harness.h"
#include "tests/unit/dataplane/tls/hello.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {
namespace {

using UniqueContext = std::unique_ptr<SSL_CTX, crypto::Release<SSL_CTX_free>>;
using UniqueSsl = std::unique_ptr<SSL, crypto::Release<SSL_free>>;

constexpr std::array<std::uint8_t, 8> kRetryRandom = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11};

/// What a server answered to a hello, as far as both must agree.
std::string outcome_of(const Buffer& output) {
  if (output.size() < 7) return "nothing";
  if (output[0] == 21) return "alert " + std::to_string(output[6]);
  if (output.size() < 44 || output[0] != 22 || output[5] != 2) return "something else";
  const bool retry = std::equal(kRetryRandom.begin(), kRetryRandom.end(), output.begin() + 11);
  const std::size_t behind = 44 + output[43];
  const std::string suite = std::to_string(output[behind] << 8U | output[behind + 1]);
  return (retry ? "retry with " : "hello with ") + suite;
}

/// Certificates of both kinds, and two servers that have them, the same versions, suites, groups and signature schemes.
class Servers {
 public:
  Servers() {
    const lockstep::test::Issuer authority = lockstep::test::make_authority("Lockstep test CA");
    auto identities = std::make_shared<Identities>(Identities{{{}}, {}, {}});
    for (const char* type : {"P-256", "RSA"}) {
      lockstep::test::CertificateRequest request;
      request.key_pem = lockstep::test::make_key(type);
      const std::string pem = lockstep::test::make_certificate(request, &authority);
      auto key = crypto::load_private_key(request.key_pem);
      identities->list[0].credentials.push_back(
          make_credential(crypto::load_certificate_chain(pem).value().der, std::move(key.value())));
      add_to_libssl(pem, request.key_pem);
    }
    config_.identities = identities;
    config_.cipher_suites = default_cipher_suites();
    config_.groups = default_groups();
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
    EXPECT_EQ(SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384"), 1);
    EXPECT_EQ(SSL_CTX_set_cipher_list(context,
                                      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                                      "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
                                      "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305"),
              1);
    EXPECT_EQ(
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"),
        1);
    EXPECT_EQ(SSL_CTX_set1_sigalgs_list(context,
                                        "ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
                                        "rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512"),
              1);
  }

  std::string ours(const Buffer& record, Error& error) {
    Driver server(config_, *engine_, {.limits = {.handshakes = 1, .large_messages = 1, .record_jobs = 20}});
    server.feed(record);
    server.run();
    error = server.session().info().error;
    return outcome_of(server.take_output());
  }

  std::string theirs(const Buffer& record) {
    const UniqueSsl ssl(SSL_new(context_.get()));
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_write(SSL_get_rbio(ssl.get()), record.data(), static_cast<int>(record.size()));
    ERR_clear_error();
    SSL_accept(ssl.get());
    Buffer output(BIO_ctrl_pending(SSL_get_wbio(ssl.get())));
    if (!output.empty()) BIO_read(SSL_get_wbio(ssl.get()), output.data(), static_cast<int>(output.size()));
    return outcome_of(output);
  }

 private:
  void add_to_libssl(const std::string& pem, const std::string& key) {
    const crypto::UniqueBio certificate_text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const crypto::UniqueCertificate certificate(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
    const crypto::UniqueBio key_text(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
    const crypto::UniquePkey pkey(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), certificate.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), pkey.get()), 1);
  }

  UniqueContext context_{SSL_CTX_new(TLS_server_method())};
  ServerConfig config_;
  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
};

/// A hello of libssl's client, taken apart.
Hello libssl_hello(const std::function<void(SSL_CTX*)>& setup) {
  LibsslPeer client(setup, [](SSL* ssl) { SSL_set_tlsext_host_name(ssl, "example.org"); });
  client.step();
  const Buffer record = client.take_output();
  Hello hello;
  const auto copy = [](Bytes bytes) { return Buffer(bytes.begin(), bytes.end()); };
  Reader reader(Bytes(record).subspan(5 + kHandshakeHeader));
  hello.version = reader.u16();
  hello.random = copy(reader.bytes(32));
  hello.session_id = copy(reader.vector8());
  hello.cipher_suites = copy(reader.vector16());
  hello.compression_methods = copy(reader.vector8());
  for (Reader extensions(reader.vector16()); extensions.remaining() != 0;) {
    const std::uint16_t type = extensions.u16();
    hello.extensions.emplace_back(type, copy(extensions.vector16()));
  }
  EXPECT_TRUE(reader.finished());
  return hello;
}

/// A share that is a point or a value on its curve.
Buffer share(const char* group) {
  const Hello hello = libssl_hello([&](SSL_CTX* context) { SSL_CTX_set1_groups_list(context, group); });
  for (const auto& [type, body] : hello.extensions)
    if (type == static_cast<std::uint16_t>(ExtensionType::key_share)) return {body.begin() + 6, body.end()};
  return {};
}

/// As GnuTLS sends it: two shares, encrypt_then_mac, record_size_limit.
Hello gnutls_hello() {
  Hello hello = hello13();
  hello.suites({0x1302, 0x1303, 0x1301, 0xc02c, 0xcca9, 0xc02b, 0xc030, 0xcca8, 0xc02f, 0x009d, 0x009c});
  hello.remove(ExtensionType::alpn);
  hello.set(ExtensionType::encrypt_then_mac, {});
  hello.set(0x001c, {0x40, 0x00});
  hello.set(ExtensionType::supported_groups, vector16(list16({kP256, kP384, 0x0019, kX25519, 0x001e, 0x0100})));
  hello.set(ExtensionType::key_share,
            vector16(join({key_share(kP256, share("P-256")), key_share(kX25519, share("X25519"))})));
  return hello;
}

/// As browsers send it: GREASE (RFC 8701) in every list, ALPN, a ticket asked for, status_request, padding.
Hello browser_hello() {
  Hello hello = hello13();
  hello.suites(
      {0x6a6a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0x009c, 0x002f});
  hello.set(ExtensionType::session_ticket, {});
  hello.set(0x0005, {1, 0, 0, 0, 0});
  hello.set(0x0012, {});
  hello.set(ExtensionType::key_share, vector16(join({key_share(0x2a2a, {0}), key_share(kX25519, share("X25519"))})));
  hello.set(0x001b, {2, 0, 2});
  hello.set(0x4469, {0, 3, 2, 'h', '2'});
  hello.set(0xaaaa, {0});
  hello.set(ExtensionType::padding, Buffer(150, 0));
  return hello;
}

std::vector<Hello> real_hellos() {
  const auto version = [](int value, const char* groups) {
    return [=](SSL_CTX* context) {
      SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
      SSL_CTX_set_max_proto_version(context, value);
      SSL_CTX_set1_groups_list(context, groups);
    };
  };
  return {libssl_hello({}),
          libssl_hello(version(TLS1_3_VERSION, "P-256:X25519")),
          libssl_hello(version(TLS1_3_VERSION, "P-521:P-384")),
          libssl_hello(version(TLS1_2_VERSION, "X25519:P-256")),
          gnutls_hello(),
          browser_hello(),
          hello12()};
}

Buffer& any_field(Hello& hello, Random& random) {
  if (random.below(4) == 0) {
    Buffer* const fields[] = {&hello.session_id, &hello.cipher_suites, &hello.compression_methods};
    return *fields[random.below(3)];
  }
  return hello.extensions[random.below(static_cast<std::uint32_t>(hello.extensions.size()))].second;
}

/// Changes what stands in fields; the lengths around them stay right.
void mutate_fields(Hello& hello, Random& random) {
  if (hello.extensions.empty()) return;
  auto& extensions = hello.extensions;
  const auto any = [&] { return random.below(static_cast<std::uint32_t>(extensions.size())); };
  Buffer& field = any_field(hello, random);
  const auto at = [&] { return random.below(static_cast<std::uint32_t>(field.size())); };
  switch (random.below(10)) {
    case 0:
      if (!field.empty()) field[at()] ^= static_cast<std::uint8_t>(1U << random.below(8));
      return;
    case 1:
      if (!field.empty()) field[at()] = static_cast<std::uint8_t>(random.u32());
      return;
    case 2:
      if (!field.empty()) field.resize(at());
      return;
    case 3:
      field.push_back(static_cast<std::uint8_t>(random.u32()));
      return;
    case 4:
      if (!field.empty()) field[0] = static_cast<std::uint8_t>(field[0] + 1);
      return;
    case 5:
      extensions.erase(extensions.begin() + any());
      return;
    case 6:
      extensions.push_back(extensions[any()]);
      return;
    case 7:
      std::swap(extensions[any()], extensions[any()]);
      return;
    case 8:
      extensions[any()].first = static_cast<std::uint16_t>(random.below(60));
      return;
    default:
      hello.version = static_cast<std::uint16_t>(0x0300 + random.below(6));
  }
}

Buffer mutated(const Hello& original, Random& random) {
  Hello hello = original;
  for (std::uint32_t times = 1 + random.below(2); times != 0; --times) mutate_fields(hello, random);
  Buffer body = hello.body();
  // Now and then a byte anywhere, so that lengths are wrong too.
  if (random.below(4) == 0)
    body[random.below(static_cast<std::uint32_t>(body.size()))] ^= static_cast<std::uint8_t>(1U << random.below(8));
  return NoneClient::plain(ContentType::handshake, message(1, body));
}

std::string hex(const Buffer& bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    out += {kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return out;
}

TEST(Differential, RealHellosAreTakenAlike) {
  Servers servers;
  for (const Hello& hello : real_hellos()) {
    const Buffer record = NoneClient::plain(ContentType::handshake, hello.whole());
    Error error{};
    const std::string ours = servers.ours(record, error);
    EXPECT_EQ(error, Error::none) << name(error);
    EXPECT_EQ(ours, servers.theirs(record));
  }
}

TEST(Differential, MutatedHellosAreTakenAlikeOrForAReason) {
  const char* const rounds_text = std::getenv("LOCKSTEP_MUTATIONS");  // NOLINT(concurrency-mt-unsafe)
  const std::uint64_t rounds = rounds_text != nullptr ? std::strtoull(rounds_text, nullptr, 10) : 4000;
  Servers servers;
  const std::vector<Hello> originals = real_hellos();
  std::map<std::string, std::uint64_t> same;
  std::map<std::string, std::uint64_t> listed;
  std::map<std::string, std::uint64_t> strange;
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    Random random = Random::from_number(seed);
    const Buffer record = mutated(originals[seed % originals.size()], random);
    Error error{};
    const std::string ours = servers.ours(record, error);
    const std::string theirs = servers.theirs(record);
    const std::string difference =
        std::string(name(error)).append(": ").append(ours).append(", libssl: ").append(theirs);
    if (ours == theirs) {
      ++same[ours.substr(0, 9)];
    } else if (const char* const reason = reason_of(error, theirs, record); reason != nullptr) {
      ++listed[reason];
    } else if (++strange[difference] <= 2) {
      ADD_FAILURE() << name(error) << ": " << ours << ", libssl: " << theirs << ", seed " << seed << "\n"
                    << hex(record);
    }
  }
  for (const auto& [what, count] : same)
    std::printf("%6llu alike: %s\n", static_cast<unsigned long long>(count), what.c_str());
  for (const auto& [what, count] : listed)
    std::printf("%6llu %s\n", static_cast<unsigned long long>(count), what.c_str());
  for (const auto& [what, count] : strange)
    std::printf("%6llu NOT LISTED %s\n", static_cast<unsigned long long>(count), what.c_str());
  EXPECT_TRUE(strange.empty());
}

}  // namespace
}  // namespace lockstep::tls::test
