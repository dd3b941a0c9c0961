// The traces of RFC 8448 through the server's session, byte for byte. The peer's bytes are the trace's; the server's
// chance (key share, random, signature's salt) is the trace's as well, given by the engine. What the trace's server
// does and ours never would is exchanged for the trace's message, in the transcript and on the wire, so that all that
// follows from it is compared again; each test says which messages these are, and how ours may differ from them.
#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/extensions.h"
#include "dataplane/tls/record.h"
#include "dataplane/tls/ticket_keys.h"
#include "tests/support/rfc8448.h"
#include "tests/unit/dataplane/tls/harness.h"
#include "tests/unit/dataplane/tls/ticket_support.h"
#include "tests/unit/dataplane/tls/trace_engine.h"

namespace lockstep::tls::test {
namespace {

using crypto::NamedGroup;
using lockstep::test::Rfc8448Trace;

// The engine signs, so that the key need only be of the right kind.
class TraceKey final : public crypto::PrivateKey {
 public:
  explicit TraceKey(const crypto::PeerKey& key)
      : PrivateKey(key.type, key.type == crypto::KeyType::rsa ? 8U * key.rsa_modulus_size : 256U) {}
};

using Extensions = std::map<std::uint16_t, Buffer>;

Extensions read_extensions(Reader& reader) {
  Extensions extensions;
  for (Reader list(reader.vector16()); list.remaining() != 0;) {
    const std::uint16_t type = list.u16();
    const Bytes body = list.vector16();
    extensions.emplace(type, Buffer(body.begin(), body.end()));
  }
  EXPECT_TRUE(reader.finished());
  return extensions;
}

// A ServerHello in parts.
struct HelloParts {
  explicit HelloParts(const Buffer& message) {
    Reader reader(Bytes(message).subspan(kHandshakeHeader));
    const auto take = [](Bytes bytes) { return Buffer(bytes.begin(), bytes.end()); };
    version = take(reader.bytes(2));
    random = take(reader.bytes(32));
    session_id = take(reader.vector8());
    suite_and_compression = take(reader.bytes(3));
    extensions = read_extensions(reader);
  }
  Buffer version;
  Buffer random;
  Buffer session_id;
  Buffer suite_and_compression;
  Extensions extensions;
};

// Ours has the extensions in another order, and all but `missing`.
void expect_same_but_for_order(const Buffer& ours, const Buffer& theirs, bool random_too,
                               std::initializer_list<ExtensionType> missing = {}) {
  const HelloParts our(ours);
  HelloParts their(theirs);
  EXPECT_EQ(our.version, their.version);
  EXPECT_EQ(our.session_id, their.session_id);
  EXPECT_EQ(our.suite_and_compression, their.suite_and_compression);
  if (random_too) {
    EXPECT_EQ(our.random, their.random);
  }
  for (const ExtensionType type : missing) their.extensions.erase(static_cast<std::uint16_t>(type));
  EXPECT_EQ(our.extensions, their.extensions);
}

// Ours does not say what groups it prefers (RFC 8446 section 4.2.7), and lacks `refused`.
void expect_same_but_for_groups(const Buffer& ours, const Buffer& theirs, std::optional<ExtensionType> refused = {}) {
  Reader our(Bytes(ours).subspan(kHandshakeHeader));
  Reader their(Bytes(theirs).subspan(kHandshakeHeader));
  Extensions wanted = read_extensions(their);
  EXPECT_EQ(wanted.erase(static_cast<std::uint16_t>(ExtensionType::supported_groups)), 1U);
  if (refused) wanted.erase(static_cast<std::uint16_t>(*refused));
  EXPECT_EQ(read_extensions(our), wanted);
}

// A server about to repeat one section, up to and including what its flight is made of.
struct TraceScene {
  TraceScene(int section, bool house, const std::function<void(TraceScene&)>& change = {})
      : trace(section), certificate(trace.server_message("Certificate")), engine(script(section), house) {
    config.cipher_suites = {CipherSuite::tls_aes_128_gcm_sha256};
    config.groups = {section == 5 ? NamedGroup::secp256r1 : NamedGroup::x25519};
    config.identities = std::make_shared<Identities>(Identities{{identity()}, {}, {}});
    if (change) change(*this);
    server = std::make_unique<Driver>(config, engine);
  }

