// A TLS client (libssl) on a stream of the peer host.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "tests/unit/dataplane/proxy/world.h"

namespace lockstep::proxy::test {

class TlsStream {
 public:
  /// Connects and starts a handshake; `version`: TLS1_2_VERSION or TLS1_3_VERSION.
  /// `session`: offered, may be nullptr.
  explicit TlsStream(World& world, int version = TLS1_3_VERSION, std::uint16_t port = kPort,
                     SSL_SESSION* session = nullptr);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream() { *alive_ = false; }

  /// Plaintext to send; `close`: close_notify and FIN behind it.
  void send(std::string text) { to_send_ += text; }
  void close() { close_ = true; }
  /// Sends the hello with early data, before anything else.
  void send_early(const std::string& text);

  /// Keying material, with a context that has no bytes.
  std::string exported(const std::string& label, std::size_t size) const;

  bool established() const { return SSL_is_init_finished(ssl_.get()) == 1 && !failed; }
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  /// What has been agreed, with the last ticket.
  std::shared_ptr<SSL_SESSION> session() const { return {SSL_get1_session(ssl_.get()), SSL_SESSION_free}; }
  bool closed() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

  Stream& stream;
  std::string received;
  bool failed = false;
  bool silent = false;  // reads and sends nothing for now

 private:
  template <auto release>
  struct Release {
    template <class T>
    void operator()(T* object) const {
      release(object);
    }
  };
  void step();
  void exchange();
  void flush();

  std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Release<SSL_free>> ssl_;
  std::string to_send_;
  bool close_ = false;
  bool closing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lockstep::proxy::test
