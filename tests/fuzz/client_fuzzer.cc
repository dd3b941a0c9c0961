// A whole client session on the engine without security. The input is a script of what the server does, so that
// mutations reach what stands behind keys; a script may go on with the client's next connection, which offers what the
// last one left.
#include "tests/fuzz/fuzzer.h"
#include "tests/unit/dataplane/tls/client_scene.h"

namespace lockstep::tls::test {
namespace {

enum class Step : std::uint8_t {
  bytes,        // as they are
  plain,        // a record in plaintext
  hello,        // a ServerHello in plaintext, with the client's session identifier
  record,       // protected by the keys chosen last
  handshake13,  // choose keys
  application13,
  updated13,
  keys12,
  write,
  fin,
  shutdown,
  timeout,
  next_connection,
  count,
};

ClientConfig config_of(std::uint8_t choice) {
  ClientConfig config;
  config.server_name = config.certified_name = "example.org";
  config.tls12 = (choice & 1U) == 0;
  config.tls13 = (choice & 2U) == 0 || !config.tls12;
  if ((choice & 4U) == 0) config.alpn = {"h2", "http/1.1"};
  if ((choice & 8U) != 0) config.session_lifetime = {};
  if ((choice & 16U) != 0) config.server_name.clear();
  if ((choice & 32U) != 0) config.max_handshake_message = 600;
  if ((choice & 64U) != 0) config.identity = none_config().identities->list.front();
  if ((choice & 128U) != 0) config.groups = {crypto::NamedGroup::secp256r1, crypto::NamedGroup::x25519};
  return config;
}

struct Play {
  Play(const ClientConfig& config_in, crypto::Engine& engine, const DriverOptions& options)
      : config(config_in), client(config, engine, options) {}

  void step(fuzz::Input& input);
  void run();

  const ClientConfig config;
  Driver client;
  NoneClient server;
  Buffer session_id = Buffer(32, 0);

 private:
  // Where a hello has it: behind the record's header, the message's, version and random, and its length.
  static constexpr std::size_t kInServerHello = 4 + 2 + 32 + 1;
  static constexpr std::size_t kInRecord = 5 + kInServerHello;
};

void Play::run() {
  client.run();
  const Buffer sent = client.take_output();
  const bool hello = sent.size() >= kInRecord + session_id.size() && sent[0] == 22 && sent[5] == 1;
  if (hello && sent[kInRecord - 1] == session_id.size())
    session_id.assign(sent.begin() + kInRecord, sent.begin() + kInRecord + 32);
}

void Play::step(fuzz::Input& input) {
  switch (static_cast<Step>(input.below(static_cast<std::uint8_t>(Step::count)))) {
    case Step::bytes:
      return client.feed(input.rest_of_step());
    case Step::plain: {
      const auto type = static_cast<ContentType>(input.byte());
      return client.feed(NoneClient::plain(type, input.rest_of_step()));
    }
    case Step::hello: {
      Buffer hello = input.rest_of_step();
      if (hello.size() >= kInServerHello + session_id.size())
        std::copy(session_id.begin(), session_id.end(), hello.begin() + kInServerHello);
      return client.feed(NoneClient::plain(ContentType::handshake, hello));
    }
    case Step::record: {
      const auto type = static_cast<ContentType>(input.byte());
      return client.feed(server.record(type, input.rest_of_step()));
    }
    case Step::handshake13:
      return server.protect(Protection::tls13, 0x11);
    case Step::application13:
      return server.protect(Protection::tls13, 0x21);
    case Step::updated13:
      return server.protect(Protection::tls13, 0x33);
    case Step::keys12:
      return server.protect(Protection::tls12, 0x61);
    case Step::write:
      return client.send(std::string(1 + input.byte(), 'w'));
    case Step::fin:
      return client.fin();
    case Step::shutdown:
      return client.shutdown();
    case Step::timeout:
      return client.timeout(client.now + seconds(60));
    case Step::next_connection:
      server.protect(Protection::none, 0);
      return client.restart(config);
    case Step::count:
      break;
  }
}

}  // namespace

void run_one(Bytes bytes) {
  static lockstep::test::NoneEngine engine;
  fuzz::Input input(bytes);
  const ClientConfig config = config_of(input.byte());
  DriverOptions options;
  options.limits = {.cached_sessions = 0,
                    .early_data_hellos = 1,
                    .handshakes = 0,
                    .client_handshakes = 1,
                    .client_sessions = 3,
                    .ticket_receivers = 1,
                    .exporters = 0,
                    .client_identities = 0,
                    .large_messages = 1,
                    .record_jobs = 20};
  const std::uint8_t pieces = input.byte();
  options.piece = pieces < 128 ? 0 : pieces - 127U;
  Play play(config, engine, options);
  play.run();
  while (input.next_step()) {
    play.step(input);
    play.run();
  }
  play.client.fin();
  play.run();
  EXPECT_TRUE(play.client.session().idle());
  EXPECT_NE(play.client.session().info().error, Error::engine_failed);
}

}  // namespace lockstep::tls::test

LOCKSTEP_FUZZER(lockstep::tls::test::run_one)
