// Our client with a server on the engine without security.
#pragma once

#include <memory>
#include <vector>

#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {

/// A ServerHello that tests can bend: the fields of a hello, with one suite and one compression method.
struct ServerHelloText : Hello {
  std::uint16_t suite = 0x1301;
  std::uint8_t compression = 0;
  Buffer whole() const {
    const Buffer fixed = join({u16(version), random, vector8(session_id), u16(suite), {compression}});
    return message(2, with_extensions ? join({fixed, vector16(extension_block())}) : fixed);
  }
};

/// Our client with its server.
struct ClientScene {
  ClientScene();

  /// The client, made when first asked for, and its hello.
  Driver& client();
  /// What it has sent so far.
  std::vector<ServerRecord> records();
  /// The answer to its hello, by the book.
  ServerHelloText server_hello();
  ServerHelloText retry_request();
  void send(ContentType type, const Buffer& content);
  void handshake(const Buffer& content) { send(ContentType::handshake, content); }
  /// Sends ServerHello and protects what follows.
  void answer();
  /// Sends messages of the flight up to there, by the book.
  void encrypted_extensions(const Buffer& extensions = {});
  void certificate();
  void verify();
  void establish();
  /// Begins the client's next connection.
  void begin_again();
  /// Establishes a connection, gets a ticket, and begins the next one, in which the ticket is offered.
  void come_back(const Buffer& ticket_message);
  /// The answer that takes the ticket, and EncryptedExtensions.
  ServerHelloText resuming_hello();
  void resume();

  /// The same in TLS 1.2: the answer by the book, with or without a promise of a ticket; up to ServerHelloDone; up to
  /// the server's change_cipher_spec.
  ServerHelloText server_hello12(bool promise_ticket = false);
  void answer12(bool promise_ticket = false);
  void certificate12_and_keys();
  void flight12(bool promise_ticket = false);
  void change_keys12();
  void establish12();
  /// Establishes a connection, gets a ticket, and begins the next one, in which the ticket is offered.
  void come_back12(const Buffer& ticket = Buffer(100, 0x74));
  /// The answer that takes the session.
  ServerHelloText resuming_hello12();
  void resume12();

  lockstep::test::NoneEngine none;
  crypto::Engine* engine = &none;
  ClientConfig config;
  DriverOptions options;
  NoneClient server;                          // makes the server's records
  Protection protection = Protection::tls13;  // of the version spoken

 private:
  std::unique_ptr<Driver> client_;
  Buffer output_;
};

/// The Finished message of a server on that engine.
Buffer server_finished();
/// NewSessionTicket of TLS 1.3.
Buffer ticket13(const Buffer& ticket = Buffer(100, 0x74), std::uint32_t lifetime = 7200, const Buffer& nonce = {0, 0},
                const Buffer& extensions = {});

/// The messages of a TLS 1.2 server on that engine.
Buffer key_exchange12(std::uint16_t group = kX25519, const Buffer& key = Buffer(32, 0x42),
                      std::uint16_t scheme = 0x0403, const Buffer& signature = {lockstep::test::kNoneSignature});
Buffer server_hello_done();
Buffer certificate_request12();
Buffer ticket12(const Buffer& ticket = Buffer(100, 0x74), std::uint32_t lifetime = 7200);
Buffer server_finished12();

}  // namespace lockstep::tls::test
