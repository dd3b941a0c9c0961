#include "tests/unit/dataplane/tls/client_errors.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/client_certificate.h"

namespace lockstep::tls::test {

namespace {

// 1 for the versions before 1.3 that have it, 0 for those before 1.2 (RFC 8446 section 4.1.3).
Buffer downgrade_random(std::uint8_t last) {
  return join({Buffer(24, 0x33), text("DOWNGRD"), {last}});
}

template <class Bend>
void hello_that(ClientScene& scene, Bend&& bend) {
  scene.client();
  ServerHelloText hello = scene.server_hello();
  bend(hello);
  scene.handshake(hello.whole());
}

template <class Bend>
void retry_that(ClientScene& scene, Bend&& bend) {
  scene.client();
  ServerHelloText request = scene.retry_request();
  bend(request);
  scene.handshake(request.whole());
}

Buffer extension(ExtensionType type, const Buffer& body) {
  return join({u16(static_cast<std::uint16_t>(type)), vector16(body)});
}

void extensions_that(ClientScene& scene, const Buffer& extensions) {
  scene.answer();
  scene.encrypted_extensions(extensions);
}

void request_that(ClientScene& scene, const Buffer& extensions, const Buffer& context = {}) {
  scene.answer();
  scene.encrypted_extensions();
  scene.handshake(message(13, join({vector8(context), vector16(extensions)})));
}

template <crypto::ChainVerdict verdict>
void show(ClientScene& scene) {
  scene.answer();
  scene.encrypted_extensions();
  scene.handshake(certificate13(entry13(none_certificate(verdict))));
}

const Buffer kSchemes = extension(ExtensionType::signature_algorithms, vector16(list16({0x0403})));

std::vector<ClientRow> hello_rows() {
  using S = ClientScene;
  using H = ServerHelloText;
  return {
      {Error::unexpected_handshake_message, "not a ServerHello", [](S& s) { s.handshake(server_finished()); }},
      {Error::malformed_message, "half a ServerHello", [](S& s) { s.handshake(message(2, Buffer(20, 3))); }},
      {Error::malformed_message, "bytes behind its extensions",
       [](S& s) { hello_that(s, [](H& h) { h.session_id.push_back(0); }); }},
      {Error::data_across_key_change, "a message behind it in its record",
       [](S& s) {
         s.client();
         s.handshake(join({s.server_hello().whole(), {8, 0}}));
       }},
      {Error::suite_not_offered, "TLS 1.2 with a suite of TLS 1.3",
       [](S& s) { hello_that(s, [](H& h) { h.extensions.clear(); }); }},
      {Error::suite_not_offered, "no extensions at all",
       [](S& s) { hello_that(s, [](H& h) { h.with_extensions = false; }); }},
      {Error::downgraded, "TLS 1.2 from who can TLS 1.3",
       [](S& s) {
         hello_that(s, [](H& h) {
           h.extensions.clear();
           h.random = downgrade_random(1);
         });
       }},
      {Error::downgraded, "TLS 1.1 from who can TLS 1.3",
       [](S& s) {
         hello_that(s, [](H& h) {
           h.with_extensions = false;
           h.random = downgrade_random(0);
         });
       }},
      {Error::version_not_offered, "supported_versions with TLS 1.2",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::supported_versions, u16(0x0303)); }); }},
      {Error::malformed_message, "supported_versions with a tail",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::supported_versions, {3, 4, 0}); }); }},
      {Error::illegal_parameter, "another legacy_version",
       [](S& s) { hello_that(s, [](H& h) { h.version = 0x0304; }); }},
      {Error::session_id_not_echoed, "another session identifier",
       [](S& s) { hello_that(s, [](H& h) { h.session_id[0] ^= 1U; }); }},
      {Error::session_id_not_echoed, "no session identifier",
       [](S& s) { hello_that(s, [](H& h) { h.session_id.clear(); }); }},
      {Error::suite_not_offered, "an unknown suite", [](S& s) { hello_that(s, [](H& h) { h.suite = 0x1304; }); }},
      {Error::suite_not_offered, "a suite of TLS 1.2", [](S& s) { hello_that(s, [](H& h) { h.suite = 0xc02b; }); }},
      {Error::suite_not_offered, "a suite that is not configured",
       [](S& s) {
         s.config.cipher_suites = {CipherSuite::tls_aes_256_gcm_sha384};
         hello_that(s, [](H&) {});
       }},
      {Error::compression_chosen, "compression", [](S& s) { hello_that(s, [](H& h) { h.compression = 1; }); }},
      {Error::missing_extension, "no key share",
       [](S& s) { hello_that(s, [](H& h) { h.remove(ExtensionType::key_share); }); }},
      {Error::group_not_offered, "a share of another group",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::key_share, key_share(kP256, Buffer(65, 4))); }); }},
      {Error::malformed_message, "an empty share",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::key_share, key_share(kX25519, {})); }); }},
      {Error::bad_key_share, "a share of the wrong size",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::key_share, key_share(kX25519, Buffer(31, 4))); }); }},
      {Error::bad_key_share, "a share of zeros",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::key_share, key_share(kX25519, Buffer(32, 0))); }); }},
      {Error::unsolicited_extension, "a PSK that was not offered",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::pre_shared_key, u16(0)); }); }},
      {Error::unsolicited_extension, "an unknown extension",
       [](S& s) { hello_that(s, [](H& h) { h.set(0x1a1a, {}); }); }},
      {Error::misplaced_extension, "the application protocol in the open",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::alpn, vector16(vector8(text("h2")))); }); }},
      {Error::misplaced_extension, "a cookie in a ServerHello",
       [](S& s) { hello_that(s, [](H& h) { h.set(ExtensionType::cookie, vector16({1})); }); }},
      {Error::duplicate_extension, "two key shares",
       [](S& s) { hello_that(s, [](H& h) { h.extensions.push_back(h.extensions.back()); }); }},
  };
}

