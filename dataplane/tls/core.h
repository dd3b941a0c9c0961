// What all sessions of one core share.
#pragma once

#include <span>
#include <variant>

#include "crypto/cbc_job.h"
#include "dataplane/tls/client_identity.h"
#include "dataplane/tls/client_sessions.h"
#include "dataplane/tls/early_data.h"
#include "dataplane/tls/exporter.h"
#include "dataplane/tls/pool.h"
#include "dataplane/tls/session.h"
#include "dataplane/tls/session_cache.h"

namespace lockstep::tls {

struct Handshake;
struct ClientHandshake;
class TicketReceiver;

/// Largest handshake message that is taken, without its header.
constexpr std::uint32_t kMaxHandshakeMessage = 65536;

/// Room for a handshake message that the small buffer cannot hold, and the rest of the record that ends it.
struct LargeMessage {
  LargeMessage() {}  // NOLINT(modernize-use-equals-default): zeroing 80 KB would be a waste
  std::array<std::uint8_t, 4 + kMaxHandshakeMessage + kMaxPlaintext> bytes;
};

/// A job that says whether it is ours again: through job_done, and not before. Its status changes earlier, while it is
/// still in a list.
template <class Kind>
struct Returnable : Kind {
  bool returned = false;
};

/// The job of one record: of an AEAD, or of a CBC suite.
template <class AeadJob, class CbcJob>
class RecordJob {
 public:
  explicit RecordJob(bool cbc) {
    if (cbc) job_.template emplace<Returnable<CbcJob>>();
  }

  /// nullptr for the other kind.
  AeadJob* aead() { return std::get_if<Returnable<AeadJob>>(&job_); }
  const AeadJob* aead() const { return std::get_if<Returnable<AeadJob>>(&job_); }
  CbcJob* cbc() { return std::get_if<Returnable<CbcJob>>(&job_); }
  const CbcJob* cbc() const { return std::get_if<Returnable<CbcJob>>(&job_); }
  crypto::Job& job() {
    return std::visit([](auto& job) -> crypto::Job& { return job; }, job_);
  }
  crypto::JobStatus status() const {
    return std::visit([](const auto& job) { return job.status; }, job_);
  }
  bool returned() const {
    return std::visit([](const auto& job) { return job.returned; }, job_);
  }

 protected:
  /// False when there are `most` already.
  template <class Kind, class Pieces, class Piece>
  static bool append(Kind& job, Pieces& pieces, Piece piece, std::size_t most = crypto::kMaxRecordPieces) {
    if (job.piece_count == most) return false;
    pieces[job.piece_count++] = piece;
    return true;
  }

 private:
  std::variant<Returnable<AeadJob>, Returnable<CbcJob>> job_;
};

/// A record being opened where it lies in the input.
struct OpenRecord : RecordJob<crypto::OpenJob, crypto::CbcOpenJob> {
  using RecordJob::RecordJob;

  OpenRecord* next_record = nullptr;
  std::uint32_t size = 0;    // on the wire, header included
  std::uint32_t front = 0;   // header and explicit nonce: what is in front of the pieces
  std::uint32_t offset = 0;  // of the content in the pieces, once it was looked at
  std::uint8_t type = 0;     // outer content type

  std::span<const MutableBytes> pieces() const {
    if (const crypto::CbcOpenJob* const job = cbc(); job != nullptr)
      return std::span(job->fragment).first(job->piece_count);
    const crypto::OpenJob* const job = aead();
    return job != nullptr ? std::span(job->ciphertext).first(job->piece_count) : std::span<const MutableBytes>();
  }
  /// False when there are kMaxRecordPieces already.
  bool add(MutableBytes piece) {
    if (crypto::CbcOpenJob* const job = cbc(); job != nullptr) return append(*job, job->fragment, piece);
    crypto::OpenJob* const job = aead();
    return job != nullptr && append(*job, job->ciphertext, piece);
  }
};

/// A record being sealed into an output buffer.
struct SealRecord : RecordJob<crypto::SealJob, crypto::CbcSealJob> {
  using RecordJob::RecordJob;

  OutputBuffer buffer;
  SealRecord* next_record = nullptr;
  std::uint32_t source = 0;           // bytes of the caller's plaintext; 0 for the session's own messages
  bool is_key_update = false;         // leaves when the next keys are there
  bool ends_output = false;           // nothing is sent after it
  std::array<std::uint8_t, 8> own{};  // plaintext of alerts and KeyUpdates; the last byte: what stands before padding

  /// False when there are kMaxPieces already.
  bool add(Bytes piece) {
    if (crypto::CbcSealJob* const job = cbc(); job != nullptr) return append(*job, job->plaintext, piece, kMaxPieces);
    crypto::SealJob* const job = aead();
    return job != nullptr && append(*job, job->plaintext, piece, kMaxPieces);
  }
  /// Puts the content's type and zeros behind all pieces of an AEAD's record.
  void end_with(Bytes type, Bytes zeros) {
    append(*aead(), aead()->plaintext, type);
    append(*aead(), aead()->plaintext, zeros);
  }

 private:
  static constexpr std::size_t kMaxPieces = crypto::kMaxRecordPieces - 2;  // what end_with adds has room
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
  /// Forgets what it remembers under `id`, if anything.
  void forget(const SessionId& id);
  /// Keeps a session with a server, to be resumed as a client.
  KeptSession keep(ClientSession& session);
  void forget(const KeptSession& kept);
  /// Takes out a session with a server; nullptr when there is none. Goes to client_sessions.release.
  ClientSession* take_session_with(const ServerKey& server, Instant now);

  const CoreLimits limits;
  Environment& environment;
  Random& random;
  Counters counters;
  Pool<Handshake> handshakes;
  Pool<ClientHandshake> client_handshakes;
  Pool<LargeMessage> large_messages;
  Pool<OpenRecord> open_records;
  Pool<SealRecord> seal_records;
  Pool<ForgetSession> forget_sessions;
  Pool<Exporter> exporters;
  Pool<ClientIdentity> client_identities;
  Pool<TicketReceiver> ticket_receivers;
  SessionCache sessions;
  ClientSessions client_sessions;
  EarlyDataWindow early_data;
  Instant next_age = Instant::never();
  Duration wall_clock_offset;     // from an Instant to Unix time; see set_wall_clock_offset
  std::size_t largest_frame = 0;  // bytes of the largest coroutine frame seen

 private:
  std::uint64_t last_key_id_ = 0;
};

}  // namespace lockstep::tls
