// A whole server session on the engine without security. The input is a script, so that mutations reach what stands
// behind keys: each step sends bytes, or a record that is protected as the server expects it, or something else that
// can happen to a connection.
#include "tests/fuzz/fuzzer.h"
#include "tests/unit/dataplane/tls/client_certificate.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

enum class Step : std::uint8_t {
  bytes,        // as they are
  plain,        // a record in plaintext
  record,       // protected by the keys chosen last
  handshake13,  // choose keys
  application13,
  updated13,
  keys12,
  cbc12,
  write,
  fin,
  shutdown,
  timeout,
  early13,
  count,
};

// Those of the seeds, early data beside them.
void take_tickets(ServerConfig& config) {
  static const std::shared_ptr<const TicketKeys> keys = TicketOffer(config).keys;
  config.ticket_keys = keys;
  config.max_early_data = 100;
}

ServerConfig config_of(std::uint8_t choice) {
  ServerConfig config = none_config();
  config.cipher_suites = all_cipher_suites();
  config.tls12 = (choice & 1U) == 0;
  config.tls13 = (choice & 2U) == 0 || !config.tls12;
  config.strict_sni = (choice & 4U) != 0;
  config.prefer_server_order = (choice & 8U) == 0;
  if ((choice & 16U) != 0) config.alpn.clear();
  if ((choice & 32U) != 0) config.max_handshake_message = 600;
  if ((choice & 64U) != 0) ask(config, (choice & 1U) != 0);
  if ((choice & 128U) != 0) take_tickets(config);
  return config;
}

void take_step(fuzz::Input& input, Driver& server, NoneClient& client) {
  switch (static_cast<Step>(input.below(static_cast<std::uint8_t>(Step::count)))) {
    case Step::bytes:
      server.feed(input.rest_of_step());
      break;
    case Step::plain: {
      const auto type = static_cast<ContentType>(input.byte());
      server.feed(NoneClient::plain(type, input.rest_of_step()));
      break;
    }
    case Step::record: {
      const auto type = static_cast<ContentType>(input.byte());
      server.feed(client.record(type, input.rest_of_step()));
      break;
    }
    case Step::handshake13:
      client.protect(Protection::tls13, NoneClient::kHandshake13);
      break;
    case Step::application13:
      client.protect(Protection::tls13, NoneClient::kApplication13);
      break;
    case Step::updated13:
      client.protect(Protection::tls13, NoneClient::kUpdated13);
      break;
    case Step::keys12:
      client.protect(Protection::tls12, NoneClient::kKeys12);
      break;
    case Step::cbc12:
      client.protect_cbc(crypto::CbcSuite::aes_128_sha1);
      break;
    case Step::write:
      server.send(std::string(1 + input.byte(), 'w'));
      break;
    case Step::fin:
      server.fin();
      break;
    case Step::shutdown:
      server.shutdown();
      break;
    case Step::timeout:
      server.timeout(server.now + seconds(60));
      break;
    case Step::early13:
      client.protect(Protection::tls13, NoneClient::kEarly13);
      break;
    case Step::count:
      break;
  }
}

}  // namespace

void run_one(Bytes bytes) {
  static lockstep::test::NoneEngine engine;
  fuzz::Input input(bytes);
  const ServerConfig config = config_of(input.byte());
  DriverOptions options;
  options.limits = {.cached_sessions = 4,
                    .early_data_hellos = 4,
                    .handshakes = 1,
                    .client_handshakes = 1,
                    .client_sessions = 0,
                    .ticket_receivers = 0,
                    .exporters = 1,
                    .client_identities = 1,
                    .large_messages = 1,
                    .record_jobs = 20};
  const std::uint8_t pieces = input.byte();
  options.piece = pieces < 128 ? 0 : pieces - 127U;
  Driver server(config, engine, options);
  NoneClient client;
  while (input.next_step()) {
    take_step(input, server, client);
    server.run();
  }
  server.fin();
  server.run();
  const Error error = server.session().info().error;
  EXPECT_TRUE(server.session().idle());
  EXPECT_NE(error, Error::engine_failed);
}

}  // namespace lockstep::tls::test

LOCKSTEP_FUZZER(lockstep::tls::test::run_one)
