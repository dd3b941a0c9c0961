// TLS 1.2 resumption on the engine without security: which tickets are taken, and what the messages look like then
// (RFC 5077, RFC 5246 section 7.3, RFC 7627 section 5.3).
#include <gtest/gtest.h>

#include "dataplane/tls/coroutine.h"
#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

// Types of the server's handshake messages in order, 0 for its change_cipher_spec.
Buffer types_of(const std::vector<ServerRecord>& records) {
  Buffer types;
  for (const ServerRecord& record : records) {
    if (record.type == change_cipher_spec) types.push_back(0);
    if (record.type != handshake) continue;
    for (Reader reader{Bytes(record.content)}; reader.remaining() != 0;) {
      types.push_back(reader.u8());
      reader.vector24();
    }
  }
  return types;
}

const Buffer kAbbreviated = {2, 0, 20};
const Buffer kFull = {2, 11, 12, 14};
const Buffer kTicketAndFinished = {4, 0, 20};

class Resumption12 : public ::testing::Test {
 protected:
  Resumption12() { offer_.of_tls12(); }

  Hello hello() {
    Hello made = hello12();
    made.set(ExtensionType::session_ticket, offer_.ticket());
    return made;
  }
  void send(const Hello& hello) {
    scene_.handshake(hello.whole());
    scene_.protection = Protection::tls12;
  }
  void finish() {
    scene_.send(change_cipher_spec, {1});
    scene_.client.protect(Protection::tls12, NoneClient::kKeys12);
    scene_.handshake(NoneClient::finished12());
    ASSERT_TRUE(scene_.server().established) << describe(scene_.server().session().info().error);
    scene_.send(application_data, text("ping"));
    EXPECT_EQ(scene_.server().received, "ping");
  }
  void expect_abbreviated() {
    EXPECT_EQ(types_of(scene_.records()), kAbbreviated);
    finish();
    EXPECT_TRUE(scene_.server().session().info().resumed);
    EXPECT_EQ(counters().handshakes_resumed.value(), 1U);
    EXPECT_EQ(counters().tickets_issued.value(), 0U);
  }
  // A full handshake that ends with a new ticket.
  void expect_full() {
    EXPECT_EQ(types_of(scene_.records()), kFull);
    scene_.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
    finish();
    EXPECT_EQ(types_of(scene_.records()), join({kFull, kTicketAndFinished}));
    EXPECT_FALSE(scene_.server().session().info().resumed);
    EXPECT_EQ(counters().handshakes_resumed.value(), 0U);
    EXPECT_EQ(counters().tickets_issued.value(), 1U);
  }
  // The body of ServerHello from its session identifier on.
  Buffer server_hello() {
    const Buffer content = scene_.records().front().content;
    Reader reader{Bytes(content)};
    reader.u8();
    const Bytes body = reader.vector24().subspan(2 + 32);
    return {body.begin(), body.end()};
  }
  const Counters& counters() { return scene_.server().counters(); }

  Scene scene_;
  TicketOffer offer_{scene_.config};
};

TEST_F(Resumption12, ATicketMakesTheHandshakeShort) {
  send(hello());
  expect_abbreviated();
  const SessionInfo info = scene_.server().session().info();
  EXPECT_EQ(info.cipher_suite, CipherSuite::ecdhe_rsa_aes_128_gcm_sha256);
  EXPECT_EQ(info.group, crypto::NamedGroup{});
  EXPECT_EQ(info.signature_scheme, crypto::SignatureScheme{});
}

TEST_F(Resumption12, FitsItsFrames) {
  send(hello());
  expect_abbreviated();
  EXPECT_LE(scene_.server().core().largest_frame, FrameStorage::kSize);
}

// RFC 5077 section 3.4.
TEST_F(Resumption12, RepeatsTheSessionIdentifierWhateverItIs) {
  for (const Buffer& id : {Buffer(), Buffer{7}, Buffer(32, 9)}) {
    Scene scene;
    TicketOffer offer(scene.config);
    offer.of_tls12();
    Hello made = hello12();
    made.set(ExtensionType::session_ticket, offer.ticket());
    made.session_id = id;
    scene.handshake(made.whole());
    scene.protection = Protection::tls12;
    const Buffer content = scene.records().front().content;
    const Buffer expected = vector8(id);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), content.begin() + 4 + 2 + 32));
    EXPECT_EQ(types_of(scene.records()), kAbbreviated);
  }
}

TEST_F(Resumption12, SendsNoSessionIdentifierInAFullHandshake) {
  Hello made = hello12();
  made.session_id = Buffer(32, 9);
  made.set(ExtensionType::session_ticket, Buffer(100, 1));
  send(made);
  EXPECT_EQ(server_hello()[0], 0);
  expect_full();
}

// RFC 6066 section 3, RFC 8422 section 4: neither server_name nor point formats; RFC 5746 section 3.7 and RFC 7627
// section 5.3: these two stay.
TEST_F(Resumption12, AnswersFewExtensions) {
  send(hello());
  EXPECT_EQ(server_hello(), join({{0, 0xc0, 0x2f, 0}, vector16({0xff, 1, 0, 1, 0, 0, 23, 0, 0})}));
}

TEST_F(Resumption12, NegotiatesTheApplicationProtocolAnew) {
  Hello made = hello();
  made.set(ExtensionType::alpn, vector16(vector8(text("http/1.1"))));
  send(made);
  expect_abbreviated();
  EXPECT_EQ(scene_.server().session().info().alpn, "http/1.1");
}

