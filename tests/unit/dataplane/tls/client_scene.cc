#include "tests/unit/dataplane/tls/client_scene.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/client_certificate.h"

namespace lockstep::tls::test {

namespace {

constexpr std::uint8_t kServerHandshake = 0x11;
constexpr std::uint8_t kServerApplication = 0x21;

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
  return server_records(output_, Protection::tls13);
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
  output_.clear();
  client().run();
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

}  // namespace lockstep::tls::test
