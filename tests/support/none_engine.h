// An engine without any security, so that fuzzers and tests reach the protocol behind the cryptography.
#pragma once

#include <string_view>

#include "crypto/cbc_job.h"
#include "crypto/engine.h"

namespace lockstep::test {

/// A public key of any group is the private key in plain sight; a shared secret is the same on both sides.
constexpr std::uint8_t kNonePrivateByte = 0x2a;
/// Every Finished value consists of this byte, so that a fuzzer needs no hash to finish a handshake.
constexpr std::uint8_t kNoneClientFinished = 0xc1;
constexpr std::uint8_t kNoneServerFinished = 0x5e;
/// And every binder of this one.
constexpr std::uint8_t kNoneBinder = 0xb1;
/// A signature of this byte alone is valid over anything.
constexpr std::uint8_t kNoneSignature = 0x51;
/// Everybody's subject.
constexpr std::string_view kNoneSubject = "CN=none";

/// What stands in a CBC record in place of the MAC: over keys, header, and `covered`, which is IV, content and padding.
void none_cbc_checksum(const crypto::CbcRecordKeys& keys, const crypto::CbcRecordHeader& header, Bytes covered,
                       MutableBytes out);

/// Serves every kind at once, deterministically: the same job gives the same result in any order and any batch.
/// - key_share: private keys of one fixed byte; derive: XOR of both private keys; refuses an all-zero X25519 key and a
///   point that does not begin with 4, as real engines do.
/// - sign: SHA-256 of the scheme and the content; verify: compares with that, or takes kNoneSignature.
/// - verify_chain: the first byte of the first certificate is the verdict, the second, unless it is zero, for how many
///   seconds it is valid; its key is one for P-256.
/// - rsa_premaster: 48 bytes are the premaster secret in plain sight; anything else gives the substitute.
/// - transcript: real hashes, since messages are made of them.
/// - key schedules: patterns that differ by direction and phase; transcripts grow as the jobs promise.
/// - seal: the plaintext and a checksum over key, nonce, additional data and plaintext; open: verifies the checksum.
/// - cbc_seal: IV, plaintext, padding and checksum in plain sight, in this order with and without encrypt-then-MAC;
///   cbc_open: verifies the checksum.
class NoneEngine final : public crypto::Engine {
 public:
  const char* name() const override { return "none"; }
  bool supports(crypto::JobClass) const override { return true; }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override;
};

}  // namespace lockstep::test
