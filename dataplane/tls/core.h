// What all sessions of one core share.
#pragma once

#include "dataplane/tls/pool.h"
#include "dataplane/tls/session.h"
#include "dataplane/tls/session_cache.h"

namespace lockstep::tls {

struct Handshake;

/// Largest handshake message that is taken, without its header.
constexpr std::uint32_t kMaxHandshakeMessage = 65536;

/// Room for a handshake message that the small buffer cannot hold, and the rest of the record that ends it.
struct LargeMessage {
  LargeMessage() {}  // NOLINT(modernize-use-equals-default): zeroing 80 KB would be a waste
  std::array<std::uint8_t, 4 + kMaxHandshakeMessage + kMaxPlaintext> bytes;
};

/// A record being opened where it lies in the input.
struct OpenRecord : crypto::OpenJob {
  OpenRecord* next_record = nullptr;
  bool returned = false;    // through job_done; the status changes earlier, while the job is still in a list
  std::uint32_t size = 0;   // on the wire, header included
  std::uint32_t front = 0;  // header and explicit nonce
  std::uint8_t type = 0;    // outer content type
};

/// A record being sealed into an output buffer.
struct SealRecord : crypto::SealJob {
  OutputBuffer buffer;
  SealRecord* next_record = nullptr;
  bool returned = false;              // as above
  std::uint32_t source = 0;           // bytes of the caller's plaintext; 0 for the session's own messages
  bool is_key_update = false;         // leaves when the next keys are there
  bool ends_output = false;           // nothing is sent after it
  std::array<std::uint8_t, 8> own{};  // plaintext of alerts and KeyUpdates
};

class Core {
 public:
  Core(const CoreLimits& limits_in, Environment& environment_in, Random& random_in);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  std::uint64_t new_key_id() { return ++last_key_id_; }
  /// Remembers a session under `id`, which names this core. False when there is no room for it.
  bool remember(const SessionId& id, const SessionState& state, Instant now, Duration lifetime);

  const CoreLimits limits;
  Environment& environment;
  Random& random;
  Counters counters;
  Pool<Handshake> handshakes;
  Pool<LargeMessage> large_messages;
  Pool<OpenRecord> open_records;
  Pool<SealRecord> seal_records;
  Pool<ForgetSession> forget_sessions;
  SessionCache sessions;
  Instant next_age = Instant::never();
  Duration wall_clock_offset;     // from an Instant to Unix time; see set_wall_clock_offset
  std::size_t largest_frame = 0;  // bytes of the largest coroutine frame seen

 private:
  std::uint64_t last_key_id_ = 0;
};

}  // namespace lockstep::tls
