// Lockstep as the server: what the worker and the proxy do around sessions, without TCP.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "bench/handshake/server.h"
#include "bench/handshake/server_clock.h"
#include "bench/handshake/stages.h"
#include "crypto/batch.h"
#include "dataplane/tls/session.h"

namespace lockstep::bench {

/// Serves in turns like the worker's (dataplane/worker/worker.cc): the connections that have input are pumped, a burst
/// of them at a time; then the batch runs, idle if there was nothing to pump, and completions resume their sessions, up
/// to four passes; until nothing is left to do. Output buffers are made ahead, as the worker's are.
class LockstepServer final : public Server, private tls::Environment {
 public:
  /// Remembers up to `sessions` TLS 1.2 sessions by their identifiers. `times`, when given, is told how long sessions
  /// took to receive; the policy's engines do so themselves. All arguments must outlive the server.
  LockstepServer(const tls::ServerConfig& config, const crypto::Policy& policy, Random& random, ServerClock& clock,
                 std::size_t connections, std::uint32_t sessions, StageTimes* times = nullptr);
  ~LockstepServer() override;

  void start() override;
  void arrive(std::size_t connection, Bytes bytes) override;
  void serve() override;
  Buffer take_output(std::size_t connection) override;
  bool established(std::size_t connection) const override;
  void finish() override;

  /// Fills what the engines make ahead, as the worker does when it is idle, until nothing is missing.
  void fill_pools();

  const crypto::Batch& batch() const { return batch_; }

 private:
  struct Connection {
    std::optional<tls::Session> session;
    Buffer input;
    std::size_t disposed = 0;  // of the input, from its front
    std::vector<tls::OutputBuffer> output;
    bool due = false;  // stands in due_
  };

  void submit(crypto::Job& job) override { batch_.submit(job, now_); }
  tls::OutputBuffer output_buffer(std::uint32_t capacity) override;
  void release(const tls::OutputBuffer& buffer) override { free_buffers_.push_back(buffer.data); }
  bool ask(crypto::RemoteJob&) override { return false; }
  void forget(std::uint64_t record_keys_id) override { batch_.forget(record_keys_id); }

  bool pump();
  void run_batch(bool idle);
  void apply(Connection& connection);
  void make_due(Connection& connection);

  const tls::ServerConfig& config_;
  StageTimes* times_;
  ServerClock& clock_;
  crypto::Batch batch_;
  std::unique_ptr<tls::Core, void (*)(tls::Core*)> core_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> due_;     // connections with something to pump
  std::vector<std::uint32_t> pumped_;  // the burst being pumped
  std::vector<std::unique_ptr<std::uint8_t[]>> buffers_;
  std::vector<std::uint8_t*> free_buffers_;
  tls::Effects effects_;
  Instant now_;
};

}  // namespace lockstep::bench
