#include "tests/unit/dataplane/tls/client_certificate.h"
#include "tests/unit/dataplane/tls/errors.h"

namespace lockstep::tls::test {

using crypto::ChainVerdict;

namespace {

template <ChainVerdict verdict>
void show_13(Scene& scene) {
  ask_13(scene);
  scene.handshake(certificate13(entry13(none_certificate(verdict))));
}

const Buffer& good_13() {
  static const Buffer message = certificate13(entry13(none_certificate()));
  return message;
}

std::vector<Row> errors_13() {
  return {
      {Error::certificate_required, "empty list (RFC 8446 section 4.4.2.4)",
       [](Scene& s) {
         ask_13(s);
         s.handshake(certificate13({}));
       }},
      {Error::malformed_certificate, "does not parse", show_13<ChainVerdict::malformed>},
      {Error::wrong_certificate_name, "a name that nobody asked for", show_13<ChainVerdict::wrong_name>},
      {Error::unsupported_certificate, "may not sign", show_13<ChainVerdict::unsupported>},
      {Error::unknown_authority, "of somebody else's authority", show_13<ChainVerdict::unknown_authority>},
      {Error::expired_certificate, "expired", show_13<ChainVerdict::expired>},
      {Error::revoked_certificate, "revoked", show_13<ChainVerdict::revoked>},
      {Error::untrusted_certificate, "for another reason", show_13<ChainVerdict::other>},
      {Error::expired_certificate, "refused although none is required",
       [](Scene& s) {
         ask_13(s, false);
         s.handshake(certificate13(entry13(none_certificate(ChainVerdict::expired))));
       }},
      {Error::illegal_parameter, "context that is not the request's (section 4.4.2)",
       [](Scene& s) {
         ask_13(s);
         s.handshake(certificate13(entry13(none_certificate()), {1}));
       }},
      {Error::unsolicited_extension, "status_request in an entry (section 4.4.2)",
       [](Scene& s) {
         ask_13(s);
         s.handshake(certificate13(entry13(none_certificate(), join({u16(5), vector16({1})}))));
       }},
      {Error::malformed_message, "extensions of an entry do not end with their block",
       [](Scene& s) {
         ask_13(s);
         s.handshake(certificate13(entry13(none_certificate(), {0, 5, 0})));
       }},
      {Error::malformed_message, "Certificate with a trailing byte",
       [](Scene& s) {
         ask_13(s);
         s.handshake(message(11, join({{0}, vector24(entry13(none_certificate())), {0}})));
       }},
      {Error::malformed_message, "list beyond the message",
       [](Scene& s) {
         ask_13(s);
         s.handshake(message(11, {0, 0, 0, 9, 0, 0, 1, 7}));
       }},
      {Error::malformed_message, "certificate beyond the list",
       [](Scene& s) {
         ask_13(s);
         s.handshake(certificate13({0, 0, 200, 1, 2, 3}));
       }},
      {Error::malformed_message, "empty certificate",
       [](Scene& s) {
         ask_13(s);
         s.handshake(certificate13(entry13({})));
       }},
      {Error::malformed_message, "entry in the form of TLS 1.2",
       [](Scene& s) {
         ask_13(s);
         s.handshake(certificate13(vector24(none_certificate())));
       }},
      {Error::handshake_message_too_long, "chain beyond the limit",
       [](Scene& s) {
         s.config.max_handshake_message = 16384;
         ask_13(s);
         s.handshake({11, 0, 0x40, 1});
       }},
      {Error::unexpected_handshake_message, "Finished without Certificate",
       [](Scene& s) {
         ask_13(s);
         s.handshake(NoneClient::finished13());
       }},
      {Error::unexpected_handshake_message, "Finished without Certificate, although none is required",
       [](Scene& s) {
         ask_13(s, false);
         s.handshake(NoneClient::finished13());
       }},
      {Error::unexpected_handshake_message, "CertificateVerify first",
       [](Scene& s) {
         ask_13(s);
         s.handshake(certificate_verify());
       }},
      {Error::unexpected_handshake_message, "Finished in place of CertificateVerify",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), NoneClient::finished13()}));
       }},
      {Error::unexpected_handshake_message, "Certificate twice",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), good_13()}));
       }},
      {Error::unexpected_handshake_message, "CertificateVerify twice",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), certificate_verify(), certificate_verify()}));
       }},
      {Error::unexpected_handshake_message, "CertificateVerify behind an empty list",
       [](Scene& s) {
         ask_13(s, false);
         s.handshake(join({certificate13({}), certificate_verify()}));
       }},
      {Error::unexpected_handshake_message, "Certificate that nobody asked for",
       [](Scene& s) {
         s.hello_13();
         s.handshake(good_13());
       }},
      {Error::unexpected_handshake_message, "Certificate after the handshake (section 4.6.2)",
       [](Scene& s) {
         s.establish13();
         s.handshake(good_13());
       }},
      {Error::unexpected_record_type, "data in place of CertificateVerify",
       [](Scene& s) {
         ask_13(s);
         s.handshake(good_13());
         s.send(ContentType::application_data, text("too early"));
       }},
      {Error::data_across_key_change, "something behind Finished",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), certificate_verify(), NoneClient::finished13(), key_update(0)}));
       }},
      {Error::bad_signature_scheme, "PKCS#1 in TLS 1.3 (section 4.4.3)",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), certificate_verify(0x0401)}));
       }},
      {Error::bad_signature_scheme, "SHA-1",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), certificate_verify(0x0203)}));
       }},
      {Error::bad_signature_scheme, "of another curve than the certificate's key",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), certificate_verify(0x0503)}));
       }},
      {Error::bad_certificate_verify, "signature by another key",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), certificate_verify(0x0403, Buffer(70, 0x30))}));
       }},
      {Error::bad_certificate_verify, "empty signature",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), certificate_verify(0x0403, {})}));
       }},
      {Error::malformed_message, "CertificateVerify with a trailing byte",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), message(15, {4, 3, 0, 1, lockstep::test::kNoneSignature, 0})}));
       }},
      {Error::malformed_message, "CertificateVerify cut short",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), message(15, {4, 3, 0})}));
       }},
      {Error::bad_finished, "Finished of a client with a certificate",
       [](Scene& s) {
         ask_13(s);
         s.handshake(join({good_13(), certificate_verify(), message(20, Buffer(32, 0xee))}));
       }},
      {Error::no_memory, "no room to remember the client",
       [](Scene& s) {
         s.options.limits.client_identities = 0;
         ask_13(s);
         s.handshake(good_13());
       }},
  };
}