  // With the trace's certificate; a resumed session needs none.
  Identity identity() const {
    Identity made;
    if (certificate.empty()) return made;
    auto messages = std::make_shared<CertificateMessages>();
    messages->tls13.push_back({0, certificate});
    messages->tls12.push_back({0, {}});
    made.credentials.push_back({std::make_shared<TraceKey>(public_key_of(certificate)), messages, true});
    return made;
  }

  TraceScript script(int section) const {
    const bool retried = section == 5;
    const char* const step = retried ? "create an ephemeral P-256" : "create an ephemeral x25519";
    TraceScript made;
    made.private_key = trace.at("server", step, "private key");
    made.public_key = trace.at("server", step, "public key");
    if (const Buffer verify = trace.server_message("CertificateVerify"); !verify.empty()) {
      made.signature.assign(verify.begin() + 8, verify.end());  // behind header, scheme and length
      made.signer = public_key_of(certificate);
    }
    if (const Buffer own = trace.find("client", "construct a Certificate handshake", "Certificate"); !own.empty())
      made.client_key = public_key_of(own);
    // A HelloRetryRequest is the first message of this name.
    made.messages[HandshakeType::server_hello] =
        trace.at("server", "construct a ServerHello", "ServerHello", retried ? 1 : 0);
    made.messages[HandshakeType::encrypted_extensions] = trace.server_message("EncryptedExtensions");
    if (const Buffer ticket = trace.server_message("NewSessionTicket"); !ticket.empty())
      made.messages[HandshakeType::new_session_ticket] = ticket;
    if (section == 4) resume(made);
    return made;
  }

  // The trace's ticket holds what a ticket of ours would, had it this size: that takes a protocol of 15 bytes.
  void resume(TraceScript& made) const {
    SessionState state;
    state.cipher_suite = CipherSuite::tls_aes_128_gcm_sha256;
    const Buffer name = text("server");
    const Buffer alpn = text("fifteen letters");
    state.server_name = name;
    state.alpn = alpn;
    state.secret.assign(trace.at("client", "extract secret \"early\"", "IKM"));
    Buffer room(SessionState::kMaxSize);
    const Bytes written = state.write(room);
    made.session = Buffer(written.begin(), written.end());
    made.took_early_data = true;
  }

  Buffer sent(std::string_view role, std::string_view type, int nth) const {
    return trace.at(role, std::string("send ") + std::string(type) + " record", "complete record", nth);
  }
  // The client sends its `nth` record of that type; what the server answers.
  Buffer client_sends(std::string_view type, int nth) {
    server->feed(sent("client", type, nth));
    server->run();
    return answer();
  }
  Buffer answer() { return engine.rewrite(server->take_output()); }

  void expect_key_schedule(bool resumed = false) const {
    const auto secret = [&](const char* step, const char* value = "expanded") {
      return trace.at("server", step, value);
    };
    EXPECT_EQ(engine.hello_digest, secret("derive secret \"tls13 c hs traffic\"", "hash"));
    EXPECT_EQ(engine.server_finished, secret("calculate finished", "finished"));
    EXPECT_EQ(engine.client_application_secret, secret("derive secret \"tls13 c ap traffic\""));
    EXPECT_EQ(engine.server_application_secret, secret("derive secret \"tls13 s ap traffic\""));
    EXPECT_EQ(engine.master_secret, secret("extract secret \"master\"", "secret"));
    expect_keys("server", "derive write traffic keys for handshake data", engine.server_handshake);
    // The RFC prints these where they are used first: by the client when it sends EndOfEarlyData, else by the server.
    if (resumed)
      expect_keys("client", "derive write traffic keys for handshake data", engine.client_handshake);
    else
      expect_keys("server", "derive read traffic keys for handshake data", engine.client_handshake);
    expect_keys("server", "derive write traffic keys for application data", engine.server_application);
    expect_keys("client", "derive write traffic keys for application data", engine.client_application);
  }
  void expect_keys(const char* role, const char* step, const TraceEngine::Keys& keys) const {
    EXPECT_EQ(keys.key, trace.at(role, step, "key expanded")) << role << ": " << step;
    EXPECT_EQ(keys.iv, trace.at(role, step, "iv expanded")) << role << ": " << step;
  }

