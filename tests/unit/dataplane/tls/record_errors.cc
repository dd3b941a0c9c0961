#include "tests/unit/dataplane/tls/errors.h"

#include <gtest/gtest.h>

namespace lockstep::tls::test {

using enum ContentType;

std::vector<Row> record_errors() {
  return {
      {Error::not_tls, "plain HTTP", [](Scene& s) { s.send(text("GET / HTTP/1.1\r\n\r\n")); }},
      {Error::not_tls, "SSH, from its first byte on", [](Scene& s) { s.send(text("S")); }},
      {Error::not_tls, "PROXY line", [](Scene& s) { s.send(text("PROXY TCP4 ")); }},
      {Error::not_tls, "SSLv2 hello", [](Scene& s) { s.send({0x80, 0x2e, 0x01, 0x00, 0x02}); }},
      {Error::not_tls, "first record of another major version", [](Scene& s) { s.send({22, 2, 0, 0, 10}); }},
      {Error::malformed_record_header, "later record of another major version",
       [](Scene& s) {
         s.handshake({1});
         s.send({22, 4, 0, 0, 10});
       }},
      {Error::unexpected_record_type, "application data first", [](Scene& s) { s.send(application_data, {1, 2}); }},
      {Error::unexpected_record_type, "heartbeat",
       [](Scene& s) {
         s.handshake({1});
         s.send(static_cast<ContentType>(24), {1});
       }},
      {Error::unexpected_record_type, "plaintext handshake under keys",
       [](Scene& s) {
         s.hello_13();
         s.send(NoneClient::plain(ContentType::handshake, NoneClient::finished13()));
       }},
      {Error::unexpected_record_type, "application data before Finished",
       [](Scene& s) {
         s.hello_13();
         s.send(application_data, text("early"));
       }},
      {Error::unexpected_record_type, "plaintext alert after the handshake",
       [](Scene& s) {
         s.establish13();
         s.send(NoneClient::plain(alert, {2, 40}));
       }},
      {Error::unexpected_record_type, "unknown inner type",
       [](Scene& s) {
         s.establish13();
         s.send(static_cast<ContentType>(99), text("x"));
       }},
      {Error::unexpected_record_type, "data inside a KeyUpdate",
       [](Scene& s) {
         s.establish13();
         s.handshake({24, 0, 0});
         s.send(application_data, text("x"));
       }},
      {Error::unexpected_record_type, "TLS 1.2 data before Finished",
       [](Scene& s) {
         s.hello_12();
         s.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
         s.send(change_cipher_spec, {1});
         s.client.protect(Protection::tls12, NoneClient::kKeys12);
         s.send(application_data, text("early"));
       }},
      {Error::record_too_long, "plaintext record beyond 2^14", [](Scene& s) { s.send({22, 3, 1, 0x40, 0x01}); }},
      {Error::record_too_long, "protected record beyond 2^14 + 256",
       [](Scene& s) {
         s.establish13();
         s.send({23, 3, 3, 0x41, 0x01});
       }},
      {Error::record_too_long, "content beyond 2^14",
       [](Scene& s) {
         s.establish13();
         s.send(application_data, Buffer(16385, 'x'));
       }},
      {Error::record_too_long, "padding beyond 2^14 + 1",
       [](Scene& s) {
         s.establish13();
         s.send(s.client.record(application_data, text("x"), 16385));
       }},
      {Error::record_too_long, "TLS 1.2 content beyond 2^14",
       [](Scene& s) {
         s.establish12();
         s.send(application_data, Buffer(16385, 'x'));
       }},
      {Error::record_too_long, "CBC record beyond 2^14 + 2048",
       [](Scene& s) {
         s.establish_classic();
         s.send({23, 3, 3, 0x48, 0x01});
       }},
      {Error::record_too_long, "CBC content beyond 2^14",
       [](Scene& s) {
         s.establish_classic();
         s.send(application_data, Buffer(16385, 'x'));
       }},
      {Error::record_too_long, "CBC content that fills the longest record",
       [](Scene& s) {
         s.establish_classic();
         s.send(application_data, Buffer(18432 - 16 - 20 - 16, 'x'));
       }},
      {Error::empty_record, "empty handshake record", [](Scene& s) { s.handshake({}); }},
      {Error::empty_record, "empty alert",
       [](Scene& s) {
         s.handshake({1});
         s.send(alert, {});
       }},
      {Error::empty_record, "empty protected handshake record",
       [](Scene& s) {
         s.establish13();
         s.handshake({});
       }},
      {Error::empty_record, "empty protected alert",
       [](Scene& s) {
         s.establish12();
         s.send(alert, {});
       }},
      {Error::too_many_empty_records, "33 in a row",
       [](Scene& s) {
         s.establish13();
         for (int i = 0; i < 33; ++i) s.send(application_data, {});
       }},
      {Error::too_many_empty_records, "33 in a row, CBC",
       [](Scene& s) {
         s.establish_classic();
         for (int i = 0; i < 33; ++i) s.send(application_data, {});
       }},
      {Error::bad_record, "changed CBC record",
       [](Scene& s) {
         s.establish_classic();
         Buffer record = s.client.record(application_data, text("hello"));
         record[7] ^= 1;
         s.send(record);
       }},
      {Error::bad_record, "CBC record of another type",
       [](Scene& s) {
         s.establish_classic();
         Buffer record = s.client.record(application_data, text("hello"));
         record[0] = 22;
         s.send(record);
       }},
      {Error::bad_record, "a CBC record twice",
       [](Scene& s) {
         s.establish_classic();
         const Buffer record = s.client.record(application_data, text("hello"));
         s.send(record);
         s.send(record);
       }},
      {Error::bad_record, "CBC record without a byte",
       [](Scene& s) {
         s.establish_classic();
         s.send(NoneClient::plain(application_data, {}));
       }},
      {Error::bad_record, "CBC record without room for IV, MAC and padding",
       [](Scene& s) {
         s.establish_classic();
         s.send(NoneClient::plain(application_data, Buffer(36, 0)));
       }},
      {Error::bad_record, "changed ciphertext",
       [](Scene& s) {
         s.establish13();
         Buffer record = s.client.record(application_data, text("hello"));
         record[7] ^= 1;
         s.send(record);
       }},
      {Error::bad_record, "changed header",
       [](Scene& s) {
         s.establish13();
         Buffer record = s.client.record(application_data, text("hello"));
         record[2] = 1;
         s.send(record);
       }},
      {Error::bad_record, "a record twice",
       [](Scene& s) {
         s.establish13();
         const Buffer record = s.client.record(application_data, text("hello"));
         s.send(record);
         s.send(record);
       }},
      {Error::bad_record, "a record left out",
       [](Scene& s) {
         s.establish12();
         s.client.record(application_data, text("gone"));
         s.send(application_data, text("hello"));
       }},
      {Error::bad_record, "shorter than a tag",
       [](Scene& s) {
         s.establish13();
         s.send(NoneClient::plain(application_data, Buffer(16, 0)));
       }},
      {Error::bad_record, "TLS 1.2 record without room for nonce and tag",
       [](Scene& s) {
         s.establish12();
         s.send(NoneClient::plain(application_data, Buffer(23, 0)));
       }},
      {Error::bad_record, "more early data than is passed over",
       [](Scene& s) {
         Hello hello = hello13();
         hello.set(ExtensionType::early_data, {});
         s.handshake(hello.whole());
         s.protection = Protection::tls13;
         for (int i = 0; i < 5; ++i) s.send(NoneClient::plain(application_data, Buffer(16000, 7)));
       }},
      {Error::missing_content_type, "only zeros",
       [](Scene& s) {
         s.establish13();
         s.send(s.client.protected_record(application_data, Buffer(100, 0)));
       }},
      {Error::bad_change_cipher_spec, "before the hello", [](Scene& s) { s.send(change_cipher_spec, {1}); }},
      {Error::bad_change_cipher_spec, "of value 2",
       [](Scene& s) {
         s.hello_13();
         s.send(NoneClient::plain(change_cipher_spec, {2}));
       }},
      {Error::bad_change_cipher_spec, "of two bytes",
       [](Scene& s) {
         s.hello_13();
         s.send(NoneClient::plain(change_cipher_spec, {1, 1}));
       }},
      {Error::bad_change_cipher_spec, "twice",
       [](Scene& s) {
         s.hello_13();
         s.send(NoneClient::plain(change_cipher_spec, {1}));
         s.send(NoneClient::plain(change_cipher_spec, {1}));
       }},
      {Error::bad_change_cipher_spec, "after the handshake",
       [](Scene& s) {
         s.establish13();
         s.send(NoneClient::plain(change_cipher_spec, {1}));
       }},
      {Error::bad_change_cipher_spec, "protected",
       [](Scene& s) {
         s.establish13();
         s.send(change_cipher_spec, {1});
       }},
      {Error::bad_change_cipher_spec, "TLS 1.2, before the key exchange",
       [](Scene& s) {
         s.hello_12();
         s.send(change_cipher_spec, {1});
       }},
      {Error::bad_change_cipher_spec, "TLS 1.2, twice",
       [](Scene& s) {
         s.hello_12();
         s.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
         s.send(change_cipher_spec, {1});
         s.send(change_cipher_spec, {1});
       }},
      {Error::malformed_alert, "one byte",
       [](Scene& s) {
         s.hello_12();
         s.send(alert, {2});
       }},
      {Error::malformed_alert, "three bytes, protected",
       [](Scene& s) {
         s.establish13();
         s.send(alert, {2, 40, 0});
       }},
      {Error::too_many_alerts, "TLS 1.2 warnings",
       [](Scene& s) {
         s.establish12();
         for (int i = 0; i < 5; ++i) s.send(alert, {1, 100});
       }},
      {Error::too_many_alerts, "user_canceled",
       [](Scene& s) {
         s.establish13();
         for (int i = 0; i < 5; ++i) s.send(alert, {1, 90});
       }},
      {Error::handshake_message_too_long, "from its header on", [](Scene& s) { s.handshake({1, 1, 0, 1}); }},
      {Error::handshake_message_too_long, "by configuration",
       [](Scene& s) {
         s.config.max_handshake_message = 100;
         s.handshake(hello13().whole());
       }},
      {Error::handshake_message_too_long, "renegotiating",
       [](Scene& s) {
         s.establish12();
         s.handshake({1, 1, 0, 1});
       }},
      {Error::data_across_key_change, "behind ClientHello",
       [](Scene& s) { s.handshake(join({hello13().whole(), {20}})); }},
      {Error::data_across_key_change, "behind the second ClientHello", [](Scene& s) { retry(s, [](Hello&) {}, {20}); }},
      {Error::data_across_key_change, "behind Finished",
       [](Scene& s) {
         s.hello_13();
         s.handshake(join({NoneClient::finished13(), {24}}));
       }},
      {Error::data_across_key_change, "behind KeyUpdate",
       [](Scene& s) {
         s.establish13();
         s.handshake(join({key_update(0), {24}}));
       }},
      {Error::data_across_key_change, "behind the key exchange",
       [](Scene& s) {
         s.hello_12();
         s.handshake(join({NoneClient::key_exchange(Buffer(32, 0x42)), {20}}));
         s.send(change_cipher_spec, {1});
       }},
      {Error::data_across_key_change, "behind the TLS 1.2 Finished",
       [](Scene& s) {
         s.hello_12();
         s.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
         s.send(change_cipher_spec, {1});
         s.client.protect(Protection::tls12, NoneClient::kKeys12);
         s.handshake(join({NoneClient::finished12(), {20}}));
       }},
  };
}

}  // namespace lockstep::tls::test