const Buffer& good_12() {
  static const Buffer message = certificate12(vector24(none_certificate()));
  return message;
}

Buffer key_exchange_12() {
  return NoneClient::key_exchange(Buffer(32, 0x42));
}

std::vector<Row> errors_12() {
  return {
      {Error::certificate_required_tls12, "empty list (RFC 5246 section 7.4.6)",
       [](Scene& s) {
         ask_12(s);
         s.handshake(certificate12({}));
       }},
      {Error::unknown_authority, "of somebody else's authority, in TLS 1.2",
       [](Scene& s) {
         ask_12(s, false);
         s.handshake(certificate12(vector24(none_certificate(ChainVerdict::unknown_authority))));
       }},
      {Error::malformed_message, "Certificate with a trailing byte, in TLS 1.2",
       [](Scene& s) {
         ask_12(s);
         s.handshake(message(11, join({vector24(vector24(none_certificate())), {0}})));
       }},
      {Error::malformed_message, "empty certificate, in TLS 1.2",
       [](Scene& s) {
         ask_12(s);
         s.handshake(certificate12({0, 0, 0}));
       }},
      {Error::malformed_message, "entry in the form of TLS 1.3",
       [](Scene& s) {
         ask_12(s);
         s.handshake(certificate12(entry13(none_certificate())));
       }},
      {Error::unexpected_handshake_message, "key exchange without Certificate",
       [](Scene& s) {
         ask_12(s, false);
         s.handshake(key_exchange_12());
       }},
      {Error::unexpected_handshake_message, "CertificateVerify in front of the key exchange",
       [](Scene& s) {
         ask_12(s);
         s.handshake(join({good_12(), certificate_verify()}));
       }},
      {Error::unexpected_handshake_message, "Certificate twice, in TLS 1.2",
       [](Scene& s) {
         ask_12(s);
         s.handshake(join({good_12(), good_12()}));
       }},
      {Error::unexpected_handshake_message, "Certificate that nobody asked for, in TLS 1.2",
       [](Scene& s) {
         s.hello_12();
         s.handshake(good_12());
       }},
      {Error::bad_change_cipher_spec, "no CertificateVerify (section 7.4.8)",
       [](Scene& s) {
         ask_12(s);
         s.handshake(join({good_12(), key_exchange_12()}));
         s.send(ContentType::change_cipher_spec, {1});
       }},
      {Error::unexpected_handshake_message, "Finished in place of CertificateVerify, in TLS 1.2",
       [](Scene& s) {
         ask_12(s);
         s.handshake(join({good_12(), key_exchange_12(), NoneClient::finished12()}));
       }},
      {Error::unexpected_handshake_message, "CertificateVerify behind an empty list, in TLS 1.2",
       [](Scene& s) {
         ask_12(s, false);
         s.handshake(join({certificate12({}), key_exchange_12()}));
         s.handshake(certificate_verify());
       }},
      {Error::bad_signature_scheme, "SHA-512, which was not asked for",
       [](Scene& s) {
         ask_12(s);
         s.handshake(join({good_12(), key_exchange_12(), certificate_verify(0x0601)}));
       }},
      {Error::bad_signature_scheme, "of another type than the certificate's key",
       [](Scene& s) {
         ask_12(s);
         s.handshake(join({good_12(), key_exchange_12(), certificate_verify(0x0401)}));
       }},
      {Error::bad_certificate_verify, "signature by another key, in TLS 1.2",
       [](Scene& s) {
         ask_12(s);
         s.handshake(join({good_12(), key_exchange_12(), certificate_verify(0x0403, Buffer(70, 0x30))}));
       }},
      {Error::malformed_message, "CertificateVerify cut short, in TLS 1.2",
       [](Scene& s) {
         ask_12(s);
         s.handshake(join({good_12(), key_exchange_12(), message(15, {4, 3, 0, 9, 1})}));
       }},
  };
}

}  // namespace

std::vector<Row> client_certificate_errors() {
  std::vector<Row> all = errors_13();
  const std::vector<Row> more = errors_12();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace lockstep::tls::test
