// The jobs that protocols hand to the engines. A job is a plain struct that its maker owns: payload in, results and
// status out. From submit until it is handed back, an engine may read and write it at any time, so whatever it points
// to stays where it is; a connection that dies meanwhile remains as a ghost until its last job has come back.
#pragma once

#include <array>

#include "crypto/algorithms.h"
#include "crypto/base/secret.h"
#include "crypto/base/sha2.h"
#include "crypto/base/time.h"
#include "crypto/private_key.h"

namespace lockstep::crypto {

enum class JobKind : std::uint8_t {
  key_share,              // ephemeral key pair
  derive,                 // (EC)DH shared secret
  sign,                   // signature with a certificate's key
  transcript,             // running hash: append and read
  tls13_server_flight,    // TLS 1.3 key schedule up to the application keys, both Finished values
  tls13_key_update,       // next traffic secret
  tls13_binder,           // what shows that a client has a PSK
  tls13_early_data,       // keys of early data
  tls13_resumption,       // PSKs of tickets
  tls13_client_finished,  // what the client's Finished has to be behind other messages of its own
  tls12_master_secret,    // TLS 1.2 master secret and key block
  tls12_finished,         // TLS 1.2 verify_data
  exporter,               // keying material for the application
  seal,                   // protect one record
  open,                   // deprotect one record
  verify,                 // signature with a peer's public key
  rsa_premaster,          // premaster secret of the RSA key exchange
  cbc_seal,               // protect one record, AES-CBC and HMAC (crypto/cbc_job.h)
  cbc_open,               // deprotect one record, AES-CBC and HMAC
  remote,                 // a question to another core; no engine sees it
  verify_chain,           // a peer's certificate chain (crypto/chain_job.h)
};

/// What can run together as one vector operation: the kind, and for public keys the algorithm too. Each class has a
/// queue, an engine and a policy of its own.
enum class JobClass : std::uint8_t {
  key_share_x25519,
  key_share_p256,
  key_share_p384,
  derive_x25519,
  derive_p256,
  derive_p384,
  sign_p256,
  sign_p384,
  sign_ed25519,
  rsa_2048,  // private operations, for signatures and premaster secrets
  rsa_3072,
  rsa_4096,
  rsa_other,  // moduli of other sizes
  verify_p256,
  verify_p384,
  verify_rsa_2048,
  verify_other,
  verify_chain,
  transcript,
  tls13_server_flight,
  tls13_key_update,
  tls13_binder,
  tls13_early_data,
  tls13_resumption,
  tls13_client_finished,
  tls12_master_secret,
  tls12_finished,
  exporter,
  seal,
  open,
  cbc_seal,
  cbc_open,
};
constexpr std::size_t kJobClasses = 32;
/// The class's name in the configuration, in status and in metrics.
const char* name(JobClass job_class);

enum class JobStatus : std::uint8_t {
  idle,           // not submitted
  waiting,        // belongs to the batch or an engine
  ok,             // done; verify: the signature is valid
  bad_peer_key,   // derive: not on the curve, infinity, or all-zero X25519 result (RFC 7748 section 6.1)
  bad_record,     // open: tag does not verify; nothing may be released
  bad_signature,  // verify: the signature or the public key is not valid
  engine_failed,  // local fault
};

/// Who awaits the job: a slot of the worker's connection table and the generation it had.
struct JobOwner {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

/// What all jobs share. Not polymorphic: `kind` says which struct it is.
struct Job {
  explicit Job(JobKind k) : kind(k) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  bool ok() const { return status == JobStatus::ok; }