std::vector<ClientRow> retry_rows() {
  using S = ClientScene;
  using H = ServerHelloText;
  return {
      {Error::group_not_offered, "asks for a group that was not offered",
       [](S& s) { retry_that(s, [](H& h) { h.set(ExtensionType::key_share, u16(0x0019)); }); }},
      {Error::unchanged_retry, "asks for the share that is there",
       [](S& s) { retry_that(s, [](H& h) { h.set(ExtensionType::key_share, u16(kX25519)); }); }},
      {Error::unchanged_retry, "asks for the share that is there, with a cookie",
       [](S& s) {
         retry_that(s, [](H& h) {
           h.set(ExtensionType::key_share, u16(kX25519));
           h.set(ExtensionType::cookie, vector16({1}));
         });
       }},
      {Error::unchanged_retry, "asks for nothing",
       [](S& s) { retry_that(s, [](H& h) { h.remove(ExtensionType::key_share); }); }},
      {Error::malformed_message, "an empty cookie",
       [](S& s) { retry_that(s, [](H& h) { h.set(ExtensionType::cookie, u16(0)); }); }},
      {Error::malformed_message, "a whole share in a HelloRetryRequest",
       [](S& s) { retry_that(s, [](H& h) { h.set(ExtensionType::key_share, key_share(kP256, Buffer(65, 4))); }); }},
      {Error::cookie_too_long, "a cookie of 1025 bytes",
       [](S& s) { retry_that(s, [](H& h) { h.set(ExtensionType::cookie, vector16(Buffer(1025, 1))); }); }},
      {Error::unsolicited_extension, "an unknown extension in a HelloRetryRequest",
       [](S& s) { retry_that(s, [](H& h) { h.set(0x1a1a, {}); }); }},
      {Error::session_id_not_echoed, "another session identifier in a HelloRetryRequest",
       [](S& s) { retry_that(s, [](H& h) { h.session_id[0] ^= 1U; }); }},
      {Error::second_hello_retry, "a second HelloRetryRequest",
       [](S& s) {
         retry_that(s, [](H&) {});
         retry_that(s, [](H& h) { h.set(ExtensionType::key_share, u16(kP384)); });
       }},
      {Error::suite_changed_after_retry, "another suite than the HelloRetryRequest",
       [](S& s) {
         retry_that(s, [](H&) {});
         hello_that(s, [](H& h) {
           h.suite = 0x1303;
           h.set(ExtensionType::key_share, key_share(kP256, Buffer(65, 4)));
         });
       }},
      {Error::group_not_offered, "another group than the HelloRetryRequest",
       [](S& s) {
         retry_that(s, [](H&) {});
         hello_that(s, [](H&) {});
       }},
  };
}

