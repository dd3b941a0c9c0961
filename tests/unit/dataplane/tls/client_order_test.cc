// Legal orders and no others: every type of handshake message and of record in every state of a client's connection
// (RFC 8446 sections 4 and A.1, RFC 5246 section 7.3, RFC 5077 section 3.1).
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/dataplane/tls/client_certificate.h"
#include "tests/unit/dataplane/tls/client_scene.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;
using Type = HandshakeType;

/// Where a connection stands, and the messages that may come there.
struct State {
  const char* name;
  const char* section;
  void (*enter)(ClientScene&);
  std::set<Type> next;              // none: not before change_cipher_spec
  bool change_cipher_spec = false;  // may come here
  bool established = false;
};

void ask_for_certificate(ClientScene& scene) {
  scene.answer();
  scene.encrypted_extensions();
  const Buffer schemes = join({u16(13), vector16(vector16(list16({0x0403})))});
  scene.handshake(message(13, join({{0}, vector16(schemes)})));
}

const std::vector<State>& states() {
  using S = ClientScene;
  static const std::vector<State> all = {
      {"ClientHello sent", "RFC 8446 A.1: WAIT_SH", [](S& s) { s.client(); }, {Type::server_hello}, true},
      {"second ClientHello sent",
       "RFC 8446 4.1.4",
       [](S& s) {
         s.client();
         s.handshake(s.retry_request().whole());
       },
       {Type::server_hello},
       true},
      {"1.3, ServerHello received",
       "RFC 8446 A.1: WAIT_EE",
       [](S& s) { s.answer(); },
       {Type::encrypted_extensions},
       true},
      {"1.3, EncryptedExtensions received",
       "RFC 8446 A.1: WAIT_CERT_CR",
       [](S& s) {
         s.answer();
         s.encrypted_extensions();
       },
       {Type::certificate, Type::certificate_request},
       true},
      {"1.3, CertificateRequest received", "RFC 8446 A.1: WAIT_CERT", ask_for_certificate, {Type::certificate}, true},
      {"1.3, Certificate received",
       "RFC 8446 A.1: WAIT_CV",
       [](S& s) { s.certificate(); },
       {Type::certificate_verify},
       true},
      {"1.3, CertificateVerify received",
       "RFC 8446 A.1: WAIT_FINISHED",
       [](S& s) { s.verify(); },
       {Type::finished},
       true},
      {"1.3, session goes on",
       "RFC 8446 2.2",
       [](S& s) {
         s.come_back(ticket13());
         s.resume();
       },
       {Type::finished},
       true},
      {"1.3, connected",
       "RFC 8446 4.6",
       [](S& s) { s.establish(); },
       {Type::new_session_ticket, Type::key_update},
       false,
       true},
      {"1.2, ServerHello received", "RFC 5246 7.4.2", [](S& s) { s.answer12(); }, {Type::certificate}},
      {"1.2, Certificate received",
       "RFC 5246 7.4.3",
       [](S& s) {
         s.answer12();
         s.handshake(certificate12(vector24(none_certificate())));
       },
       {Type::server_key_exchange}},
      {"1.2, ServerKeyExchange received",
       "RFC 5246 7.4.4",
       [](S& s) {
         s.answer12();
         s.certificate12_and_keys();
       },
       {Type::certificate_request, Type::server_hello_done}},
      {"1.2, CertificateRequest received",
       "RFC 5246 7.4.5",
       [](S& s) {
         s.answer12();
         s.certificate12_and_keys();
         s.handshake(certificate_request12());
       },
       {Type::server_hello_done}},
      {"1.2, Finished sent", "RFC 5246 7.1", [](S& s) { s.flight12(); }, {}, true},
      {"1.2, Finished sent, ticket promised",
       "RFC 5077 3.3",
       [](S& s) { s.flight12(true); },
       {Type::new_session_ticket}},
      {"1.2, ticket received",
       "RFC 5077 3.3",
       [](S& s) {
         s.flight12(true);
         s.handshake(ticket12());
       },
       {},
       true},
      {"1.2, change_cipher_spec received",
       "RFC 5246 7.4.9",
       [](S& s) {
         s.flight12();
         s.change_keys12();
       },
       {Type::finished}},
      {"1.2, session goes on",
       "RFC 5246 7.3",
       [](S& s) {
         s.come_back12();
         s.resume12();
       },
       {},
       true},
      {"1.2, change_cipher_spec received where a session goes on",
       "RFC 5246 7.3",
       [](S& s) {
         s.come_back12();
         s.resume12();
         s.change_keys12();
       },
       {Type::finished}},
      {"1.2, connected", "RFC 5246 7.4.1.1", [](S& s) { s.establish12(); }, {Type::hello_request}, false, true},
  };
  return all;
}