  JobKind kind;
  JobStatus status = JobStatus::idle;
  JobOwner owner;
  Instant submitted;    // set by Batch::submit
  Job* next = nullptr;  // used by whichever list holds the job
};

struct KeyShareJob : Job {
  KeyShareJob() : Job(JobKind::key_share) {}
  NamedGroup group = NamedGroup::x25519;                 // in
  Secret<kMaxSharedSecret> private_key;                  // out: shared_secret_size(group) bytes
  std::array<std::uint8_t, kMaxPublicKey> public_key{};  // out: public_key_size(group) bytes
};

struct DeriveJob : Job {
  DeriveJob() : Job(JobKind::derive) {}
  NamedGroup group = NamedGroup::x25519;                      // in
  const Secret<kMaxSharedSecret>* private_key = nullptr;      // in
  std::array<std::uint8_t, kMaxPublicKey> peer_public_key{};  // in: public_key_size(group) bytes, any content
  Secret<kMaxSharedSecret> shared_secret;                     // out: shared_secret_size(group) bytes
};

/// Signs `content` (hashed by the engine as the scheme says).
struct SignJob : Job {
  SignJob() : Job(JobKind::sign) {}
  const PrivateKey* key = nullptr;                                               // in
  SignatureScheme scheme = SignatureScheme::ecdsa_secp256r1_sha256;              // in
  std::array<std::uint8_t, 64 + 4 + kMaxPublicKey + 64 + kMaxDigest> content{};  // in
  std::uint16_t content_size = 0;                                                // in
  std::array<std::uint8_t, kMaxSignature> signature{};                           // out
  std::uint16_t signature_size = 0;                                              // out
};

/// A peer's public key, as its certificate has it.
struct PeerKey {
  KeyType type = KeyType::ecdsa_p256;
  std::array<std::uint8_t, kMaxPublicKey> point{};         // ECDSA: uncompressed; Ed25519: 32 bytes
  std::array<std::uint8_t, kMaxRsaModulus> rsa_modulus{};  // RSA: big-endian, rsa_modulus_size bytes
  std::uint16_t rsa_modulus_size = 0;
  std::uint32_t rsa_exponent = 0;
};

/// Checks that `signature` is one of `key` over `content`, which the engine hashes as the scheme says, unless it is
/// hashed already: then the scheme is one with a hash, and ECDSA's do not say which curve (TLS 1.2, RFC 8446 section
/// 4.2.3).
struct VerifyJob : Job {
  VerifyJob() : Job(JobKind::verify) {}
  const PeerKey* key = nullptr;                                      // in
  SignatureScheme scheme = SignatureScheme::ecdsa_secp256r1_sha256;  // in
  Bytes content;                                                     // in
  bool hashed = false;                                               // in: `content` is the scheme's hash
  Bytes signature;                                                   // in: as on the wire, any content
};

/// The premaster secret of the RSA key exchange (RFC 5246 section 7.4.7.1). Whatever the client sent, the job ends ok,
/// in the same time, with 48 bytes: the client's, or `substitute` where padding, length or version are not as they have
/// to be, so that nothing tells good from bad before Finished.
struct RsaPremasterJob : Job {
  RsaPremasterJob() : Job(JobKind::rsa_premaster) {}
  const PrivateKey* key = nullptr;   // in
  Bytes encrypted;                   // in: any length, any content
  std::uint16_t client_version = 0;  // in: legacy_version of the ClientHello
  Secret<48> substitute;             // in: random
  Secret<48> premaster;              // out
};

/// A question to the core that owns what is no connection's own, awaited like any job: it travels over bounded rings
/// between the workers and comes back ok when it was answered there, engine_failed when that core is no more. What is
/// asked stands in the struct that derives from it.
struct RemoteJob : Job {
  enum class Question : std::uint8_t { find_session, forget_session, admit_early_data };
  explicit RemoteJob(Question q) : Job(JobKind::remote), question(q) {}
  Question question;
  std::uint16_t core = 0;  // who is asked
};

/// The class of a job for an engine, from its kind and payload.
JobClass job_class(const Job& job);

/// Appends up to two pieces to a running hash and reads the digest after each.
struct TranscriptJob : Job {
  TranscriptJob() : Job(JobKind::transcript) {}
  RunningHash* transcript = nullptr;                             // in and out
  std::array<Bytes, 2> append;                                   // in; an empty piece appends nothing
  std::array<std::array<std::uint8_t, kMaxDigest>, 2> digest{};  // out: after each piece
};

/// Key and IV of one direction, as the record layer keeps them (RFC 8446 section 7.3, RFC 5288, RFC 7905). Engines keep
/// expanded forms under `id`, unique within the core and never 0 once the keys are set.
struct RecordKeys {
  Aead aead = Aead::aes_128_gcm;
  std::uint64_t id = 0;
  Secret<kMaxKey> key;    // key_size(aead) bytes
  Secret<kAeadNonce> iv;  // TLS 1.3 and ChaCha20: 12 bytes; TLS 1.2 AES-GCM: the 4-byte salt
};

/// What the key schedule of TLS 1.3 holds for exporters and diagnosis only, and does not give out otherwise.
struct Tls13Secrets {
  Secret<kMaxDigest> client_handshake_traffic;
  Secret<kMaxDigest> server_handshake_traffic;
  Secret<kMaxDigest> exporter_master;
};

/// All of RFC 8446 section 7.1 that a server needs between the shared secret and the client's Finished, for a full
/// (no PSK) or PSK handshake. The engine writes the server's Finished value, appends that message (header included)
/// to the transcript, and goes on to the application secrets. `*_keys` get key and iv; `aead` is set by the owner and
/// `id` too.
struct Tls13ServerFlightJob : Job {
  Tls13ServerFlightJob() : Job(JobKind::tls13_server_flight) {}
  Bytes shared_secret;                                  // in
  Bytes psk;                                            // in: empty without PSK
  std::array<std::uint8_t, kMaxDigest> hello_digest{};  // in: ClientHello..ServerHello
  RunningHash* transcript = nullptr;                    // in: up to before that; out: up to server Finished
  Bytes before_finished;    // in: the last message, CertificateVerify; with PSK EncryptedExtensions
  bool early_data = false;  // in: the client's Finished follows an EndOfEarlyData; then `transcript` ends with that
  RecordKeys* client_handshake_keys = nullptr;             // out
  RecordKeys* server_handshake_keys = nullptr;             // out
  RecordKeys* client_application_keys = nullptr;           // out
  RecordKeys* server_application_keys = nullptr;           // out
  std::array<std::uint8_t, kMaxDigest> server_finished{};  // out: verify_data
  Secret<kMaxDigest> client_finished;                      // out: the verify_data to expect
  Secret<kMaxDigest> client_finished_key;                  // out: for Tls13ClientFinishedJob
  Secret<kMaxDigest> client_application_secret;            // out
  Secret<kMaxDigest> server_application_secret;            // out
  Secret<kMaxDigest> master_secret;                        // out: for the resumption secret
  Tls13Secrets* secrets = nullptr;                         // out, where somebody wants them
};

/// RFC 8446 section 7.2: replaces `secret` and the keys derived from it. The owner gives the keys a new `id` before.
struct Tls13KeyUpdateJob : Job {
  Tls13KeyUpdateJob() : Job(JobKind::tls13_key_update) {}
  Hash hash = Hash::sha256;              // in
  Secret<kMaxDigest>* secret = nullptr;  // in and out
  RecordKeys* keys = nullptr;            // out
};

/// The binder of a resumption PSK (RFC 8446 sections 4.2.11.2 and 7.1): what a client that has the PSK sends.
struct Tls13BinderJob : Job {
  Tls13BinderJob() : Job(JobKind::tls13_binder) {}
  Bytes psk;                          // in: one digest
  RunningHash* transcript = nullptr;  // in: what goes before this ClientHello; out: up to truncated_hello
  Bytes truncated_hello;              // in: the message up to its binders
  Secret<kMaxDigest> binder;          // out: to be compared in constant time
};

/// The keys of early data (RFC 8446 sections 4.2.10 and 7.1), from client_early_traffic_secret.
struct Tls13EarlyDataJob : Job {
  Tls13EarlyDataJob() : Job(JobKind::tls13_early_data) {}
  Bytes psk;                                     // in: one digest
  RunningHash* transcript = nullptr;             // in: as Tls13BinderJob left it; out: up to the end of the ClientHello
  Bytes binders;                                 // in: what that left out of the ClientHello
  RecordKeys* keys = nullptr;                    // out
  Secret<kMaxDigest>* traffic_secret = nullptr;  // out, where somebody wants it
};

/// The EndOfEarlyData message (RFC 8446 section 4.5).
constexpr std::array<std::uint8_t, 4> kEndOfEarlyData = {5, 0, 0, 0};

/// Most tickets after one handshake.
constexpr std::size_t kMaxTickets = 4;

/// The PSKs of tickets (RFC 8446 sections 4.6.1 and 7.1). A server makes them at the end of the handshake, from the
/// master secret; a client keeps resumption_master_secret until it has tickets, and makes them from that.
struct Tls13ResumptionJob : Job {
  Tls13ResumptionJob() : Job(JobKind::tls13_resumption) {}
  Hash hash = Hash::sha256;                           // in
  const Secret<kMaxDigest>* master_secret = nullptr;  // in; nullptr: `resumption_secret` is there
  RunningHash* transcript = nullptr;                  // in: up to the server's Finished; out: with client_finished
  Bytes client_finished;                              // in: the whole message
  Secret<kMaxDigest> resumption_secret;               // out; in without `master_secret`: resumption_master_secret
  std::uint8_t count = 0;                             // in: PSKs wanted, at most kMaxTickets
  std::array<Bytes, kMaxTickets> nonces;              // in: of the tickets, at most 255 bytes each
  std::array<Secret<kMaxDigest>, kMaxTickets> psks;   // out
};

/// The client's verify_data when it sends more than Finished (RFC 8446 section 4.4.4): Certificate, CertificateVerify.
struct Tls13ClientFinishedJob : Job {
  Tls13ClientFinishedJob() : Job(JobKind::tls13_client_finished) {}
  const Secret<kMaxDigest>* finished_key = nullptr;  // in: from Tls13ServerFlightJob
  RunningHash* transcript = nullptr;                 // in: up to before_finished; out: with it
  Bytes before_finished;                             // in: the last message
  Secret<kMaxDigest> client_finished;                // out: to be compared in constant time
};

struct CbcRecordKeys;  // crypto/cbc_job.h

/// RFC 5246 sections 8.1 and 6.3, RFC 7627: master secret (from the session hash when `extended`, else from the
/// randoms) and both directions' keys, either for an AEAD suite or for a CBC suite: one pair of pointers is set. A
/// session that is resumed has its master secret, only the keys are new.
struct Tls12MasterSecretJob : Job {
  Tls12MasterSecretJob() : Job(JobKind::tls12_master_secret) {}
  Hash hash = Hash::sha256;                      // in: the PRF's
  bool resumed = false;                          // in: `master_secret` is there; neither premaster nor transcript is
  Bytes premaster;                               // in
  bool extended = true;                          // in
  const RunningHash* transcript = nullptr;       // in: up to ClientKeyExchange, when extended
  std::array<std::uint8_t, 32> client_random{};  // in
  std::array<std::uint8_t, 32> server_random{};  // in
  Secret<48> master_secret;                      // out; in when resumed
  RecordKeys* client_keys = nullptr;             // out; `aead` in
  RecordKeys* server_keys = nullptr;             // out; `aead` in
  CbcRecordKeys* client_cbc_keys = nullptr;      // out; `suite` in
  CbcRecordKeys* server_cbc_keys = nullptr;      // out; `suite` in
};

/// RFC 5246 section 7.4.9: both Finished values of a handshake in one go. In a full handshake the client's comes first
/// and is over the transcript so far, the server's over that plus the client's Finished message, which the engine
/// appends; in an abbreviated one (section 7.3) it is the other way round.
struct Tls12FinishedJob : Job {
  Tls12FinishedJob() : Job(JobKind::tls12_finished) {}
  const Secret<48>* master_secret = nullptr;       // in
  bool server_first = false;                       // in: abbreviated
  Bytes between;                                   // in: NewSessionTicket (RFC 5077 section 3.3) behind the first one
  RunningHash* transcript = nullptr;               // in and out
  std::array<std::uint8_t, 12> client_finished{};  // out: to be compared in constant time
  std::array<std::uint8_t, 12> server_finished{};  // out
};

/// Keying material that an application and its peer derive from their connection: RFC 8446 section 7.5, and RFC 5705
/// for TLS 1.2, where it is safe with extended_master_secret only (RFC 7627 section 5.4).
struct ExportJob : Job {
  static constexpr std::size_t kMaxLabel = 249;    // HkdfLabel's, without its prefix
  static constexpr std::size_t kMaxContext = 512;  // an engine's

