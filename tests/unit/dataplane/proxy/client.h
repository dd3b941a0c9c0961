// A client of either kind, so that one test can run over TCP and both versions of TLS.
#pragma once

#include <optional>
#include <string>

#include "tests/unit/dataplane/proxy/tls_stream.h"

namespace lockstep::proxy::test {

enum class Transport { tcp, tls12, tls13 };

inline Mode mode_of(Transport transport) {
  return transport == Transport::tcp ? Mode::tcp : Mode::tls;
}

inline const char* name_of(Transport transport) {
  return transport == Transport::tcp ? "Tcp" : transport == Transport::tls12 ? "Tls12" : "Tls13";
}

class Client {
 public:
  Client(World& world, Transport transport) {
    if (transport == Transport::tcp) {
      plain_ = &world.connect();
    } else {
      tls_.emplace(world, transport == Transport::tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    }
  }
  void send(std::string text) {
    if (tls_.has_value()) return tls_->send(std::move(text));
    plain_->to_send += text;
  }
  /// Nothing more will be sent: close_notify and FIN.
  void close() {
    if (tls_.has_value()) return tls_->close();
    plain_->end = true;
  }
  const std::string& received() const { return tls_.has_value() ? tls_->received : plain_->received; }
  /// The proxy ended its direction properly.
  bool closed() { return stream().ended && (!tls_.has_value() || tls_->closed()); }
  Stream& stream() { return tls_.has_value() ? tls_->stream : *plain_; }
  bool established() { return tls_.has_value() ? tls_->established() : plain_->connected; }
  TlsStream& tls() { return *tls_; }

 private:
  Stream* plain_ = nullptr;
  std::optional<TlsStream> tls_;
};

}  // namespace lockstep::proxy::test
