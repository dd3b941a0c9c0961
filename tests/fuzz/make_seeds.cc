// Writes the seeds of the corpora: connections as they should be, in the form of each fuzzer.
//   make_seeds FOLDER
#include <filesystem>
#include <fstream>

#include "dataplane/tls/server_hello.h"
#include "dataplane/tls/ticket.h"
#include "tests/unit/dataplane/tls/client_certificate.h"
#include "tests/unit/dataplane/tls/client_scene.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

class Folder {
 public:
  Folder(const std::filesystem::path& base, const std::string& target) : path_(base / target) {
    std::filesystem::create_directories(path_);
  }
  void write(const std::string& name, const Buffer& bytes) const {
    std::ofstream(path_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::filesystem::path path_;
};

// As server_fuzzer.cc has them.
enum Step : std::uint8_t {
  kBytes,
  kPlain,
  kRecord,
  kHandshake13,
  kApplication13,
  kUpdated13,
  kKeys12,
  kCbc12,
  kWrite,
  kFin,
  kShutdown,
  kTimeout,
  kEarly13
};

Buffer step(Step what, const Buffer& content = {}) {
  return vector16(join({{what}, content}));
}
Buffer record(Step how, ContentType type, const Buffer& content) {
  return step(how, join({{static_cast<std::uint8_t>(type)}, content}));
}

const Buffer kDefaults = {0, 0};
const Buffer kClientCertificates = {64, 0};
const Buffer kTickets = {128, 0};

Buffer connection13() {
  using enum ContentType;
  return join({kDefaults, record(kPlain, handshake, hello13().whole()), record(kPlain, change_cipher_spec, {1}),
               step(kHandshake13), record(kRecord, handshake, NoneClient::finished13()), step(kApplication13),
               record(kRecord, application_data, text("some data")), step(kWrite, {40}),
               record(kRecord, handshake, message(24, {1})), step(kUpdated13),
               record(kRecord, application_data, Buffer(300, 'x')), record(kRecord, alert, {1, 0}), step(kShutdown)});
}

Buffer connection12() {
  using enum ContentType;
  return join({kDefaults, record(kPlain, handshake, hello12().whole()),
               record(kPlain, handshake, NoneClient::key_exchange(Buffer(32, 0x42))),
               record(kPlain, change_cipher_spec, {1}), step(kKeys12),
               record(kRecord, handshake, NoneClient::finished12()),
               record(kRecord, application_data, text("some data")), step(kWrite, {40}),
               record(kRecord, handshake, hello12().whole()), record(kRecord, alert, {1, 0}), step(kFin)});
}

Buffer connection_classic() {
  using enum ContentType;
  Hello hello = hello12();
  hello.suites({0x002f});
  return join(
      {kDefaults, record(kPlain, handshake, hello.whole()), record(kPlain, handshake, NoneClient::rsa_key_exchange()),
       record(kPlain, change_cipher_spec, {1}), step(kCbc12), record(kRecord, handshake, NoneClient::finished12()),
       record(kRecord, application_data, text("some data")), step(kWrite, {40}), record(kRecord, alert, {1, 0})});
}

Buffer connection_with_certificate13() {
  using enum ContentType;
  return join({kClientCertificates, record(kPlain, handshake, hello13().whole()), step(kHandshake13),
               record(kRecord, handshake, certificate13(entry13(none_certificate()))),
               record(kRecord, handshake, certificate_verify()), record(kRecord, handshake, NoneClient::finished13()),
               step(kApplication13), record(kRecord, application_data, text("some data")), step(kShutdown)});
}

Buffer connection_with_certificate12() {
  using enum ContentType;
  return join({kClientCertificates, record(kPlain, handshake, hello12().whole()),
               record(kPlain, handshake, certificate12(vector24(none_certificate()))),
               record(kPlain, handshake, NoneClient::key_exchange(Buffer(32, 0x42))),
               record(kPlain, handshake, certificate_verify()), record(kPlain, change_cipher_spec, {1}), step(kKeys12),
               record(kRecord, handshake, NoneClient::finished12()), record(kRecord, application_data, text("data")),
               step(kFin)});
}

Buffer connection_with_early_data() {
  using enum ContentType;
  ServerConfig config = none_config();
  TicketOffer ticket(config);
  ticket.allow_early_data(config, 100, Driver::kStart);
  Hello hello = hello13();
  hello.set(ExtensionType::early_data, {});
  ticket.add_to(hello);
  return join({kTickets, record(kPlain, handshake, hello.whole()), step(kEarly13),
               record(kRecord, application_data, text("early")), record(kRecord, handshake, message(5, {})),
               step(kHandshake13), record(kRecord, handshake, NoneClient::finished13()), step(kApplication13),
               record(kRecord, application_data, text("some data")), step(kShutdown)});
}

// As client_fuzzer.cc has them.
enum ClientStep : std::uint8_t {
  kServerBytes,
  kServerPlain,
  kServerHello,
  kServerRecord,
  kServerHandshake13,
  kServerApplication13,
  kServerUpdated13,
  kServerKeys12,
  kClientWrite,
  kServerFin,
  kClientShutdown,
  kClientTimeout,
  kNextConnection
};

Buffer client_step(ClientStep what, const Buffer& content = {}) {
  return vector16(join({{what}, content}));
}
Buffer server_plain(ContentType type, const Buffer& content) {
  return client_step(kServerPlain, join({{static_cast<std::uint8_t>(type)}, content}));
}
Buffer server_record(ContentType type, const Buffer& content) {
  return client_step(kServerRecord, join({{static_cast<std::uint8_t>(type)}, content}));
}

ServerHelloText hello_of_server13() {
  ServerHelloText hello;
  hello.random = Buffer(32, 0x33);
  hello.session_id = Buffer(32, 0);
  hello.extensions.clear();
  hello.set(ExtensionType::supported_versions, u16(0x0304));
  hello.set(ExtensionType::key_share, key_share(kX25519, Buffer(32, 0x42)));
  return hello;
}

ServerHelloText hello_of_server12() {
  ServerHelloText hello;
  hello.random = Buffer(32, 0x33);
  hello.session_id = {};
  hello.suite = 0xc02b;
  hello.extensions.clear();
  hello.set(ExtensionType::extended_master_secret, {});
  hello.set(ExtensionType::renegotiation_info, {0});
  hello.set(ExtensionType::session_ticket, {});
  return hello;
}

Buffer to_client13() {
  using enum ContentType;
  const Buffer schemes = join({u16(13), vector16(vector16(list16({0x0403, 0x0804})))});
  return join({client_step(kServerHello, hello_of_server13().whole()), server_plain(change_cipher_spec, {1}),
               client_step(kServerHandshake13), server_record(handshake, message(8, vector16({}))),
               server_record(handshake, message(13, join({{0}, vector16(schemes)}))),
               server_record(handshake, certificate13(entry13(none_certificate()))),
               server_record(handshake, certificate_verify()), server_record(handshake, server_finished()),
               client_step(kServerApplication13), server_record(handshake, ticket13()),
               server_record(application_data, text("some data")), client_step(kClientWrite, {40}),
               server_record(handshake, message(24, {1})), client_step(kServerUpdated13),
               server_record(alert, {1, 0})});
}

Buffer to_client_again13() {
  using enum ContentType;
  ServerHelloText hello = hello_of_server13();
  hello.set(ExtensionType::pre_shared_key, u16(0));
  return join({client_step(kNextConnection), client_step(kServerHello, hello.whole()), client_step(kServerHandshake13),
               server_record(handshake, message(8, vector16({}))), server_record(handshake, server_finished()),
               client_step(kServerApplication13), server_record(application_data, text("some data")),
               client_step(kClientShutdown)});
}

Buffer to_client12() {
  using enum ContentType;
  return join(
      {server_plain(handshake, hello_of_server12().whole()),
       server_plain(handshake, certificate12(vector24(none_certificate()))), server_plain(handshake, key_exchange12()),
       server_plain(handshake, certificate_request12()), server_plain(handshake, server_hello_done()),
       server_plain(handshake, ticket12()), server_plain(change_cipher_spec, {1}), client_step(kServerKeys12),
       server_record(handshake, server_finished12()), server_record(application_data, text("some data")),
       client_step(kClientWrite, {40}), server_record(handshake, message(0, {})), server_record(alert, {1, 0})});
}

Buffer to_client_again12() {
  using enum ContentType;
  ServerHelloText hello = hello_of_server12();
  hello.session_id = Buffer(32, 0);
  hello.remove(ExtensionType::session_ticket);
  return join({client_step(kNextConnection), client_step(kServerHello, hello.whole()),
               server_plain(change_cipher_spec, {1}), client_step(kServerKeys12),
               server_record(handshake, server_finished12()), server_record(application_data, text("some data")),
               client_step(kServerFin)});
}

// The body, with a share for X25519.
Buffer server_hello() {
  const Buffer random(32, 0x11);
  const Buffer session_id(32, 0);
  const Buffer key(32, 0x42);
  const ServerHelloTls13 hello{random, session_id,  CipherSuite::tls_aes_128_gcm_sha256, crypto::NamedGroup::x25519,
                               key,    std::nullopt};
  std::array<std::uint8_t, kMaxServerHello> out;
  const Bytes body = hello.write(out).subspan(kHandshakeHeader);
  return {body.begin(), body.end()};
}

Buffer session_state() {
  SessionState state;
  std::array<std::uint8_t, SessionState::kMaxSize> out;
  const Bytes written = state.write(out);
  return {written.begin(), written.end()};
}

}  // namespace

void make_seeds(const std::filesystem::path& base) {
  const Folder server(base, "server");
  server.write("tls13", connection13());
  server.write("tls12", connection12());
  server.write("classic", connection_classic());
  server.write("certificate13", connection_with_certificate13());
  server.write("certificate12", connection_with_certificate12());
  server.write("early_data", connection_with_early_data());
  const Folder client(base, "client");
  client.write("tls13", join({kDefaults, to_client13(), to_client_again13()}));
  client.write("tls12", join({kDefaults, to_client12(), to_client_again12()}));
  client.write("certificate13", join({kClientCertificates, to_client13()}));
  client.write("certificate12", join({kClientCertificates, to_client12()}));
  const Folder hello(base, "client_hello");
  hello.write("tls13", hello13().body());
  hello.write("tls12", hello12().body());
  const Folder messages(base, "messages");
  messages.write("ecdhe", join({{0}, NoneClient::key_exchange(Buffer(32, 0x42))}));
  messages.write("rsa", join({{0}, NoneClient::rsa_key_exchange()}));
  messages.write("finished", join({{1}, message(20, Buffer(12, 0))}));
  messages.write("key_update", join({{2}, vector16(message(24, {1}))}));
  messages.write("renegotiation", join({{3}, vector16(hello12().whole())}));
  messages.write("state", join({{4}, session_state()}));
  messages.write("certificate13", join({{6}, certificate13(entry13(none_certificate()))}));
  messages.write("certificate12", join({{7}, certificate12(vector24(none_certificate()))}));
  messages.write("certificate_verify", join({{8}, certificate_verify()}));
  messages.write("server_hello", join({{10}, server_hello()}));
  messages.write("ticket", join({{5}, Buffer(kTicketOverhead + 200, 0)}));
}

}  // namespace lockstep::tls::test

int main(int count, char** arguments) {
  if (count != 2) return 2;
  lockstep::tls::test::make_seeds(arguments[1]);
  return 0;
}
