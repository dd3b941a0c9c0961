// Early data that was accepted, and then is not as it has to be.
#include "tests/unit/dataplane/tls/errors.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {

using enum ContentType;

namespace {

const Buffer kEnd = message(5, {});

// Up to where early data is awaited: 100 bytes of it are allowed.
void offer(Scene& scene) {
  TicketOffer ticket(scene.config);
  ticket.allow_early_data(scene.config, 100, scene.server().now);
  Hello hello = hello13();
  hello.set(ExtensionType::early_data, {});
  ticket.add_to(hello);
  scene.handshake(hello.whole());
  scene.protection = Protection::tls13;
  scene.client.protect(Protection::tls13, NoneClient::kEarly13);
}

}  // namespace

std::vector<Row> early_data_errors() {
  return {
      {Error::too_much_early_data, "a byte more than the ticket allows",
       [](Scene& s) {
         offer(s);
         s.send(application_data, Buffer(60, 'x'));
         s.send(application_data, Buffer(41, 'x'));
       }},
      {Error::unexpected_handshake_message, "Finished without EndOfEarlyData",
       [](Scene& s) {
         offer(s);
         s.handshake(NoneClient::finished13());
       }},
      {Error::bad_record, "keys changed without EndOfEarlyData",
       [](Scene& s) {
         offer(s);
         s.client.protect(Protection::tls13, NoneClient::kHandshake13);
         s.handshake(NoneClient::finished13());
       }},
      {Error::bad_record, "early data behind EndOfEarlyData",
       [](Scene& s) {
         offer(s);
         s.handshake(kEnd);
         s.send(application_data, text("x"));
       }},
      {Error::unexpected_record_type, "application data under the handshake's keys",
       [](Scene& s) {
         offer(s);
         s.handshake(kEnd);
         s.client.protect(Protection::tls13, NoneClient::kHandshake13);
         s.send(application_data, text("x"));
       }},
      {Error::unexpected_handshake_message, "a second EndOfEarlyData",
       [](Scene& s) {
         offer(s);
         s.handshake(kEnd);
         s.client.protect(Protection::tls13, NoneClient::kHandshake13);
         s.handshake(kEnd);
       }},
      {Error::malformed_message, "EndOfEarlyData with content",
       [](Scene& s) {
         offer(s);
         s.handshake(message(5, {0}));
       }},
      {Error::data_across_key_change, "Finished in EndOfEarlyData's record",
       [](Scene& s) {
         offer(s);
         s.handshake(join({kEnd, NoneClient::finished13()}));
       }},
      {Error::unexpected_record_type, "early data within EndOfEarlyData",
       [](Scene& s) {
         offer(s);
         s.handshake({5, 0});
         s.send(application_data, text("x"));
       }},
      {Error::unexpected_handshake_message, "EndOfEarlyData where none was accepted",
       [](Scene& s) {
         s.hello_13();
         s.handshake(kEnd);
       }},
      {Error::too_many_empty_records, "empty early data",
       [](Scene& s) {
         offer(s);
         for (int i = 0; i < 33; ++i) s.send(application_data, {});
       }},
      {Error::bad_record, "damaged early data: it is not passed over",
       [](Scene& s) {
         offer(s);
         Buffer record = s.client.record(application_data, text("x"));
         record.back() ^= 1;
         s.send(record);
       }},
      {Error::unexpected_record_type, "an alert in plaintext behind EndOfEarlyData",
       [](Scene& s) {
         offer(s);
         s.handshake(kEnd);
         s.send(NoneClient::plain(alert, {2, 40}));
       }},
  };
}

}  // namespace lockstep::tls::test
