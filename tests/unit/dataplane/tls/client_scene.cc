#include "tests/unit/dataplane/tls/client_scene.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/client_certificate.h"

namespace lockstep::tls::test {

namespace {

constexpr std::uint8_t kServerHandshake = 0x11;
constexpr std::uint8_t kServerApplication = 0x21;
constexpr std::uint8_t kServerKeys12 = 0x61;

}  // namespace

Buffer ticket13(const Buffer& ticket, std::uint32_t lifetime, const Buffer& nonce, const Buffer& extensions) {
  return message(
      4, join({integer(lifetime, 4), integer(0x01020304, 4), vector8(nonce), vector16(ticket), vector16(extensions)}));
}

Buffer server_finished() {
  return message(20, Buffer(32, lockstep::test::kNoneServerFinished));
}

ClientScene::ClientScene() {
  config.server_name = config.certified_name = "example.org";
  config.alpn = {"h2", "http/1.1"};
}

Driver& ClientScene::client() {
  if (client_ == nullptr) {
    client_ = std::make_unique<Driver>(config, *engine, options);
    client_->run();
  }
  return *client_;
}

std::vector<ServerRecord> ClientScene::records() {
  const Buffer more = client().take_output();
  output_.insert(output_.end(), more.begin(), more.end());
  return server_records(output_, protection);
}

ServerHelloText ClientScene::server_hello() {
  ServerHelloText hello;
  hello.random = Buffer(32, 0x33);
  const Buffer client_hello = records().front().content;
  const auto session_id = client_hello.begin() + 4 + 2 + 32 + 1;
  hello.session_id.assign(session_id, session_id + 32);
  hello.set(ExtensionType::supported_versions, u16(0x0304));
  hello.set(ExtensionType::key_share, key_share(kX25519, Buffer(32, 0x42)));
  return hello;
}

ServerHelloText ClientScene::retry_request() {
  ServerHelloText request = server_hello();
  std::array<std::uint8_t, kMaxDigest> random{};
  digest_of(Hash::sha256, text_bytes("HelloRetryRequest"), random);
  request.random.assign(random.begin(), random.begin() + 32);
  request.set(ExtensionType::key_share, u16(kP256));
  return request;
}

void ClientScene::send(ContentType type, const Buffer& content) {
  client().feed(server.record(type, content));
  client().run();
}

void ClientScene::answer() {
  client();
  handshake(server_hello().whole());
  server.protect(Protection::tls13, kServerHandshake);
}

void ClientScene::encrypted_extensions(const Buffer& extensions) {
  handshake(message(8, vector16(extensions)));
}

void ClientScene::certificate() {
  answer();
  encrypted_extensions();
  handshake(certificate13(entry13(none_certificate())));
}

void ClientScene::verify() {
  certificate();
  handshake(certificate_verify());
}

void ClientScene::establish() {
  verify();
  handshake(server_finished());
  ASSERT_TRUE(client().established) << describe(client().session().info().error);
  server.protect(Protection::tls13, kServerApplication);
}

void ClientScene::come_back(const Buffer& ticket_message) {
  establish();
  handshake(ticket_message);
  begin_again();
}

void ClientScene::begin_again() {
  client().restart(config);
  server.protect(Protection::none, 0);
  protection = Protection::tls13;
  output_.clear();
  client().run();
}

ServerHelloText ClientScene::server_hello12(bool promise_ticket) {
  client();
  ServerHelloText hello;
  hello.random = Buffer(32, 0x33);
  hello.session_id = {};
  hello.suite = 0xc02b;
  hello.extensions.clear();
  hello.set(ExtensionType::extended_master_secret, {});
  hello.set(ExtensionType::renegotiation_info, {0});
  if (promise_ticket) hello.set(ExtensionType::session_ticket, {});
  return hello;
}

void ClientScene::answer12(bool promise_ticket) {
  handshake(server_hello12(promise_ticket).whole());
  protection = Protection::tls12;
}

void ClientScene::certificate12_and_keys() {
  handshake(certificate12(vector24(none_certificate())));
  handshake(key_exchange12());
}

void ClientScene::flight12(bool promise_ticket) {
  answer12(promise_ticket);
  certificate12_and_keys();
  handshake(server_hello_done());
}

void ClientScene::change_keys12() {
  send(ContentType::change_cipher_spec, {1});
  server.protect(Protection::tls12, kServerKeys12);
}

void ClientScene::establish12() {
  flight12();
  change_keys12();
  handshake(server_finished12());
  ASSERT_TRUE(client().established) << describe(client().session().info().error);
}

void ClientScene::come_back12(const Buffer& ticket) {
  flight12(true);
  handshake(ticket12(ticket));
  change_keys12();
  handshake(server_finished12());
  ASSERT_TRUE(client().established) << describe(client().session().info().error);
  begin_again();
}

ServerHelloText ClientScene::resuming_hello12() {
  ServerHelloText hello = server_hello12();
  hello.session_id = server_hello().session_id;
  return hello;
}

void ClientScene::resume12() {
  handshake(resuming_hello12().whole());
  protection = Protection::tls12;
}

ServerHelloText ClientScene::resuming_hello() {
  ServerHelloText hello = server_hello();
  hello.set(ExtensionType::pre_shared_key, u16(0));
  return hello;
}

void ClientScene::resume() {
  handshake(resuming_hello().whole());
  server.protect(Protection::tls13, kServerHandshake);
  encrypted_extensions();
}

Buffer key_exchange12(std::uint16_t group, const Buffer& key, std::uint16_t scheme, const Buffer& signature) {
  return message(12, join({{3}, u16(group), vector8(key), u16(scheme), vector16(signature)}));
}

Buffer server_hello_done() {
  return message(14, {});
}

Buffer certificate_request12() {
  return message(13, join({vector8({1, 64}), vector16(list16({0x0403, 0x0804})), vector16(vector16({0x30, 0}))}));
}

Buffer ticket12(const Buffer& ticket, std::uint32_t lifetime) {
  return message(4, join({integer(lifetime, 4), vector16(ticket)}));
}

Buffer server_finished12() {
  return message(20, Buffer(12, lockstep::test::kNoneServerFinished));
}

}  // namespace lockstep::tls::test
