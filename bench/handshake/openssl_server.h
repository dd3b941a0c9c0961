// libssl as the server.
#pragma once

#include <vector>

#include "bench/handshake/scenario.h"
#include "bench/handshake/server.h"

namespace lockstep::bench {

/// SSL_new, SSL_accept and SSL_free with a prepared SSL_CTX. The memory BIOs are made, filled and emptied outside the
/// measured time.
class OpensslServer final : public Server {
 public:
  OpensslServer(SSL_CTX* context, std::size_t connections);

  void start() override;
  void arrive(std::size_t connection, Bytes bytes) override;
  void serve() override;
  Buffer take_output(std::size_t connection) override;
  bool established(std::size_t connection) const override;
  void finish() override;

 private:
  struct Connection {
    crypto::UniqueBio in;
    crypto::UniqueBio out;
    UniqueSsl ssl;
    bool arrived = false;
  };
  SSL_CTX* context_;
  std::vector<Connection> connections_;
};

}  // namespace lockstep::bench
