// What a TLS 1.2 server may do wrong.
#include "tests/unit/dataplane/tls/client_certificate.h"
#include "tests/unit/dataplane/tls/client_errors.h"

namespace lockstep::tls::test {

namespace {

using S = ClientScene;
using H = ServerHelloText;

template <class Bend>
void hello12_that(S& scene, Bend&& bend) {
  H hello = scene.server_hello12();
  bend(hello);
  scene.handshake(hello.whole());
  scene.protection = Protection::tls12;
}

template <class Bend>
void resume12_that(S& scene, Bend&& bend) {
  scene.come_back12();
  H hello = scene.resuming_hello12();
  bend(hello);
  scene.handshake(hello.whole());
  scene.protection = Protection::tls12;
}

void exchange_that(S& scene, const Buffer& exchange) {
  scene.answer12();
  scene.handshake(certificate12(vector24(none_certificate())));
  scene.handshake(exchange);
}

std::vector<ClientRow> hello_rows() {
  return {
      {Error::no_common_version, "TLS 1.2, which is not spoken",
       [](S& s) {
         s.config.tls12 = false;
         hello12_that(s, [](H&) {});
       }},
      {Error::no_common_version, "TLS 1.1", [](S& s) { hello12_that(s, [](H& h) { h.version = 0x0302; }); }},
      {Error::bad_change_cipher_spec, "before ServerHello where TLS 1.3 is not spoken",
       [](S& s) {
         s.config.tls13 = false;
         s.client();
         s.send(ContentType::change_cipher_spec, {1});
       }},
      {Error::no_common_version, "TLS 1.3 in the field of TLS 1.2",
       [](S& s) { hello12_that(s, [](H& h) { h.version = 0x0304; }); }},
      {Error::unsolicited_extension, "TLS 1.3, which is not spoken",
       [](S& s) {
         s.config.tls13 = false;
         hello12_that(s, [](H& h) { h.set(ExtensionType::supported_versions, u16(0x0304)); });
       }},
      {Error::version_changed_after_retry, "TLS 1.2 behind a HelloRetryRequest",
       [](S& s) {
         s.client();
         s.handshake(s.retry_request().whole());
         s.handshake(s.server_hello12().whole());
       }},
      {Error::suite_not_offered, "a suite of TLS 1.3", [](S& s) { hello12_that(s, [](H& h) { h.suite = 0x1301; }); }},
      {Error::suite_not_offered, "RSA key exchange",
       [](S& s) {
         s.config.cipher_suites = all_cipher_suites();
         hello12_that(s, [](H& h) { h.suite = 0x009c; });
       }},
      {Error::suite_not_offered, "a CBC suite",
       [](S& s) {
         s.config.cipher_suites = all_cipher_suites();
         hello12_that(s, [](H& h) { h.suite = 0xc009; });
       }},
      {Error::compression_chosen, "compression in TLS 1.2",
       [](S& s) { hello12_that(s, [](H& h) { h.compression = 1; }); }},
      {Error::no_extended_master_secret, "no extended_master_secret",
       [](S& s) { hello12_that(s, [](H& h) { h.remove(ExtensionType::extended_master_secret); }); }},
      {Error::malformed_message, "extended_master_secret with content",
       [](S& s) { hello12_that(s, [](H& h) { h.set(ExtensionType::extended_master_secret, {0}); }); }},
      {Error::no_secure_renegotiation, "no renegotiation_info",
       [](S& s) { hello12_that(s, [](H& h) { h.remove(ExtensionType::renegotiation_info); }); }},
      {Error::bad_renegotiation_info, "renegotiation_info of another handshake",
       [](S& s) { hello12_that(s, [](H& h) { h.set(ExtensionType::renegotiation_info, {1, 7}); }); }},
      {Error::malformed_message, "half a renegotiation_info",
       [](S& s) { hello12_that(s, [](H& h) { h.set(ExtensionType::renegotiation_info, {1}); }); }},
      {Error::illegal_parameter, "points of other forms only",
       [](S& s) { hello12_that(s, [](H& h) { h.set(ExtensionType::ec_point_formats, {1, 1}); }); }},
      {Error::alpn_not_offered, "an application protocol that was not offered, in TLS 1.2",
       [](S& s) { hello12_that(s, [](H& h) { h.set(ExtensionType::alpn, vector16(vector8(text("h3")))); }); }},
      {Error::misplaced_extension, "a key share in TLS 1.2",
       [](S& s) { hello12_that(s, [](H& h) { h.set(ExtensionType::key_share, key_share(kX25519, Buffer(32, 1))); }); }},
      {Error::unsolicited_extension, "encrypt_then_mac, which was not offered",
       [](S& s) { hello12_that(s, [](H& h) { h.set(ExtensionType::encrypt_then_mac, {}); }); }},
      {Error::unsolicited_extension, "a ticket where sessions are not resumed",
       [](S& s) {
         s.config.session_lifetime = {};
         hello12_that(s, [](H& h) { h.set(ExtensionType::session_ticket, {}); });
       }},
      {Error::misplaced_extension, "renegotiation_info in TLS 1.3",
       [](S& s) {
         s.client();
         H hello = s.server_hello();
         hello.set(ExtensionType::renegotiation_info, {0});
         s.handshake(hello.whole());
       }},
      {Error::session_not_offered, "our identifier, which is of no session",
       [](S& s) { hello12_that(s, [&](H& h) { h.session_id = s.server_hello().session_id; }); }},
  };
}

std::vector<ClientRow> flight_rows() {
  return {
      {Error::empty_certificate, "no certificate in it, in TLS 1.2",
       [](S& s) {
         s.answer12();
         s.handshake(certificate12({}));
       }},
      {Error::unknown_authority, "an unknown authority, in TLS 1.2",
       [](S& s) {
         s.answer12();
         s.handshake(certificate12(vector24(none_certificate(crypto::ChainVerdict::unknown_authority))));
       }},
      {Error::illegal_parameter, "a curve without a name", [](S& s) { exchange_that(s, message(12, {1, 0, 0x1d})); }},
      {Error::group_not_offered, "a curve that was not offered",
       [](S& s) { exchange_that(s, key_exchange12(0x0019, Buffer(133, 4))); }},
      {Error::bad_key_share, "a point of the wrong size",
       [](S& s) { exchange_that(s, key_exchange12(kX25519, Buffer(31, 1))); }},
      {Error::malformed_message, "no point", [](S& s) { exchange_that(s, key_exchange12(kX25519, {})); }},
      {Error::bad_key_share, "a point of zeros",
       [](S& s) {
         exchange_that(s, key_exchange12(kX25519, Buffer(32, 0)));
         s.handshake(server_hello_done());
       }},
      {Error::bad_signature_scheme, "a scheme that was not offered, in TLS 1.2",
       [](S& s) { exchange_that(s, key_exchange12(kX25519, Buffer(32, 1), 0x0203)); }},
      {Error::bad_signature_scheme, "a scheme of another key, in TLS 1.2",
       [](S& s) { exchange_that(s, key_exchange12(kX25519, Buffer(32, 1), 0x0804)); }},
      {Error::certificate_not_of_suite, "an ECDSA certificate for a suite with RSA",
       [](S& s) {
         hello12_that(s, [](H& h) { h.suite = 0xc02f; });
         s.handshake(certificate12(vector24(none_certificate())));
         s.handshake(key_exchange12());
       }},
      {Error::bad_key_exchange_signature, "another signature over the key exchange",
       [](S& s) { exchange_that(s, key_exchange12(kX25519, Buffer(32, 0x42), 0x0403, {1, 2, 3})); }},
      {Error::malformed_message, "a key exchange with a tail",
       [](S& s) {
         Buffer exchange = key_exchange12();
         ++exchange[3];
         exchange.push_back(0);
         exchange_that(s, exchange);
       }},
      {Error::malformed_message, "a CertificateRequest for half a scheme, in TLS 1.2",
       [](S& s) {
         s.answer12();
         s.certificate12_and_keys();
         s.handshake(message(13, join({vector8({1}), vector16({4}), vector16({})})));
       }},
      {Error::malformed_message, "a ServerHelloDone with content",
       [](S& s) {
         s.answer12();
         s.certificate12_and_keys();
         s.handshake(message(14, {0}));
       }},
      {Error::bad_finished, "another Finished, in TLS 1.2",
       [](S& s) {
         s.flight12();
         s.change_keys12();
         s.handshake(message(20, Buffer(12, 1)));
       }},
      {Error::malformed_message, "a ticket that does not parse",
       [](S& s) {
         s.flight12(true);
         s.handshake(message(4, {0, 0, 0, 1, 0}));
       }},
      {Error::renegotiation_refused, "renegotiation again and again",
       [](S& s) {
         s.establish12();
         for (int i = 0; i < 4; ++i) s.handshake(message(0, {}));
       }},
      {Error::malformed_message, "a HelloRequest with content",
       [](S& s) {
         s.establish12();
         s.handshake(message(0, {0}));
       }},
  };
}

std::vector<ClientRow> resumption_rows() {
  return {
      {Error::suite_changed_on_resumption, "another suite for the session",
       [](S& s) { resume12_that(s, [](H& h) { h.suite = 0xc02c; }); }},
      {Error::extended_master_secret_dropped, "the session without its extended_master_secret",
       [](S& s) { resume12_that(s, [](H& h) { h.remove(ExtensionType::extended_master_secret); }); }},
      {Error::bad_finished, "another Finished where a session goes on, in TLS 1.2",
       [](S& s) {
         s.come_back12();
         s.resume12();
         s.change_keys12();
         s.handshake(message(20, Buffer(12, 1)));
       }},
  };
}

}  // namespace

std::vector<ClientRow> client_errors_tls12() {
  std::vector<ClientRow> all = hello_rows();
  for (const auto& more : {flight_rows(), resumption_rows()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace lockstep::tls::test
