// Legal orders and no others: every type of handshake message and of record in every state of a server's connection
// (RFC 8446 sections 4 and A.2, RFC 5246 section 7.3, RFC 5077 section 3.1).
#include <gtest/gtest.h>

#include <optional>

#include "dataplane/tls/handshake_message.h"
#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

constexpr std::uint8_t kWarning = 1;
constexpr std::uint8_t kUserCanceled = 90;

/// Where a connection stands, and the one message that may come there.
struct State {
  const char* name;
  const char* section;
  Version version;
  void (*enter)(Scene&);
  std::optional<HandshakeType> next;  // none: not before change_cipher_spec
  Buffer (*message)() = nullptr;      // of type `next`, right for this state
  bool change_cipher_spec = false;    // may come here
  bool established = false;
  bool last_before_keys = true;  // other keys apply behind `next`
};

Buffer second_hello() {
  Hello second = hello13();
  Buffer key(97, 0x42);
  key[0] = 4;
  second.set(ExtensionType::key_share, vector16(key_share(kP384, key)));
  return second.whole();
}

void ask_for_share(Scene& scene) {
  scene.config.groups = {crypto::NamedGroup::secp384r1};
  scene.handshake(hello13().whole());
  scene.protection = Protection::tls13;
}

void after_retry(Scene& scene) {
  ask_for_share(scene);
  scene.handshake(second_hello());
  scene.client.protect(Protection::tls13, NoneClient::kHandshake13);
}

void resume_13(Scene& scene) {
  TicketOffer offer(scene.config);
  Hello hello = hello13();
  offer.add_to(hello);
  scene.handshake(hello.whole());
  scene.protection = Protection::tls13;
  scene.client.protect(Protection::tls13, NoneClient::kHandshake13);
}

void resume_12(Scene& scene) {
  TicketOffer offer(scene.config);
  offer.of_tls12();
  Hello hello = hello12();
  hello.set(ExtensionType::session_ticket, offer.ticket());
  scene.handshake(hello.whole());
  scene.protection = Protection::tls12;
}

void change_keys_12(Scene& scene) {
  scene.send(change_cipher_spec, {1});
  scene.client.protect(Protection::tls12, NoneClient::kKeys12);
}

void exchange_keys_12(Scene& scene) {
  scene.hello_12();
  scene.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
}

void exchange_keys_classic(Scene& scene) {
  scene.hello_classic();
  scene.handshake(NoneClient::rsa_key_exchange());
}

Buffer key_exchange() {
  return NoneClient::key_exchange(Buffer(32, 0x42));
}
Buffer rsa_key_exchange() {
  return NoneClient::rsa_key_exchange();
}
Buffer finished13() {
  return NoneClient::finished13();
}
Buffer finished12() {
  return NoneClient::finished12();
}
Buffer any_hello() {
  return hello13().whole();
}
Buffer any_hello12() {
  return hello12().whole();
}
Buffer any_key_update() {
  return message(24, {0});
}

using enum HandshakeType;
using enum Version;