std::vector<ClientRow> flight_rows() {
  using S = ClientScene;
  return {
      {Error::unexpected_handshake_message, "no EncryptedExtensions",
       [](S& s) {
         s.answer();
         s.handshake(server_finished());
       }},
      {Error::malformed_message, "a name in answer to ours",
       [](S& s) { extensions_that(s, extension(ExtensionType::server_name, {0})); }},
      {Error::unsolicited_extension, "server_name without ours",
       [](S& s) {
         s.config.server_name.clear();
         extensions_that(s, extension(ExtensionType::server_name, {}));
       }},
      {Error::unsolicited_extension, "an application protocol without ours",
       [](S& s) {
         s.config.alpn.clear();
         extensions_that(s, extension(ExtensionType::alpn, vector16(vector8(text("h2")))));
       }},
      {Error::alpn_not_offered, "an application protocol that was not offered",
       [](S& s) { extensions_that(s, extension(ExtensionType::alpn, vector16(vector8(text("h3"))))); }},
      {Error::malformed_message, "two application protocols",
       [](S& s) {
         extensions_that(
             s, extension(ExtensionType::alpn, vector16(join({vector8(text("h2")), vector8(text("http/1.1"))}))));
       }},
      {Error::malformed_message, "supported_groups of half a group",
       [](S& s) { extensions_that(s, extension(ExtensionType::supported_groups, vector16({0}))); }},
      {Error::misplaced_extension, "a key share in EncryptedExtensions",
       [](S& s) { extensions_that(s, extension(ExtensionType::key_share, key_share(kX25519, Buffer(32, 1)))); }},
      {Error::misplaced_extension, "signature_algorithms in EncryptedExtensions",
       [](S& s) { extensions_that(s, kSchemes); }},
      {Error::unsolicited_extension, "early data that was not offered",
       [](S& s) { extensions_that(s, extension(ExtensionType::early_data, {})); }},
      {Error::duplicate_extension, "an extension twice",
       [](S& s) {
         const Buffer groups = extension(ExtensionType::supported_groups, vector16(list16({kP256})));
         extensions_that(s, join({groups, groups}));
       }},
      {Error::unexpected_handshake_message, "no certificate",
       [](S& s) {
         s.answer();
         s.encrypted_extensions();
         s.handshake(server_finished());
       }},
      {Error::unexpected_handshake_message, "a certificate that is compressed",
       [](S& s) {
         s.answer();
         s.encrypted_extensions();
         s.handshake(message(25, Buffer(40, 1)));
       }},
      {Error::missing_extension, "a CertificateRequest for no scheme", [](S& s) { request_that(s, {}); }},
      {Error::illegal_parameter, "a CertificateRequest with a context", [](S& s) { request_that(s, kSchemes, {1}); }},
      {Error::malformed_message, "a CertificateRequest for half a scheme",
       [](S& s) { request_that(s, extension(ExtensionType::signature_algorithms, vector16({4}))); }},
      {Error::misplaced_extension, "a key share in a CertificateRequest",
       [](S& s) { request_that(s, join({kSchemes, extension(ExtensionType::key_share, {})})); }},
      {Error::unexpected_handshake_message, "two CertificateRequests",
       [](S& s) {
         request_that(s, kSchemes);
         s.handshake(message(13, join({{0}, vector16(kSchemes)})));
       }},
      {Error::unexpected_record_type, "an alert in the open behind the keys",
       [](S& s) {
         s.answer();
         s.server.protect(Protection::none, 0);
         s.send(ContentType::alert, {2, 40});
       }},
      {Error::bad_change_cipher_spec, "change_cipher_spec twice",
       [](S& s) {
         s.client();
         s.send(ContentType::change_cipher_spec, {1});
         s.send(ContentType::change_cipher_spec, {1});
       }},
      {Error::unexpected_record_type, "application data in the handshake",
       [](S& s) {
         s.answer();
         s.send(ContentType::application_data, {1});
       }},
      {Error::peer_alert, "the server's alert",
       [](S& s) {
         s.client();
         s.send(ContentType::alert, {2, 40});
       },
       false},
  };
}