  ExportJob() : Job(JobKind::exporter) {}
  // The connection's part, filled in by its session.
  bool tls13 = true;
  Hash hash = Hash::sha256;
  Secret<kMaxDigest> secret;               // in: exporter_master_secret; TLS 1.2: the master secret
  std::array<std::uint8_t, 64> randoms{};  // in, TLS 1.2: the client's and the server's
  // The application's part.
  Bytes label;               // in: at most kMaxLabel bytes
  bool has_context = false;  // in: TLS 1.2 tells an empty context from none
  Bytes context;             // in: at most kMaxContext bytes
  MutableBytes out;          // out: at most 255 digests
};

/// Most pieces one record may lie in. The TCP receive chain joins small segments so that any record fits.
constexpr std::size_t kMaxRecordPieces = 32;

/// Most additional data of a record: TLS 1.2 needs 13 bytes, TLS 1.3 five; tickets have the name of their key.
constexpr std::size_t kMaxAdditionalData = 16;

/// AEAD protection of one record: `plaintext` pieces (and `trailer`, TLS 1.3's inner content type) to `ciphertext`,
/// which is contiguous, does not overlap the plaintext and has room for the tag behind it.
struct SealJob : Job {
  SealJob() : Job(JobKind::seal) {}
  const RecordKeys* keys = nullptr;                    // in
  std::array<std::uint8_t, kAeadNonce> nonce{};        // in
  std::array<std::uint8_t, kMaxAdditionalData> aad{};  // in
  std::uint8_t aad_size = 0;                           // in
  std::uint8_t piece_count = 0;                        // in
  std::array<Bytes, kMaxRecordPieces> plaintext;       // in
  std::uint8_t trailer = 0;                            // in: appended to the plaintext when has_trailer
  bool has_trailer = false;                            // in
  std::uint8_t* ciphertext = nullptr;                  // out: plaintext size (+1) + kAeadTag bytes
};

/// AEAD deprotection of one record in place. On bad_record the pieces hold rubbish that must not be released.
struct OpenJob : Job {
  OpenJob() : Job(JobKind::open) {}
  const RecordKeys* keys = nullptr;                       // in
  std::array<std::uint8_t, kAeadNonce> nonce{};           // in
  std::array<std::uint8_t, kMaxAdditionalData> aad{};     // in
  std::uint8_t aad_size = 0;                              // in
  std::uint8_t piece_count = 0;                           // in
  std::array<MutableBytes, kMaxRecordPieces> ciphertext;  // in: without the tag; out: plaintext
  std::array<std::uint8_t, kAeadTag> tag{};               // in
};

/// A list of jobs through Job::next, first in first out; owns nothing.
class JobList {
 public:
  bool empty() const { return head_ == nullptr; }
  std::size_t size() const { return size_; }
  Job* front() const { return head_; }
  void push(Job& job) {
    job.next = nullptr;
    (tail_ == nullptr ? head_ : tail_->next) = &job;
    tail_ = &job;
    ++size_;
  }
  /// Takes the oldest job; nullptr when there is none.
  Job* pop() {
    Job* const job = head_;
    if (job == nullptr) return nullptr;
    head_ = job->next;
    if (head_ == nullptr) tail_ = nullptr;
    job->next = nullptr;
    --size_;
    return job;
  }

 private:
  Job* head_ = nullptr;
  Job* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lockstep::crypto
