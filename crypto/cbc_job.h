// Jobs of TLS 1.2's CBC suites: one record protected by AES-CBC and HMAC, MAC first (RFC 5246 section 6.2.3.2) or
// ciphertext first (RFC 7366).
#pragma once

#include "crypto/job.h"

namespace lockstep::crypto {

/// Cipher and MAC of TLS_*_WITH_AES_{128,256}_CBC_{SHA,SHA256,SHA384}.
enum class CbcSuite : std::uint8_t { aes_128_sha1, aes_256_sha1, aes_128_sha256, aes_256_sha256, aes_256_sha384 };
constexpr std::size_t kCbcSuites = 5;
/// Cipher key size in bytes.
constexpr std::size_t key_size(CbcSuite suite) {
  return suite == CbcSuite::aes_128_sha1 || suite == CbcSuite::aes_128_sha256 ? 16 : 32;
}
/// Size of the MAC and of its key in bytes (RFC 5246 section 6.2.1 and appendix C).
constexpr std::size_t mac_size(CbcSuite suite) {
  return suite == CbcSuite::aes_128_sha1 || suite == CbcSuite::aes_256_sha1 ? 20
         : suite == CbcSuite::aes_256_sha384                                ? 48
                                                                            : 32;
}

constexpr std::size_t kCbcBlock = 16;
constexpr std::size_t kMaxMac = 48;
/// Longest plaintext and longest fragment of a TLS 1.2 record (RFC 5246 sections 6.2.1 and 6.2.3).
constexpr std::size_t kMaxCbcPlaintext = 1U << 14U;
constexpr std::size_t kMaxCbcFragment = kMaxCbcPlaintext + 2048;

/// The keys of one direction, as the record layer keeps them (RFC 5246 section 6.3). Engines keep expanded forms under
/// `id`, unique within the core among these and all RecordKeys, and never 0 once the keys are set.
struct CbcRecordKeys {
  CbcSuite suite = CbcSuite::aes_128_sha1;
  bool encrypt_then_mac = false;  // as negotiated (RFC 7366)
  std::uint64_t id = 0;
  Secret<kMaxKey> key;      // key_size(suite) bytes
  Secret<kMaxMac> mac_key;  // mac_size(suite) bytes
};

/// Size of the fragment that protects `plaintext` bytes: explicit IV, content, MAC, and the least padding.
constexpr std::size_t cbc_fragment_size(const CbcRecordKeys& keys, std::size_t plaintext) {
  const std::size_t mac = mac_size(keys.suite);
  const auto padded = [](std::size_t size) { return (size / kCbcBlock + 1) * kCbcBlock; };
  return kCbcBlock + (keys.encrypt_then_mac ? padded(plaintext) + mac : padded(plaintext + mac));
}

/// What both jobs say of the record besides its bytes: the MAC covers it.
struct CbcRecordHeader {
  std::uint64_t sequence_number = 0;
  std::uint8_t content_type = 0;
  std::uint16_t version = 0x0303;
};

/// Protects one record: `plaintext` pieces, at most kMaxCbcPlaintext bytes, to `fragment`, which is contiguous and does
/// not overlap the plaintext. engine_failed for keys that were never set and for longer plaintext.
struct CbcSealJob : Job {
  CbcSealJob() : Job(JobKind::cbc_seal) {}
  const CbcRecordKeys* keys = nullptr;            // in
  CbcRecordHeader header;                         // in
  std::array<std::uint8_t, kCbcBlock> iv{};       // in: new, random, not to be foretold (RFC 5246 section 6.2.3.2)
  std::uint8_t piece_count = 0;                   // in
  std::array<Bytes, kMaxRecordPieces> plaintext;  // in
  std::uint8_t* fragment = nullptr;               // out: cbc_fragment_size(keys, plaintext size) bytes
};

/// Deprotects one record in place. `plaintext_*` say where in the pieces, taken as one run of bytes, the plaintext then
/// lies; what is beside it has no meaning. Every fault (length, padding, MAC) is the same bad_record, found in a time
/// that depends on the fragment's length only, and leaves zeros in all pieces. A plaintext of more than
/// kMaxCbcPlaintext bytes is the caller's to refuse.
struct CbcOpenJob : Job {
  CbcOpenJob() : Job(JobKind::cbc_open) {}
  const CbcRecordKeys* keys = nullptr;                  // in
  CbcRecordHeader header;                               // in
  std::uint8_t piece_count = 0;                         // in
  std::array<MutableBytes, kMaxRecordPieces> fragment;  // in: from the explicit IV on; out: holds the plaintext
  std::uint16_t plaintext_offset = 0;                   // out
  std::uint16_t plaintext_size = 0;                     // out
};

}  // namespace lockstep::crypto