// Right somewhere: what is wrong with it is its time only.
std::vector<Buffer> messages_of(unsigned type) {
  const auto number = static_cast<std::uint8_t>(type);
  std::vector<Buffer> all = {message(number, {0}), message(number, Buffer(40, 1))};
  for (const Buffer& right :
       {certificate13(entry13(none_certificate())), certificate12(vector24(none_certificate())), certificate_verify(),
        certificate_request12(), key_exchange12(), server_hello_done(), ticket12(), ticket13(), server_finished(),
        server_finished12(), message(0, {}), message(8, vector16({})), message(24, {0})}) {
    if (right.front() == type) all.push_back(right);
  }
  return all;
}

class ClientOrder : public ::testing::TestWithParam<std::size_t> {
 protected:
  const State& state() const { return states()[GetParam()]; }
  /// What the connection ended with behind `send`.
  template <class Send>
  Error error_of(const Send& send) const {
    ClientScene scene;
    state().enter(scene);
    EXPECT_EQ(scene.client().session().info().error, Error::none) << state().name;
    EXPECT_EQ(scene.client().established, state().established) << state().name;
    send(scene);
    return scene.client().session().info().error;
  }
};

TEST_P(ClientOrder, TakesNoOtherMessageThanThoseThatAreDue) {
  SCOPED_TRACE(std::string(state().name) + ", " + state().section);
  for (unsigned type = 0; type < 256; ++type) {
    if (state().next.count(static_cast<Type>(type)) != 0) continue;
    for (const Buffer& wrong : messages_of(type)) {
      EXPECT_EQ(error_of([&](ClientScene& s) { s.handshake(wrong); }), Error::unexpected_handshake_message)
          << "type " << type << ", " << wrong.size() << " bytes";
    }
  }
}

TEST_P(ClientOrder, TakesChangeCipherSpecOnlyWhereItIsDueOrTolerated) {
  SCOPED_TRACE(state().name);
  const Error error =
      error_of([](ClientScene& s) { s.client().feed(NoneClient::plain(change_cipher_spec, {1})), s.client().run(); });
  EXPECT_EQ(error, state().change_cipher_spec ? Error::none : Error::bad_change_cipher_spec);
}

TEST_P(ClientOrder, TakesApplicationDataOnlyWhenConnected) {
  SCOPED_TRACE(state().name);
  EXPECT_EQ(error_of([&](ClientScene& s) { s.send(application_data, text("x")); }),
            state().established ? Error::none : Error::unexpected_record_type);
}

TEST_P(ClientOrder, TakesNoUnknownTypesOfRecords) {
  SCOPED_TRACE(state().name);
  for (unsigned type : {0U, 19U, 24U, 25U, 255U}) {
    const Error error = error_of([&](ClientScene& s) {
      s.client().feed(NoneClient::plain(static_cast<ContentType>(type), {1, 0}));
      s.client().run();
    });
    EXPECT_EQ(error, GetParam() == 0 ? Error::not_tls : Error::unexpected_record_type) << type;
  }
}

INSTANTIATE_TEST_SUITE_P(States, ClientOrder, ::testing::Range(std::size_t{0}, states().size()));

}  // namespace
}  // namespace lockstep::tls::test
