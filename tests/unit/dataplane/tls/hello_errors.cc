#include "tests/unit/dataplane/tls/errors.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {

using enum ContentType;

std::vector<Row> hello_errors() {
  return {
      {Error::malformed_message, "hello with a byte too many",
       [](Scene& s) { s.handshake(message(1, join({hello13().body(), {0}}))); }},
      {Error::malformed_message, "Finished too short",
       [](Scene& s) {
         s.hello_13();
         s.handshake(NoneClient::finished13(31));
       }},
      {Error::malformed_message, "KeyUpdate of two bytes",
       [](Scene& s) {
         s.establish13();
         s.handshake(message(24, {0, 0}));
       }},
      {Error::malformed_message, "key exchange with a byte too many",
       [](Scene& s) {
         s.hello_12();
         s.handshake(message(16, join({vector8(Buffer(32, 0x42)), {0}})));
       }},
      {Error::malformed_message, "RSA key exchange with a byte too many",
       [](Scene& s) {
         s.hello_classic();
         s.handshake(message(16, join({vector16(Buffer(48, 0x42)), {0}})));
       }},
      {Error::malformed_message, "RSA key exchange shorter than it says",
       [](Scene& s) {
         s.hello_classic();
         s.handshake(message(16, join({u16(49), Buffer(48, 0x42)})));
       }},
      {Error::malformed_message, "RSA key exchange without a length",
       [](Scene& s) {
         s.hello_classic();
         s.handshake(message(16, {0}));
       }},
      {Error::malformed_message, "encrypt_then_mac that is not empty",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) { h.set(ExtensionType::encrypt_then_mac, {0}); }, hello12()));
       }},
      {Error::duplicate_extension, "known",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) { h.extensions.emplace_back(43, vector8(list16({0x0304}))); }));
       }},
      {Error::duplicate_extension, "unknown",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.extensions.emplace_back(0x1a1a, Buffer{}); })); }},
      {Error::illegal_parameter, "two host names",
       [](Scene& s) {
         const Buffer name = join({{0}, vector16(text("a.org"))});
         s.handshake(hello_of([&](Hello& h) { h.set(ExtensionType::server_name, vector16(join({name, name}))); }));
       }},
      {Error::illegal_parameter, "zero in the host name",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) { h.set(ExtensionType::server_name, host_name({"a\0b", 3})); }));
       }},
      {Error::illegal_parameter, "pre_shared_key not last",
       [](Scene& s) {
         const Buffer psk =
             join({vector16(join({vector16(text("ticket")), integer(0, 4)})), vector16(vector8(Buffer(32, 0)))});
         s.handshake(hello_of([&](Hello& h) {
           h.set(ExtensionType::pre_shared_key, psk);
           h.set(0x5555, {});
         }));
       }},
      {Error::illegal_parameter, "share for a group not offered",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) { h.set(ExtensionType::supported_groups, vector16(list16({kP256}))); }));
       }},
      {Error::illegal_parameter, "two shares of one group",
       [](Scene& s) {
         const Buffer share = key_share(kX25519, Buffer(32, 1));
         s.handshake(hello_of([&](Hello& h) { h.set(ExtensionType::key_share, vector16(join({share, share}))); }));
       }},
      {Error::illegal_parameter, "KeyUpdate of value 2",
       [](Scene& s) {
         s.establish13();
         s.handshake(key_update(2));
       }},
      {Error::illegal_parameter, "no uncompressed points",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) { h.set(ExtensionType::ec_point_formats, {1, 1}); }, hello12()));
       }},
      {Error::illegal_parameter, "alert of level 3",
       [](Scene& s) {
         s.establish12();
         s.send(alert, {3, 40});
       }},
      {Error::missing_extension, "signature_algorithms",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.remove(ExtensionType::signature_algorithms); })); }},
      {Error::missing_extension, "supported_groups",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) {
           h.remove(ExtensionType::supported_groups);
           h.set(ExtensionType::key_share, vector16({}));
         }));
       }},
      {Error::missing_extension, "key_share",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.remove(ExtensionType::key_share); })); }},
      {Error::missing_extension, "key_share without supported_groups",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.remove(ExtensionType::supported_groups); })); }},
      {Error::missing_extension, "a PSK that is not taken, and nothing for a certificate",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) {
           h.remove(ExtensionType::signature_algorithms);
           h.set(ExtensionType::pre_shared_key, offered_psks({text("ticket")}));
         }));
       }},
      {Error::no_common_group, "a PSK by itself that is not taken",
       [](Scene& s) {
         Random random = Random::from_number(1);
         s.config.ticket_keys = ticket_keys(1, random);
         s.config.psk_ke = true;
         s.handshake(hello_of([](Hello& h) {
           h.set(ExtensionType::psk_key_exchange_modes, {1, 0});
           h.remove(ExtensionType::supported_groups).remove(ExtensionType::key_share);
           h.set(ExtensionType::pre_shared_key, offered_psks({text("ticket")}));
         }));
       }},
      {Error::hello_changed_after_retry, "a PSK that was not there",
       [](Scene& s) {
         retry(s, [](Hello& h) { h.set(ExtensionType::pre_shared_key, offered_psks({text("ticket")})); });
       }},
      {Error::bad_binder, "any byte",
       [](Scene& s) {
         TicketOffer offer(s.config);
         s.handshake(hello_of([&](Hello& h) {
           h.set(ExtensionType::pre_shared_key, offered_psks({offer.ticket()}, Buffer(32, 0xb2)));
         }));
       }},
      {Error::bad_binder, "of another length",
       [](Scene& s) {
         TicketOffer offer(s.config);
         s.handshake(hello_of([&](Hello& h) {
           h.set(ExtensionType::pre_shared_key,
                 offered_psks({offer.ticket()}, Buffer(33, lockstep::test::kNoneBinder)));
         }));
       }},
      {Error::missing_extension, "psk_key_exchange_modes",
       [](Scene& s) {
         const Buffer psk =
             join({vector16(join({vector16(text("ticket")), integer(0, 4)})), vector16(vector8(Buffer(32, 0)))});
         s.handshake(hello_of([&](Hello& h) {
           h.remove(ExtensionType::psk_key_exchange_modes);
           h.set(ExtensionType::pre_shared_key, psk);
         }));
       }},
      {Error::no_common_version, "TLS 1.1",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.version = 0x0302; }, hello12())); }},
      {Error::no_common_version, "TLS 1.0, with suites that go with it",
       [](Scene& s) {
         s.config.cipher_suites = all_cipher_suites();
         s.handshake(hello_of(
             [](Hello& h) {
               h.version = 0x0301;
               h.suites({0x002f, 0x0035, 0xc013});
             },
             hello12()));
       }},
      {Error::no_common_version, "SSL 3.0",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.version = 0x0300; })); }},
      {Error::no_common_version, "only unknown ones in supported_versions",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) { h.set(ExtensionType::supported_versions, vector8(list16({0x7f1c}))); }));
       }},
      {Error::no_common_version, "1.2 is switched off",
       [](Scene& s) {
         s.config.tls12 = false;
         s.handshake(hello12().whole());
       }},
      {Error::inappropriate_fallback, "1.2 although both speak 1.3",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.suites({0xc02f, 0x5600}); }, hello12())); }},
      {Error::no_common_cipher_suite, "TLS 1.3",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.suites({0xc02f}); })); }},
      {Error::no_common_cipher_suite, "TLS 1.2",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.suites({0x1301, 0x002f}); }, hello12())); }},
      {Error::no_common_cipher_suite, "RSA key exchange without an RSA certificate",
       [](Scene& s) {
         change_identities(s.config, [](Identities& all) { all.list[0].credentials.pop_back(); });
         s.hello_classic();
       }},
      {Error::no_common_cipher_suite, "RSA key exchange with a certificate for signatures only",
       [](Scene& s) {
         change_identities(s.config, [](Identities& all) { all.list[0].credentials.back().may_encipher = false; });
         s.hello_classic();
       }},
      {Error::no_common_group, "TLS 1.3",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) {
           h.set(ExtensionType::supported_groups, vector16(list16({0x0100})));
           h.set(ExtensionType::key_share, vector16({}));
         }));
       }},
      {Error::no_common_group, "TLS 1.2",
       [](Scene& s) {
         s.handshake(hello_of(
             [](Hello& h) {
               h.suites({0xc02f});
               h.set(ExtensionType::supported_groups, vector16(list16({0x0019})));
             },
             hello12()));
       }},
      {Error::no_common_group, "TLS 1.2 without a list, and P-256 switched off",
       [](Scene& s) {
         s.config.groups = {crypto::NamedGroup::x25519};
         s.handshake(hello_of([](Hello& h) { h.remove(ExtensionType::supported_groups); }, hello12()));
       }},
      {Error::no_common_signature_scheme, "TLS 1.3",
       [](Scene& s) {
         s.handshake(hello_of(
             [](Hello& h) { h.set(ExtensionType::signature_algorithms, vector16(list16({0x0401, 0x0203}))); }));
       }},
      {Error::no_common_signature_scheme, "TLS 1.2 without a list means SHA-1",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) { h.remove(ExtensionType::signature_algorithms); }, hello12()));
       }},
      {Error::no_common_signature_scheme, "TLS 1.2 without extensions",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.with_extensions = false; }, hello12())); }},
      {Error::extended_master_secret_dropped, "session with it, hello without",
       [](Scene& s) {
         TicketOffer offer(s.config);
         offer.of_tls12();
         s.handshake(hello_of(
             [&](Hello& h) {
               h.set(ExtensionType::session_ticket, offer.ticket());
               h.remove(ExtensionType::extended_master_secret);
             },
             hello12()));
       }},
      {Error::no_null_compression, "TLS 1.2 with a ticket",
       [](Scene& s) {
         TicketOffer offer(s.config);
         offer.of_tls12();
         s.handshake(hello_of(
             [&](Hello& h) {
               h.set(ExtensionType::session_ticket, offer.ticket());
               h.compression_methods = {1};
             },
             hello12()));
       }},
      {Error::no_null_compression, "TLS 1.3",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.compression_methods = {1, 0}; })); }},
      {Error::no_null_compression, "TLS 1.2",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.compression_methods = {1}; }, hello12())); }},
      {Error::no_common_alpn, "none of ours",
       [](Scene& s) {
         s.handshake(hello_of([](Hello& h) { h.set(ExtensionType::alpn, vector16(vector8(text("h3")))); }));
       }},
      {Error::unknown_server_name, "strict",
       [](Scene& s) {
         s.config.strict_sni = true;
         s.handshake(hello13().whole());
       }},
      {Error::bad_key_share, "wrong length",
       [](Scene& s) {
         s.handshake(
             hello_of([](Hello& h) { h.set(ExtensionType::key_share, vector16(key_share(kX25519, Buffer(33, 1)))); }));
       }},
      {Error::bad_key_share, "X25519 of zeros",
       [](Scene& s) {
         s.handshake(
             hello_of([](Hello& h) { h.set(ExtensionType::key_share, vector16(key_share(kX25519, Buffer(32, 0)))); }));
       }},
      {Error::bad_key_share, "compressed or hybrid point",
       [](Scene& s) {
         Buffer key(65, 7);
         key[0] = 6;
         s.handshake(hello_of([&](Hello& h) { h.set(ExtensionType::key_share, vector16(key_share(kP256, key))); }));
       }},
      {Error::bad_key_share, "TLS 1.2, wrong length",
       [](Scene& s) {
         s.hello_12();
         s.handshake(NoneClient::key_exchange(Buffer(31, 0x42)));
       }},
      {Error::bad_key_share, "TLS 1.2, zeros",
       [](Scene& s) {
         s.hello_12();
         s.handshake(NoneClient::key_exchange(Buffer(32, 0)));
       }},
      {Error::bad_cookie, "not ours",
       [](Scene& s) {
         s.config.retry_cookie = true;
         const TicketOffer offer(s.config);
         retry(s, [](Hello& h) { h.set(ExtensionType::cookie, vector16(Buffer(150, 1))); });
       }},
      {Error::malformed_message, "empty cookie",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.set(ExtensionType::cookie, vector16({})); })); }},
      {Error::hello_changed_after_retry, "other random",
       [](Scene& s) { retry(s, [](Hello& h) { h.random[0] ^= 1; }); }},
      {Error::hello_changed_after_retry, "other suites",
       [](Scene& s) { retry(s, [](Hello& h) { h.suites({0x1301}); }); }},
      {Error::hello_changed_after_retry, "another extension",
       [](Scene& s) { retry(s, [](Hello& h) { h.set(0x5555, {}); }); }},
      {Error::hello_changed_after_retry, "the same share again",
       [](Scene& s) { retry(s, [](Hello& h) { h = hello13(); }); }},
      {Error::hello_changed_after_retry, "no share",
       [](Scene& s) { retry(s, [](Hello& h) { h.set(ExtensionType::key_share, vector16({})); }); }},
      {Error::hello_changed_after_retry, "early data",
       [](Scene& s) { retry(s, [](Hello& h) { h.set(ExtensionType::early_data, {}); }); }},
      {Error::bad_renegotiation_info, "not empty",
       [](Scene& s) { s.handshake(hello_of([](Hello& h) { h.set(ExtensionType::renegotiation_info, {1, 7}); })); }},
  };
}

}  // namespace lockstep::tls::test
