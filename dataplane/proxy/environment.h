// What TLS sessions of one worker see of the world: the batch, and buffers for records to send.
#pragma once

#include "crypto/batch.h"
#include "dataplane/base/event.h"
#include "dataplane/base/mbuf.h"
#include "dataplane/proxy/counters.h"
#include "dataplane/proxy/remote.h"
#include "dataplane/tls/session.h"

namespace lockstep::proxy {

class Environment final : public tls::Environment {
 public:
  /// `remote`: nullptr where there is no other worker. `events`: where lines for the key log file go.
  Environment(crypto::Batch& batch, Remote* remote, MbufPools& pools, Counters& counters, EventRing& events)
      : batch_(batch), remote_(remote), pools_(pools), counters_(counters), events_(events) {}

  /// Before each call of a session: the current instant, and where to account the bytes of buffers lent to it.
  void begin(Instant now, std::uint32_t* lent) {
    now_ = now;
    lent_ = lent;
  }
  /// After the call.
  void end() { lent_ = nullptr; }
  /// Takes an emitted buffer over as a packet of `buffer.size` bytes.
  static MbufPtr take(const tls::OutputBuffer& buffer);

  void submit(crypto::Job& job) override { batch_.submit(job, now_); }
  bool ask(crypto::RemoteJob& job) override { return remote_ != nullptr && remote_->ask(job); }
  tls::OutputBuffer output_buffer(std::uint32_t capacity) override;
  void release(const tls::OutputBuffer& buffer) override;
  void forget(std::uint64_t record_keys_id) override { batch_.forget(record_keys_id); }
  void log_secret(tls::SecretName name, Bytes client_random, Bytes secret) override;

 private:
  crypto::Batch& batch_;
  Remote* remote_;
  MbufPools& pools_;
  Counters& counters_;
  EventRing& events_;
  Instant now_;
  std::uint32_t* lent_ = nullptr;
};

}  // namespace lockstep::proxy