const std::vector<State>& states() {
  static const std::vector<State> all = {
      {"the beginning", "RFC 8446 A.2: START", tls13, [](Scene& s) { s.server(); }, client_hello, any_hello},
      {"HelloRetryRequest sent", "RFC 8446 4.1.2", tls13, ask_for_share, client_hello, second_hello, true},
      {"1.3, flight sent", "RFC 8446 A.2: WAIT_FINISHED", tls13, [](Scene& s) { s.hello_13(); }, finished, finished13,
       true},
      {"1.3, flight sent after HelloRetryRequest", "RFC 8446 A.2: WAIT_FINISHED", tls13, after_retry, finished,
       finished13, true},
      {"1.3, flight of a resumed session sent", "RFC 8446 2.2", tls13, resume_13, finished, finished13, true},
      {"1.3, connected", "RFC 8446 4.6", tls13, [](Scene& s) { s.establish13(); }, HandshakeType::key_update,
       any_key_update, false, true},
      {"1.2, ServerHelloDone sent", "RFC 5246 7.4.7", tls12, [](Scene& s) { s.hello_12(); }, client_key_exchange,
       key_exchange},
      {"1.2, keys exchanged", "RFC 5246 7.1", tls12, exchange_keys_12, {}, nullptr, true},
      {"1.2, change_cipher_spec received", "RFC 5246 7.4.9", tls12,
       [](Scene& s) {
         exchange_keys_12(s);
         change_keys_12(s);
       },
       finished, finished12},
      {"1.2, connected", "RFC 5246 7.4.1.2, RFC 5746 5", tls12, [](Scene& s) { s.establish12(); }, client_hello,
       any_hello12, false, true, false},
      {"classic, ServerHelloDone sent", "RFC 5246 7.4.7.1", tls12, [](Scene& s) { s.hello_classic(); },
       client_key_exchange, rsa_key_exchange},
      {"classic, keys exchanged", "RFC 5246 7.1", tls12, exchange_keys_classic, {}, nullptr, true},
      {"classic, change_cipher_spec received", "RFC 5246 7.4.9", tls12, [](Scene& s) { s.key_exchange_classic(); },
       finished, finished12},
      {"classic, connected", "RFC 5246 7.4.1.2, RFC 5746 5", tls12, [](Scene& s) { s.establish_classic(); },
       client_hello, any_hello12, false, true, false},
      {"1.2, Finished of a resumed session sent", "RFC 5077 3.1", tls12, resume_12, {}, nullptr, true},
      {"1.2, change_cipher_spec of a resumed session received", "RFC 5077 3.1", tls12,
       [](Scene& s) {
         resume_12(s);
         change_keys_12(s);
       },
       finished, finished12},
  };
  return all;
}

class Order : public ::testing::TestWithParam<std::size_t> {
 protected:
  const State& state() const { return states()[GetParam()]; }
  void enter(Scene& scene) const {
    state().enter(scene);
    ASSERT_EQ(scene.server().session().info().error, Error::none) << state().name;
    ASSERT_EQ(scene.server().established, state().established) << state().name;
  }
  /// What the connection ended with behind `send`.
  template <class Send>
  Error error_of(const Send& send) const {
    Scene scene;
    enter(scene);
    send(scene);
    return scene.server().session().info().error;
  }
};

// A message as it would be right somewhere: what is wrong with it is its time only.
std::vector<Buffer> messages_of(std::uint8_t type) {
  std::vector<Buffer> all = {message(type, {}), message(type, {0}), message(type, Buffer(40, 1))};
  for (const Buffer& right : {hello13().whole(), hello12().whole(), second_hello(), key_exchange(), rsa_key_exchange(),
                              finished13(), finished12(), any_key_update(), message(11, {0, 0, 0}),
                              message(11, {0, 0, 0, 0}), message(15, {4, 3, 0, 1, 0})}) {
    if (right.front() == type) all.push_back(right);
  }
  return all;
}

TEST_P(Order, TakesNoOtherMessageThanTheOneThatIsDue) {
  SCOPED_TRACE(std::string(state().name) + ", " + state().section);
  for (unsigned type = 0; type < 256; ++type) {
    if (state().next && type == static_cast<unsigned>(*state().next)) continue;
    for (const Buffer& wrong : messages_of(static_cast<std::uint8_t>(type))) {
      EXPECT_EQ(error_of([&](Scene& s) { s.handshake(wrong); }), Error::unexpected_handshake_message)
          << "type " << type << ", " << wrong.size() << " bytes";
    }
  }
}

TEST_P(Order, TakesTheMessageThatIsDue) {
  SCOPED_TRACE(state().name);
  if (!state().next) return;
  EXPECT_EQ(error_of([&](Scene& s) { s.handshake(state().message()); }), Error::none);
}