  // The client's `nth` record of data, which the server says again.
  void expect_data(int nth) {
    EXPECT_EQ(client_sends("application_data", nth), Buffer());
    const Buffer data = trace.at("client", "send application_data", "payload", nth);
    EXPECT_EQ(server->received, std::string(data.begin(), data.end()));
    server->send(server->received);
    server->run();
    EXPECT_EQ(answer(), sent("server", "application_data", 0));
  }

  // The trace's server is the first to be told that the client is done; then it ends its own direction.
  void expect_end() {
    EXPECT_EQ(client_sends("alert", 0), Buffer());
    EXPECT_TRUE(server->peer_closed);
    server->shutdown();
    server->run();
    EXPECT_EQ(answer(), sent("server", "alert", 0));
    EXPECT_EQ(server->close, Close::after_output);
    EXPECT_EQ(engine.failures, std::vector<std::string>());
  }

  Rfc8448Trace trace;
  Buffer certificate;
  TraceEngine engine;
  ServerConfig config;
  std::unique_ptr<Driver> server;
};

// Everything by libcrypto, and with the engines that the service prefers.
class Rfc8448Session : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Engines, Rfc8448Session, testing::Bool(),
                         [](const auto& of) { return of.param ? "House" : "Libcrypto"; });

// Exchanged: ServerHello (order of the extensions), EncryptedExtensions (without supported_groups), NewSessionTicket
// (the ticket is sealed under a key of ours, with lifetime and age_add of our own).
TEST_P(Rfc8448Session, SimpleHandshake) {
  Random random = Random::from_number(5);
  TraceScene scene(3, GetParam(), [&](TraceScene& made) {
    made.config.ticket_keys = ticket_keys(1, random);
    made.config.tickets = 1;
  });
  const Buffer flight = scene.client_sends("handshake", 0);
  EXPECT_EQ(flight, join({scene.sent("server", "handshake", 0), scene.sent("server", "handshake", 1)}));
  scene.expect_key_schedule();
  expect_same_but_for_order(scene.engine.exchanged[HandshakeType::server_hello],
                            scene.trace.server_message("ServerHello"), false);
  expect_same_but_for_groups(scene.engine.exchanged[HandshakeType::encrypted_extensions],
                             scene.trace.server_message("EncryptedExtensions"));

  EXPECT_EQ(scene.client_sends("handshake", 1), scene.sent("server", "handshake", 2));
  ASSERT_TRUE(scene.server->established) << describe(scene.server->session().info().error);
  EXPECT_EQ(scene.engine.psk, scene.trace.at("server", "generate resumption secret", "expanded"));
  const Buffer theirs = scene.trace.server_message("NewSessionTicket");
  const Buffer ours = scene.engine.exchanged[HandshakeType::new_session_ticket];
  const auto nonce = [](const Buffer& ticket) { return Buffer(ticket.begin() + 12, ticket.begin() + 15); };
  EXPECT_EQ(nonce(ours), nonce(theirs));

  scene.expect_data(0);
  scene.expect_end();
}

// Exchanged: ServerHello and EncryptedExtensions, as above. No ticket of ours is as long as the trace's and allows
// early data with this hello, so that the session refuses what the trace's server takes: ours passes over the early
// data and EndOfEarlyData, whose keys the key schedule's own test compares, and is told that Finished covers the
// latter.
TEST_P(Rfc8448Session, ResumedHandshake) {
  Random random = Random::from_number(5);
  TraceScene scene(4, GetParam(), [&](TraceScene& made) {
    const auto keys = ticket_keys(1, random);
    const Buffer ticket = made.trace.at("client", "construct a ClientHello", "ClientHello");
    // The identity is the last item of the hello without its binders, with four bytes of age behind.
    const std::size_t identity = ticket.size() - 4 - 178;
    std::copy_n(ticket.begin() + static_cast<std::ptrdiff_t>(identity), kTicketKeyName, keys->keys[0].name.begin());
    made.config.ticket_keys = keys;
    made.config.tickets = 0;
  });
  const Buffer flight = scene.client_sends("handshake", 0);
  EXPECT_EQ(flight, join({scene.sent("server", "handshake", 0), scene.sent("server", "handshake", 1)}));
  EXPECT_TRUE(scene.server->session().info().resumed);
  scene.expect_key_schedule(true);
  expect_same_but_for_order(scene.engine.exchanged[HandshakeType::server_hello],
                            scene.trace.server_message("ServerHello"), false);
  expect_same_but_for_groups(scene.engine.exchanged[HandshakeType::encrypted_extensions],
                             scene.trace.server_message("EncryptedExtensions"), ExtensionType::early_data);

  EXPECT_EQ(scene.client_sends("application_data", 0), Buffer());
  EXPECT_EQ(scene.client_sends("handshake", 1), Buffer());
  EXPECT_EQ(scene.client_sends("handshake", 2), Buffer());
  ASSERT_TRUE(scene.server->established) << describe(scene.server->session().info().error);
  scene.expect_data(1);
  scene.expect_end();
}

// Exchanged besides: HelloRetryRequest, which has a cookie there (ours keeps its state), and with it the transcript up
// to the second hello.
TEST_P(Rfc8448Session, HelloRetryRequest) {
  TraceScene scene(5, GetParam());
  scene.server->feed(scene.sent("client", "handshake", 0));
  scene.server->run();
  const Buffer record = scene.server->take_output();
  ASSERT_GT(record.size(), kRecordHeader);
  const Buffer request(record.begin() + kRecordHeader, record.end());
  const Buffer recorded = scene.trace.at("server", "send handshake record", "payload", 0);
  expect_same_but_for_order(request, recorded, true, {ExtensionType::cookie});
  EXPECT_EQ(scene.server->session().info().phase, std::string("retried_hello"));

  RunningHash ours;
  Buffer first(32);
  digest_of(Hash::sha256, scene.trace.at("client", "send handshake record", "payload", 0), first);
  ours.update(message(254, first));
  RunningHash theirs = ours;
  ours.update(request);
  theirs.update(recorded);
  scene.engine.exchange_transcript(ours, theirs);
  const Buffer flight = scene.client_sends("handshake", 1);
  EXPECT_EQ(flight, join({scene.sent("server", "handshake", 1), scene.sent("server", "handshake", 2)}));
  scene.expect_key_schedule();
  expect_same_but_for_order(scene.engine.exchanged[HandshakeType::server_hello],
                            scene.trace.at("server", "construct a ServerHello", "ServerHello", 1), false);
  expect_same_but_for_groups(scene.engine.exchanged[HandshakeType::encrypted_extensions],
                             scene.trace.server_message("EncryptedExtensions"));

  EXPECT_EQ(scene.client_sends("handshake", 2), Buffer());
  ASSERT_TRUE(scene.server->established) << describe(scene.server->session().info().error);
  scene.expect_end();
}

// Exchanged: ServerHello and EncryptedExtensions, as above. The CertificateRequest is a part of the configuration and
// is the trace's, like the server's certificate; the client's certificate has expired and nobody vouches for it, so
// that its chain is not verified.
TEST_P(Rfc8448Session, ClientAuthentication) {
  TraceScene scene(6, GetParam(), [](TraceScene& made) {
    auto asks = std::make_shared<ClientAuthentication>();
    asks->required = true;
    asks->request_tls13 = made.trace.server_message("CertificateRequest");
    made.config.client_authentication = asks;
  });
  const Buffer flight = scene.client_sends("handshake", 0);
  EXPECT_EQ(flight, join({scene.sent("server", "handshake", 0), scene.sent("server", "handshake", 1)}));
  scene.expect_key_schedule();

  EXPECT_EQ(scene.client_sends("handshake", 1), Buffer());
  ASSERT_TRUE(scene.server->established) << describe(scene.server->session().info().error);
  scene.expect_end();
}

// Exchanged: ServerHello and EncryptedExtensions, as above.
TEST_P(Rfc8448Session, CompatibilityMode) {
  TraceScene scene(7, GetParam());
  const Buffer flight = scene.client_sends("handshake", 0);
  EXPECT_EQ(flight, join({scene.sent("server", "handshake", 0), scene.sent("server", "change_cipher_spec", 0),
                          scene.sent("server", "handshake", 1)}));
  scene.expect_key_schedule();
  expect_same_but_for_order(scene.engine.exchanged[HandshakeType::server_hello],
                            scene.trace.server_message("ServerHello"), false);

  EXPECT_EQ(scene.client_sends("change_cipher_spec", 0), Buffer());
  EXPECT_EQ(scene.client_sends("handshake", 1), Buffer());
  ASSERT_TRUE(scene.server->established) << describe(scene.server->session().info().error);
  scene.expect_end();
}

}  // namespace
}  // namespace lockstep::tls::test