TEST_F(Resumption12, KnowsTheDowngradeSentinelToo) {
  send(hello());
  const Buffer content = scene_.records().front().content;
  EXPECT_EQ(Buffer(content.begin() + 4 + 2 + 24, content.begin() + 4 + 2 + 32), join({text("DOWNGRD"), {1}}));
}

TEST_F(Resumption12, GivesATicketToAClientThatAsksForOne) {
  send(hello12().set(ExtensionType::session_ticket, {}));
  expect_full();
}

TEST_F(Resumption12, GivesNoTicketToAClientThatDoesNotAsk) {
  scene_.establish12();
  EXPECT_EQ(types_of(scene_.records()), join({kFull, {0, 20}}));
  EXPECT_EQ(counters().tickets_issued.value(), 0U);
}

TEST_F(Resumption12, GivesNoTicketWithoutAKeyThatSeals) {
  offer_.keys->sealing = nullptr;
  send(hello12().set(ExtensionType::session_ticket, {}));
  scene_.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
  finish();
  EXPECT_EQ(types_of(scene_.records()), join({kFull, {0, 20}}));
}

// RFC 5077 section 3.3: what ServerHello promised comes, be it empty.
TEST_F(Resumption12, SendsAnEmptyTicketWhenItCannotBeSealed) {
  class NoSeal final : public crypto::Engine {
   public:
    const char* name() const override { return "no seal"; }
    bool supports(crypto::JobClass) const override { return true; }
    void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override {
      for (crypto::Job* const job : jobs) {
        if (job->kind == crypto::JobKind::seal && left-- > 0) {
          job->status = crypto::JobStatus::engine_failed;
          done.push(*job);
        } else {
          none.run(std::span<crypto::Job* const>(&job, 1), done);
        }
      }
    }
    lockstep::test::NoneEngine none;
    int left = 1;
  } engine;
  scene_.engine = &engine;
  send(hello12().set(ExtensionType::session_ticket, {}));
  scene_.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
  finish();
  const auto records = scene_.records();
  EXPECT_EQ(types_of(records), join({kFull, kTicketAndFinished}));
  EXPECT_EQ(counters().tickets_issued.value(), 0U);
  const auto ticket = std::find_if(records.begin(), records.end(),
                                   [](const ServerRecord& r) { return r.type == handshake && r.content[0] == 4; });
  ASSERT_NE(ticket, records.end());
  EXPECT_EQ(ticket->content.size(), 4U + 4 + 2);
  scene_.server().abandon();
}

TEST_F(Resumption12, PassesOverATicketThatIsNotOurs) {
  send(hello12().set(ExtensionType::session_ticket, Buffer(200, 1)));
  expect_full();
  EXPECT_EQ(counters().tickets_unknown.value(), 1U);
}

TEST_F(Resumption12, PassesOverADamagedTicket) {
  Buffer ticket = offer_.ticket();
  ticket.back() ^= 1;
  send(hello12().set(ExtensionType::session_ticket, ticket));
  expect_full();
  EXPECT_EQ(counters().tickets_damaged.value(), 1U);
}

TEST_F(Resumption12, PassesOverATicketThatIsTooOld) {
  offer_.state.issued = -scene_.config.session_lifetime.milliseconds() - 60'000;
  send(hello());
  expect_full();
  EXPECT_EQ(counters().tickets_expired.value(), 1U);
}

TEST_F(Resumption12, PassesOverATicketOfTls13) {
  offer_.state.version = Version::tls13;
  send(hello());
  expect_full();
  EXPECT_EQ(counters().tickets_mismatched.value(), 1U);
}

TEST_F(Resumption12, PassesOverATicketOfAnotherServerName) {
  offer_.name = text("example.net");
  offer_.state.server_name = offer_.name;
  send(hello());
  expect_full();
}

TEST_F(Resumption12, PassesOverATicketOfAnotherService) {
  offer_.state.scope[3] ^= 1;
  send(hello());
  expect_full();
}

TEST_F(Resumption12, PassesOverASuiteThatTheClientDoesNotOfferAnyMore) {
  Hello made = hello();
  made.suites({0xc02b, 0x00ff});
  send(made);
  expect_full();
}

TEST_F(Resumption12, PassesOverASuiteThatIsNotConfiguredAnyMore) {
  std::erase(scene_.config.cipher_suites, CipherSuite::ecdhe_rsa_aes_128_gcm_sha256);
  send(hello());
  expect_full();
}

// A state with a suite of the other version, or none at all, is one that we never made.
TEST_F(Resumption12, PassesOverASuiteThatIsNoneOfTls12) {
  for (const CipherSuite suite : {CipherSuite::tls_aes_128_gcm_sha256, static_cast<CipherSuite>(0x0a0a)}) {
    Scene scene;
    TicketOffer offer(scene.config);
    offer.of_tls12();
    offer.state.cipher_suite = suite;
    Hello made = hello12();
    made.suites({0x1301, 0x0a0a, 0xc02f});
    made.set(ExtensionType::session_ticket, offer.ticket());
    scene.handshake(made.whole());
    EXPECT_FALSE(scene.server().session().info().resumed);
    EXPECT_EQ(scene.server().counters().tickets_mismatched.value(), 1U);
  }
}

TEST_F(Resumption12, NeedsKeys) {
  const Hello made = hello();
  scene_.config.ticket_keys = nullptr;
  send(made);
  EXPECT_EQ(types_of(scene_.records()), kFull);
}

}  // namespace
}  // namespace lockstep::tls::test
