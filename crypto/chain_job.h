// Jobs that verify a peer's certificate chain (RFC 5280). Unlike other jobs they allocate and may take milliseconds:
// they are for a thread of their own, never for a worker's.
#pragma once

#include "crypto/job.h"

namespace lockstep::crypto {

/// The authorities that a peer's chain must lead to, with their revocation lists. Held by a configuration snapshot and
/// shared by all threads read-only. The libcrypto engine derives from it and recognises its own.
class TrustStore {
 public:
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;
  virtual ~TrustStore() = default;

  /// SHA-256 over everything that decides: sessions are not resumed over a change of it.
  const std::array<std::uint8_t, 32>& digest() const { return digest_; }

 protected:
  TrustStore() = default;
  std::array<std::uint8_t, 32> digest_{};
};

/// What is wrong with a chain, as far as alerts tell it apart (RFC 8446 section 6.2).
enum class ChainVerdict : std::uint8_t {
  valid,
  malformed,          // does not parse, or a signature in it is wrong: bad_certificate
  unsupported,        // a key, curve or purpose that cannot serve here: unsupported_certificate
  unknown_authority,  // unknown_ca
  expired,            // or not valid yet: certificate_expired
  revoked,            // certificate_revoked
  wrong_name,         // bad_certificate
  other,              // certificate_unknown
};
/// The enumerator's name, for logs and PROXY protocol.
const char* name(ChainVerdict verdict);

/// Which side of the handshake the chain's owner is on (RFC 5280 section 4.2.1.12).
enum class ChainPurpose : std::uint8_t { client, server };

struct VerifyChainJob : Job {
  static constexpr std::size_t kMaxSubject = 255;

  VerifyChainJob() : Job(JobKind::verify_chain) {}
  /// In. nullptr: whatever parses and has a key that may sign is valid, and nobody vouches for it.
  const TrustStore* trust = nullptr;
  ChainPurpose purpose = ChainPurpose::client;  // in
  /// In: the entries of a Certificate message, without the list's length: each a certificate with a 24-bit length and,
  /// if `with_extensions` (TLS 1.3), a block of extensions with a 16-bit length, which is passed over.
  Bytes certificates;
  bool with_extensions = false;
  Bytes server_name;      // in: the DNS name or IP address, as text, to be certified; empty: any
  std::int64_t time = 0;  // in: Unix seconds

  ChainVerdict verdict = ChainVerdict::other;  // out; status ok says only that there is one
  /// Out, when valid: Unix seconds of the first end of validity in the chain, authority included; without `trust`
  /// never.
  std::int64_t valid_until = INT64_MAX;
  PeerKey key;                                 // out, when valid: of the first certificate
  std::array<std::uint8_t, 32> fingerprint{};  // out: SHA-256 of the first certificate, if there is one
  std::array<char, kMaxSubject> subject{};     // out: its subject in the form of RFC 2253, cut to this size
  std::uint8_t subject_size = 0;
};

}  // namespace lockstep::crypto
