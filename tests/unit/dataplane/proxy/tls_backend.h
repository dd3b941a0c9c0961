// A TLS server (libssl) on a stream that the peer host has accepted: a backend with a certificate.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "tests/unit/dataplane/proxy/world.h"

namespace lockstep::proxy::test {

class TlsBackend {
 public:
  /// Waits for the connection number `index` to `port`. `certificate` and `key`: PEM.
  TlsBackend(World& world, std::uint16_t port, const std::string& certificate, const std::string& key,
             std::size_t index = 0, std::size_t skip = 0);
  TlsBackend(const TlsBackend&) = delete;
  TlsBackend& operator=(const TlsBackend&) = delete;
  ~TlsBackend() { *alive_ = false; }

  /// Before the first turn: asks for a certificate, and takes none that it is shown, or whoever shows one.
  void refuse_certificates() { SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, nullptr); }
  void take_any_certificate() {
    SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }
  void send(const std::string& text) { to_send_ += text; }
  /// close_notify, then FIN.
  void close() { close_ = true; }
  bool established() const { return SSL_is_init_finished(ssl_.get()) == 1 && !failed; }
  bool closed() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  std::string server_name() const;

  Stream& stream;
  std::string received;
  std::string plain;  // the first bytes, which were not for TLS
  bool failed = false;
  std::string failure;

 private:
  struct Release {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  void step();
  void read_and_write();

  std::unique_ptr<SSL_CTX, Release> context_;
  std::unique_ptr<SSL, Release> ssl_;
  std::size_t skip_;
  std::string to_send_;
  bool close_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lockstep::proxy::test
