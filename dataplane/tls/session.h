// One TLS connection, of a server or a client. Sans-IO: bytes, job results and time go in; effects come out as data.
//
// Input stays where the caller received it: `receive` sees all bytes not yet disposed of, the session opens records in
// place and says, in order, which bytes to discard and which are plaintext to deliver. Output works alike: `write` sees
// all plaintext not yet released, seals it into buffers of the caller's, and says when the source may go.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "crypto/base/random.h"
#include "crypto/job.h"
#include "dataplane/tls/client_config.h"
#include "dataplane/tls/client_identity.h"
#include "dataplane/tls/counters.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// A contiguous buffer lent by the caller for records to send. `handle` is the caller's.
struct OutputBuffer {
  void* handle = nullptr;
  std::uint8_t* data = nullptr;
  std::uint32_t capacity = 0;
  std::uint32_t size = 0;  // bytes to send
};

/// Secrets as files of NSS's key log format name them.
enum class SecretName : std::uint8_t {
  client_random,  // TLS 1.2: the master secret
  client_early_traffic_secret,
  client_handshake_traffic_secret,
  server_handshake_traffic_secret,
  client_traffic_secret_0,
  server_traffic_secret_0,
  exporter_secret,
};

/// What a session asks of its surroundings while it runs: one per core.
class Environment {
 public:
  virtual ~Environment() = default;
  /// Submits a job; it comes back through Session::job_done.
  virtual void submit(crypto::Job& job) = 0;
  /// Lends a buffer of at least `capacity` bytes (at most kMaxRecord); handle nullptr when there is none.
  virtual OutputBuffer output_buffer(std::uint32_t capacity) = 0;
  /// Takes back a buffer that was not emitted.
  virtual void release(const OutputBuffer& buffer) = 0;
  /// Puts a question to another core; it comes back through Session::job_done. False, and nothing will come, when that
  /// core cannot be asked now.
  virtual bool ask(crypto::RemoteJob& job) = 0;
  /// Tells the engines to forget expanded keys.
  virtual void forget(std::uint64_t record_keys_id) = 0;
  /// One of a connection's secrets, for who may decrypt what is captured. Called only by sessions whose configuration
  /// says ServerConfig::log_secrets.
  virtual void log_secret(SecretName name, Bytes client_random, Bytes secret) {
    (void)name;
    (void)client_random;
    (void)secret;
  }
};

/// Largest record that is sent: header, 2^14 of plaintext, 256 of expansion.
constexpr std::uint32_t kMaxRecord = 5 + 16384 + 256;
/// Largest record that a peer may send: TLS 1.2 allows 2048 of expansion (RFC 5246 section 6.2.3).
constexpr std::uint32_t kMaxReceivedRecord = 5 + 16384 + 2048;
constexpr std::uint32_t kMaxPlaintext = 16384;

struct CoreLimits {
  std::uint16_t core = 0;                   // which one this is
  std::uint16_t cores = 1;                  // how many there are: `core` is less
  std::uint32_t cached_sessions = 20'000;   // TLS 1.2 sessions that are remembered by their identifiers
  std::uint32_t early_data_hellos = 65536;  // whose early data was taken, for as long as they could be sent again
  std::uint32_t handshakes = 4096;          // at the same time: coroutine frames and message buffers
  std::uint32_t client_handshakes = 4096;   // the same, where we are the client
  std::uint32_t client_sessions = 1024;     // with servers, kept to be resumed; 2.5 KB each once used
  std::uint32_t ticket_receivers = 32768;   // connections to servers that may send tickets; 120 bytes each once used
  std::uint32_t exporters = 32768;          // sessions that can export keying material; 128 bytes each once used
  std::uint32_t client_identities = 32768;  // sessions whose client showed a certificate; 300 bytes each once used
  std::uint32_t large_messages = 64;        // handshake messages beyond the small buffer, at the same time
  std::uint32_t record_jobs = 4096;         // records in flight, of all sessions, in each direction
  /// Records under one AES-GCM key before TLS 1.3 changes it (RFC 8446 section 5.5: 2^24.5).
  std::uint64_t records_before_key_update = std::uint64_t{1} << 24U;
  /// Records under one key at which a connection ends that cannot change it.
  std::uint64_t records_per_key = std::uint64_t{1} << 48U;
};

/// What all sessions of one core share: pools, randomness, counters. Defined in core.h.
class Core;
std::unique_ptr<Core, void (*)(Core*)> make_core(const CoreLimits& limits, Environment& environment, Random& random);
/// What to add to an Instant to get Unix time, for the ages of sessions. May change at any time: clocks are set.
void set_wall_clock_offset(Core& core, Duration offset);
const Counters& counters(const Core& core);
/// Answers a question that another core has put to this one.
void answer(Core& core, crypto::RemoteJob& job, Instant now);
/// Wipes what a core remembers for longer than it may; to be called at `next_age`.
void age(Core& core, Instant now);
Instant next_age(const Core& core);

/// How the connection is to be closed by the caller.
enum class Close : std::uint8_t {
  none,
  after_output,  // everything to send has been emitted: flush, then FIN; further input is discarded
  abort,         // nothing useful can be sent any more
};

