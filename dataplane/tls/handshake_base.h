// What the handshakes of servers and clients have in common: what they work on, what they await.
#pragma once

#include <functional>

#include "dataplane/tls/client_identity.h"
#include "dataplane/tls/client_sessions.h"
#include "dataplane/tls/coroutine.h"
#include "dataplane/tls/exporter.h"
#include "dataplane/tls/handshake_reader.h"
#include "dataplane/tls/inbound.h"
#include "dataplane/tls/outbound.h"
#include "dataplane/tls/session_cache.h"

namespace lockstep::tls {

/// Where a connection is, for logs, metrics and tests.
enum class Phase : std::uint8_t {
  client_hello,   // the first one is awaited
  retried_hello,  // the one after HelloRetryRequest is awaited
  resumption,     // tickets are being opened, a binder checked
  key_share,      // our key pair is being made
  signing,        // derive and sign jobs, and what leads to them
  key_schedule,
  server_flight,        // being sealed
  early_data,           // is being taken
  client_certificate,   // awaited, or being verified
  client_key_exchange,  // awaited (TLS 1.2)
  client_finished,      // awaited, with change_cipher_spec before it in TLS 1.2
  tickets,              // being made for the client
  // Of clients, beside key_share, signing and key_schedule:
  server_hello,          // awaited, the one after HelloRetryRequest included
  encrypted_extensions,  // awaited
  server_certificate,    // awaited, or being verified
  server_finished,       // awaited
  client_flight,         // being sealed
  established,
  closing,  // an alert is under way
  closed,
};
const char* name(Phase phase);

/// The part of SessionInfo that outlives the handshake.
struct Negotiated {
  Version version = Version::tls13;
  CipherSuite cipher_suite{};
  crypto::NamedGroup group{};
  crypto::SignatureScheme signature_scheme{};
  bool hello_retry = false;
  bool hello_forgotten = false;   // after a HelloRetryRequest with a cookie
  bool first_early_data = false;  // the first hello came with early data
  bool resumed = false;
  bool early_data = false;  // was taken
  std::uint8_t server_name_size = 0;
  std::uint8_t alpn_size = 0;
  bool remembered = false;           // by `session_id` or `kept`: TLS 1.2, and its failure ends it
  ClientIdentity* client = nullptr;  // of the core's pool; goes with the connection
  Exporter* exporter = nullptr;      // the same
  union {
    SessionId session_id{};  // a server's
    KeptSession kept;        // a client's
  };
  std::array<char, 255> server_name;
  std::array<char, 32> alpn;  // longer names are cut here, not on the wire
};

/// Lives in the core's pool with the coroutine's frame, so that a session without a handshake needs neither. The
/// coroutine awaits jobs, messages, change_cipher_spec and the sealing of its flight; the connection resumes it.
struct HandshakeBase {
  HandshakeBase(Link& link_in, Inbound& inbound_in, Outbound& outbound_in, Negotiated& negotiated_in, Phase& phase_in,
                std::uint32_t max_message)
      : link(link_in),
        inbound(inbound_in),
        outbound(outbound_in),
        negotiated(negotiated_in),
        phase(phase_in),
        reader(link_in.core, max_message) {}
  HandshakeBase(const HandshakeBase&) = delete;
  HandshakeBase& operator=(const HandshakeBase&) = delete;

  Link& link;
  Inbound& inbound;
  Outbound& outbound;
  Negotiated& negotiated;
  Phase& phase;

  HandshakeReader reader;
  RunningHash transcript;

  // Rules of the record layer that depend on where the handshake is.
  bool tolerates_change_cipher_spec = false;  // one, in TLS 1.3 (RFC 8446 section 5)
  std::uint32_t early_data_to_skip = 0;       // bytes of records that may be passed over (RFC 8446 section 4.2.10)
  bool takes_early_data = false;              // application data is early data
  std::uint32_t early_data_left = 0;          // bytes of it that may still come
  bool answers_early_data = false;            // application data may be written

  enum class Awaiting : std::uint8_t { nothing, jobs, message, change_cipher_spec, flight };
  Awaiting awaiting = Awaiting::nothing;
  std::uint8_t pending_jobs = 0;
  bool change_cipher_spec_received = false;
  bool begins_anew = false;  // when it ends without a successor: with the next hello, in another one of these
  FrameStorage frame;
  Coroutine coroutine;

  FrameStorage& storage() { return frame; }

  /// What an await waits for: whether it is there is asked by `ready`, and the connection resumes.
  struct Awaiter {
    HandshakeBase& handshake;
    Awaiting awaiting;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept { handshake.awaiting = awaiting; }
    void await_resume() const noexcept {}
  };
  struct MessageAwaiter : Awaiter {
    Message await_resume() const noexcept { return handshake.reader.next(); }
  };

  /// Submits a job, to be awaited by `jobs`.
  void submit(crypto::Job& job) {
    ++pending_jobs;
    link.submit(job);
  }
  /// Puts a question to another core, to be awaited by `jobs`. False when it cannot be asked.
  bool ask(crypto::RemoteJob& job) {
    if (!link.ask(job)) return false;
    ++pending_jobs;
    return true;
  }
  /// Whether a job is the handshake's, and not one of the record layer's: it lies in the frame.
  bool holds(const crypto::Job& job) const {
    const std::less<const void*> before;
    return !before(&job, &frame) && before(&job, &frame + 1);
  }
  /// All jobs submitted are back.
  Awaiter jobs() { return {*this, Awaiting::jobs}; }
  /// The next handshake message; its views hold until the next one is awaited.
  MessageAwaiter message() { return {{*this, Awaiting::message}}; }
  /// The peer's change_cipher_spec (TLS 1.2).
  Awaiter change_cipher_spec() { return {*this, Awaiting::change_cipher_spec}; }
  /// Everything sent has been sealed and emitted, so that what it was made of may go.
  Awaiter flight_sent() { return {*this, Awaiting::flight}; }

  /// Whether the coroutine can go on.
  bool ready() const;
  /// Whether it waits for the peer.
  bool wants_input() const {
    return !ready() && (awaiting == Awaiting::message || awaiting == Awaiting::change_cipher_spec);
  }

  /// Sends the change_cipher_spec that makes a TLS 1.3 handshake look like TLS 1.2 (RFC 8446 appendix D.4).
  Error send_change_cipher_spec();
  /// Goes on in `transcript` behind a HelloRetryRequest, in front of it: the first ClientHello is represented by its
  /// digest (RFC 8446 section 4.4.1).
  void restart_transcript(Hash hash, Bytes digest_of_first_hello);
  /// Remembers the name of the application protocol, cut to what has room.
  void remember_alpn(std::string_view name);

  /// Starts the coroutine that was named to go on when the last one has ended well. False when none was.
  virtual bool start_successor() = 0;
  /// Gives this back to the core's pool; no job may be in flight.
  virtual void release() = 0;

 protected:
  ~HandshakeBase() = default;
};

}  // namespace lockstep::tls
