// A client or a server from libssl, over memory.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/unit/dataplane/tls/harness.h"

namespace lockstep::tls::test {

class LibsslPeer {
 public:
  /// `setup` may change the context and the connection before the handshake.
  explicit LibsslPeer(const std::function<void(SSL_CTX*)>& setup_context = {},
                      const std::function<void(SSL*)>& setup = {});

  /// The same for a server, with its certificates (PEM, leaf first) and key.
  LibsslPeer(const std::string& certificates, const std::string& key,
             const std::function<void(SSL_CTX*)>& setup_context = {}, const std::function<void(SSL*)>& setup = {});

  /// Does what can be done with what has arrived: handshake, then reading.
  void step();
  void feed(Bytes bytes);
  Buffer take_output();
  void write(const std::string& plaintext);
  void close() { SSL_shutdown(ssl_.get()); }

  SSL* ssl() { return ssl_.get(); }
  bool established() const { return SSL_is_init_finished(ssl_.get()) == 1 && !failed(); }
  bool failed() const { return !failure.empty(); }
  bool peer_closed() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

  std::string received;
  std::string failure;  // libssl's error

 private:
  void make_connection(const std::function<void(SSL*)>& setup);

  template <auto release>
  struct Release {
    template <class T>
    void operator()(T* object) const {
      release(object);
    }
  };
  std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Release<SSL_free>> ssl_;
};

/// Makes `context` trust an authority (PEM).
void trust(SSL_CTX* context, const std::string& pem);

/// Carries bytes to and fro until both are quiet.
void exchange(Driver& ours, LibsslPeer& theirs);

}  // namespace lockstep::tls::test
