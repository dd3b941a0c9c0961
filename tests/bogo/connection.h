// One connection of the shim: a TLS session over a socket, and the runner's small application on top of it.
#pragma once

#include <string>

#include "crypto/batch.h"
#include "dataplane/tls/session.h"
#include "tests/bogo/chunks.h"
#include "tests/bogo/flags.h"

namespace lockstep::bogo {

/// What the sessions of a shim share: a core (with its session cache), engine and batch, and buffers from the heap.
class Shared final : public tls::Environment {
 public:
  explicit Shared(crypto::Engine& engine);
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() override;

  void submit(crypto::Job& job) override { batch_.submit(job, now()); }
  tls::OutputBuffer output_buffer(std::uint32_t capacity) override;
  void release(const tls::OutputBuffer& buffer) override;
  bool ask(crypto::RemoteJob&) override { return false; }
  void forget(std::uint64_t record_keys_id) override { batch_.forget(record_keys_id); }

  tls::Core& core() { return *core_; }
  crypto::Batch& batch() { return batch_; }
  static Instant now();

 private:
  Random random_;
  crypto::Batch batch_;
  std::unique_ptr<tls::Core, void (*)(tls::Core*)> core_;
};

class Connection {
 public:
  Connection(Shared& shared, const tls::ServerConfig& config, const Settings& settings, int socket)
      : shared_(shared), settings_(settings), socket_(socket), session_(shared.core(), config, {}, Shared::now()) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Plays the handshake and the application until both sides are done. Empty, or why it failed: a name of tls::Error
  /// for a failure of the session.
  std::string play();
  tls::SessionInfo info() const { return session_.info(); }

 private:
  void begin_application();
  void echo(Bytes bytes);
  void apply();
  void turn();
  bool send_all(Bytes bytes) const;
  bool read_more();

  Shared& shared_;
  const Settings& settings_;
  int socket_;
  tls::Session session_;
  tls::Effects effects_;
  Chunks input_;
  Chunks plaintext_;  // to send
  bool receive_due_ = false;
  bool write_due_ = false;
  bool established_ = false;
  bool peer_closed_ = false;
  bool shut_down_ = false;
  bool broken_ = false;  // the socket
  tls::Close close_ = tls::Close::none;
};

}  // namespace lockstep::bogo