/// What a call brought about, in order. One object per core is reused; the caller applies and clears it after each
/// call.
struct Effects {
  struct Input {
    bool deliver = false;     // plaintext to deliver (early data, before `established`), or else bytes to discard
    std::uint32_t count = 0;  // bytes from the front of the undisposed input
  };
  static constexpr std::size_t kMaxInputs = 64;
  static constexpr std::size_t kMaxOutputs = 32;
  std::array<Input, kMaxInputs> inputs;
  std::size_t input_count = 0;
  std::array<OutputBuffer, kMaxOutputs> outputs;  // ownership passes to the caller
  std::size_t output_count = 0;
  std::uint32_t released = 0;  // bytes from the front of the unreleased plaintext that were sealed
  bool established = false;    // the handshake completed in this call
  bool peer_closed = false;    // close_notify arrived: no more plaintext comes
  bool output_ended = false;   // our close_notify was emitted: a FIN may follow, while the peer's plaintext still comes
  bool retry = false;          // a pool or the output buffers were empty: call receive and write again in a later turn
  Close close = Close::none;   // set once, when both directions are over or the connection failed
  void clear() {
    input_count = output_count = 0;
    released = 0;
    established = peer_closed = output_ended = retry = false;
    close = Close::none;
  }
};

/// What the access log and status show.
struct SessionInfo {
  bool established = false;
  Version version = Version::tls13;
  CipherSuite cipher_suite{};
  crypto::NamedGroup group{};
  crypto::SignatureScheme signature_scheme{};
  bool hello_retry = false;
  bool resumed = false;
  bool early_data = false;                 // was taken
  std::string_view server_name;            // empty: none sent; valid while the session lives
  std::string_view alpn;                   // empty: none negotiated
  const ClientIdentity* client = nullptr;  // who showed a certificate, good or bad; valid while the session lives
  const char* phase = "";
  Error error = Error::none;  // why it failed
};

class Connection;  // what is behind a Session: connection.h

class Session {
 public:
  /// Starts a server session. `config` must live until the handshake is over (established, or closed and idle()).
  /// When the pools are exhausted, the first call closes the session with Error::no_memory.
  Session(Core& core, const ServerConfig& config, crypto::JobOwner owner, Instant now);
  /// The same for a client. Its handshake begins with the first call of receive, which may show no input. `server`
  /// tells servers with this configuration apart: sessions are resumed with the one they were made with.
  Session(Core& core, const ClientConfig& config, std::uint32_t server, crypto::JobOwner owner, Instant now);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Only when idle(). Wipes the keys and tells the engines to forget them.
  ~Session();

  /// Looks at `unread`: all input not yet disposed of, in order (pieces of any size; those of records being opened must
  /// still be at the same addresses). To be called when input arrived, and again after effects disposed of some or
  /// reported `established`. One record (kMaxReceivedRecord) must fit into the input and lie in at most
  /// kMaxRecordPieces pieces.
  void receive(std::span<const MutableBytes> unread, Instant now, Effects& effects);
  /// The peer's FIN arrived behind the input shown so far (RFC 8446 section 6.1: truncation without close_notify).
  void peer_fin(Instant now, Effects& effects);
  /// Seals from `pending`: all plaintext not yet released, in order; stays valid and unchanged until released. Emits at
  /// most about `budget` bytes of ciphertext, records still being sealed included. Nothing happens unless the session
  /// is writable. To be called when there is plaintext, and again after effects emitted output or reported
  /// `established`.
  void write(std::span<const MutableBytes> pending, std::uint32_t budget, Instant now, Effects& effects);
  /// Ends our direction: close_notify behind everything written so far (the caller has seen all of it released); then
  /// Effects::output_ended, and Effects::close when the peer's direction has ended, too. During the handshake it ends
  /// the connection.
  void shutdown(Instant now, Effects& effects);
  /// A job of this session has come back. Never to be called from within Environment::submit.
  void job_done(crypto::Job& job, Instant now, Effects& effects);
  /// To be called at deadline().
  void timeout(Instant now, Effects& effects);
  /// When timeout has to be called: the handshake's limit; Instant::never() later.
  Instant deadline() const;

  /// No more effects will be wanted: jobs in flight still come back through job_done, which then only counts them.
  /// Destroy when idle().
  void abandon();
  /// No job is in flight.
  bool idle() const;
  bool established() const;
  /// Established; or early data is being taken, which may be answered before the handshake is over (RFC 8446 section
  /// 2.3). It is not while the last messages of a handshake are made.
  bool writable() const;
  /// The configuration is no longer referred to: the handshake is over and its last job is back.
  bool config_released() const;
  SessionInfo info() const;
  /// Fills in this connection's part of `job`, which the caller submits; the keying material is for this connection
  /// only, and its peer can derive the same (crypto/job.h). False before the session is established, when its
  /// configuration does not say `exporters` (or there was no room), and in TLS 1.2 without extended_master_secret.
  bool prepare_export(crypto::ExportJob& job) const;

 private:
  Connection& connection();
  const Connection& connection() const;

  // The connection lies in the session, so that one slab of the caller's holds everything that an idle connection
  // needs.
  static constexpr std::size_t kConnectionSize = 944;
  alignas(16) std::array<std::byte, kConnectionSize> storage_;
};

}  // namespace lockstep::tls