std::vector<ClientRow> certificate_rows() {
  using S = ClientScene;
  using crypto::ChainVerdict;
  return {
      {Error::empty_certificate, "no certificate in it",
       [](S& s) {
         s.answer();
         s.encrypted_extensions();
         s.handshake(certificate13({}));
       }},
      {Error::illegal_parameter, "a context",
       [](S& s) {
         s.answer();
         s.encrypted_extensions();
         s.handshake(certificate13(entry13(none_certificate()), {1}));
       }},
      {Error::unsolicited_extension, "an OCSP response that was not asked for",
       [](S& s) {
         s.answer();
         s.encrypted_extensions();
         s.handshake(certificate13(entry13(none_certificate(), extension(ExtensionType::status_request, {1}))));
       }},
      {Error::malformed_certificate, "a bad chain", show<ChainVerdict::malformed>},
      {Error::unsupported_certificate, "a key that cannot serve", show<ChainVerdict::unsupported>},
      {Error::unknown_authority, "an unknown authority", show<ChainVerdict::unknown_authority>},
      {Error::expired_certificate, "an expired certificate", show<ChainVerdict::expired>},
      {Error::revoked_certificate, "a revoked certificate", show<ChainVerdict::revoked>},
      {Error::wrong_certificate_name, "another name", show<ChainVerdict::wrong_name>},
      {Error::untrusted_certificate, "whatever else", show<ChainVerdict::other>},
      {Error::unexpected_handshake_message, "no CertificateVerify",
       [](S& s) {
         s.certificate();
         s.handshake(server_finished());
       }},
      {Error::bad_signature_scheme, "a scheme that was not offered",
       [](S& s) {
         s.config.signature_schemes = {crypto::SignatureScheme::rsa_pss_rsae_sha256};
         s.certificate();
         s.handshake(certificate_verify());
       }},
      {Error::bad_signature_scheme, "a scheme of another key",
       [](S& s) {
         s.certificate();
         s.handshake(certificate_verify(0x0804));
       }},
      {Error::bad_signature_scheme, "PKCS#1, which is for certificates only",
       [](S& s) {
         s.certificate();
         s.handshake(certificate_verify(0x0401));
       }},
      {Error::bad_certificate_verify, "another signature",
       [](S& s) {
         s.certificate();
         s.handshake(certificate_verify(0x0403, {1, 2, 3}));
       }},
      {Error::bad_finished, "another Finished",
       [](S& s) {
         s.verify();
         s.handshake(message(20, Buffer(32, 0)));
       }},
      {Error::malformed_message, "a Finished of the wrong size",
       [](S& s) {
         s.verify();
         s.handshake(message(20, Buffer(31, lockstep::test::kNoneServerFinished)));
       }},
      {Error::data_across_key_change, "a message behind Finished in its record",
       [](S& s) {
         s.verify();
         s.handshake(join({server_finished(), {4, 0}}));
       }},
      {Error::truncated, "FIN in the handshake",
       [](S& s) {
         s.verify();
         s.client().fin();
         s.client().run();
       },
       false},
  };
}