TEST_P(Order, TakesTheMessageThatIsDueOneByteInARecord) {
  SCOPED_TRACE(state().name);
  if (!state().next) return;
  EXPECT_EQ(error_of([&](Scene& s) {
              for (const std::uint8_t byte : state().message()) s.handshake({byte});
            }),
            Error::none);
}

// RFC 8446 section 5.1; in TLS 1.2 the rule is that of Finished and change_cipher_spec (RFC 5246 section 7.1).
TEST_P(Order, RefusesWhatComesInTheRecordBehindAChangeOfKeys) {
  SCOPED_TRACE(state().name);
  if (!state().next || !state().last_before_keys) return;
  EXPECT_EQ(error_of([&](Scene& s) {
              s.handshake(join({state().message(), {20}}));
              if (s.server().session().info().error == Error::none) s.send(change_cipher_spec, {1});
            }),
            Error::data_across_key_change);
}

TEST_P(Order, TakesChangeCipherSpecOnlyWhereItIsDueOrTolerated) {
  SCOPED_TRACE(state().name);
  EXPECT_EQ(error_of([](Scene& s) { s.send(NoneClient::plain(change_cipher_spec, {1})); }),
            state().change_cipher_spec ? Error::none : Error::bad_change_cipher_spec);
}

TEST_P(Order, TakesApplicationDataOnlyWhenConnected) {
  SCOPED_TRACE(state().name);
  EXPECT_EQ(error_of([&](Scene& s) { s.send(application_data, text("x")); }),
            state().established ? Error::none : Error::unexpected_record_type);
}

TEST_P(Order, TakesNoUnknownTypesOfRecords) {
  SCOPED_TRACE(state().name);
  // In front of everything else it is not TLS at all.
  const Error expected = GetParam() == 0 ? Error::not_tls : Error::unexpected_record_type;
  for (unsigned type : {0U, 19U, 24U, 25U, 255U})
    EXPECT_EQ(error_of([&](Scene& s) { s.send(NoneClient::plain(static_cast<ContentType>(type), {1, 0})); }), expected)
        << type;
}

// RFC 8446 section 5.1: if a message is split over records there must be no other records between them.
TEST_P(Order, LetsNothingComeBetweenTheFragmentsOfAMessage) {
  SCOPED_TRACE(state().name);
  if (!state().next) return;
  const auto between = [&](ContentType type, const Buffer& content, bool plain) {
    return error_of([&](Scene& s) {
      const Buffer whole = state().message();
      s.handshake({whole.begin(), whole.begin() + 4});
      s.send(plain ? NoneClient::plain(type, content) : s.client.record(type, content));
      s.handshake({whole.begin() + 4, whole.end()});
    });
  };
  EXPECT_EQ(between(application_data, text("x"), false), Error::unexpected_record_type);
  EXPECT_NE(between(change_cipher_spec, {1}, true), Error::none);
  // RFC 5246 section 6.2.1 lets other types come between in TLS 1.2.
  if (state().version == tls13) {
    EXPECT_EQ(between(alert, {kWarning, kUserCanceled}, false), Error::unexpected_record_type);
  }
}

INSTANTIATE_TEST_SUITE_P(States, Order, ::testing::Range(std::size_t{0}, states().size()));

// RFC 8446 section 4.2.10 passes over early data, and section 5.1 holds for it too.
TEST(OrderOfEarlyData, ComesNotBetweenTheFragmentsOfTheSecondHello) {
  Scene scene;
  scene.config.groups = {crypto::NamedGroup::secp384r1};
  Hello first = hello13();
  first.set(ExtensionType::early_data, {});
  scene.handshake(first.whole());
  const Buffer second = second_hello();
  scene.handshake({second.begin(), second.begin() + 10});
  scene.send(NoneClient::plain(application_data, Buffer(100, 7)));
  EXPECT_EQ(scene.server().session().info().error, Error::unexpected_record_type);
}

}  // namespace
}  // namespace lockstep::tls::test