std::vector<ClientRow> established_rows() {
  using S = ClientScene;
  return {
      {Error::unexpected_handshake_message, "another ServerHello",
       [](S& s) {
         s.establish();
         s.handshake(s.server_hello().whole());
       }},
      {Error::unexpected_handshake_message, "a CertificateRequest, for which we did not ask",
       [](S& s) {
         s.establish();
         s.handshake(message(13, join({{0}, vector16(kSchemes)})));
       }},
      {Error::malformed_message, "an empty ticket",
       [](S& s) {
         s.establish();
         s.handshake(message(4, {}));
       }},
      {Error::handshake_message_too_long, "an endless ticket",
       [](S& s) {
         s.establish();
         s.handshake({4, 0xff, 0xff, 0xff});
       }},
      {Error::malformed_message, "a ticket of no bytes",
       [](S& s) {
         s.establish();
         s.handshake(ticket13({}));
       }},
      {Error::malformed_message, "a ticket with a tail",
       [](S& s) {
         s.establish();
         Buffer ticket = ticket13();
         ++ticket[3];
         ticket.push_back(0);
         s.handshake(ticket);
       }},
      {Error::malformed_message, "a ticket with half a limit for early data",
       [](S& s) {
         s.establish();
         s.handshake(ticket13(Buffer(9, 1), 1, {}, extension(ExtensionType::early_data, {0, 1})));
       }},
      {Error::duplicate_extension, "a ticket with an extension twice",
       [](S& s) {
         s.establish();
         const Buffer unknown = join({u16(0x1a1a), u16(0)});
         s.handshake(ticket13(Buffer(9, 1), 1, {}, join({unknown, unknown})));
       }},
      {Error::misplaced_extension, "a key share in a ticket",
       [](S& s) {
         s.establish();
         s.handshake(ticket13(Buffer(9, 1), 1, {}, extension(ExtensionType::key_share, {})));
       }},
      {Error::unexpected_record_type, "data within a ticket",
       [](S& s) {
         s.establish();
         s.handshake({4, 0, 0, 9, 1});
         s.send(ContentType::application_data, {1});
       }},
      {Error::data_across_key_change, "a ticket behind a KeyUpdate in its record",
       [](S& s) {
         s.establish();
         s.handshake(join({message(24, {0}), message(4, Buffer(30, 1))}));
       }},
      {Error::bad_change_cipher_spec, "change_cipher_spec behind Finished",
       [](S& s) {
         s.establish();
         s.server.protect(Protection::none, 0);
         s.send(ContentType::change_cipher_spec, {1});
       }},
  };
}

std::vector<ClientRow> resumption_rows() {
  using S = ClientScene;
  using H = ServerHelloText;
  const static auto resume_that = [](S& s, auto&& bend) {
    s.come_back(ticket13());
    H hello = s.resuming_hello();
    bend(hello);
    s.handshake(hello.whole());
  };
  return {
      {Error::psk_not_offered, "the second of one ticket",
       [](S& s) { resume_that(s, [](H& h) { h.set(ExtensionType::pre_shared_key, u16(1)); }); }},
      {Error::malformed_message, "a ticket's number of one byte",
       [](S& s) { resume_that(s, [](H& h) { h.set(ExtensionType::pre_shared_key, {0}); }); }},
      {Error::psk_of_other_hash, "a suite with another hash than the ticket's",
       [](S& s) { resume_that(s, [](H& h) { h.suite = 0x1302; }); }},
      {Error::psk_without_key_share, "a ticket without a key exchange",
       [](S& s) { resume_that(s, [](H& h) { h.remove(ExtensionType::key_share); }); }},
      {Error::misplaced_extension, "a ticket in a HelloRetryRequest",
       [](S& s) {
         s.come_back(ticket13());
         retry_that(s, [](H& h) { h.set(ExtensionType::pre_shared_key, u16(0)); });
       }},
      {Error::unsolicited_extension, "a ticket that went with the HelloRetryRequest's suite",
       [](S& s) {
         s.come_back(ticket13());
         H request = s.retry_request();
         request.suite = 0x1302;
         s.handshake(request.whole());
         H hello = s.resuming_hello();
         hello.suite = 0x1302;
         hello.set(ExtensionType::key_share, key_share(kP256, Buffer(65, 4)));
         s.handshake(hello.whole());
       }},
      {Error::misplaced_extension, "the modes of PSKs in EncryptedExtensions",
       [](S& s) { extensions_that(s, extension(ExtensionType::psk_key_exchange_modes, {1, 1})); }},
      {Error::unexpected_handshake_message, "a Certificate where a session goes on",
       [](S& s) {
         s.come_back(ticket13());
         s.resume();
         s.handshake(certificate13(entry13(none_certificate())));
       }},
      {Error::unexpected_handshake_message, "a CertificateRequest where a session goes on",
       [](S& s) {
         s.come_back(ticket13());
         s.resume();
         s.handshake(message(13, join({{0}, vector16(kSchemes)})));
       }},
      {Error::bad_finished, "another Finished where a session goes on",
       [](S& s) {
         s.come_back(ticket13());
         s.resume();
         s.handshake(message(20, Buffer(32, 0)));
       }},
  };
}

}  // namespace

std::vector<ClientRow> client_errors() {
  std::vector<ClientRow> all = hello_rows();
  for (const auto& more :
       {retry_rows(), flight_rows(), certificate_rows(), established_rows(), resumption_rows(), client_errors_tls12()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace lockstep::tls::test
