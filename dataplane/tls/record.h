// The record layer's numbers and formulas (RFC 8446 section 5, RFC 5246 section 6.2).
#pragma once

#include "crypto/cbc_job.h"
#include "dataplane/tls/session.h"

namespace lockstep::tls {

enum class ContentType : std::uint8_t {
  invalid = 0,
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
};

constexpr std::uint32_t kRecordHeader = 5;
/// RFC 8446 section 5.1.
constexpr std::uint32_t kMaxFragment = 16384;
/// RFC 8446 section 5.2. TLS 1.2 allows more (RFC 5246 section 6.2.3), which AEAD suites cannot use.
constexpr std::uint32_t kMaxProtected = kMaxFragment + 256;
/// RFC 5246 section 6.2.3: what CBC suites can use, by padding.
constexpr std::uint32_t kMaxCbcProtected = crypto::kMaxCbcFragment;
static_assert(kRecordHeader + kMaxCbcProtected == kMaxReceivedRecord);
/// legacy_record_version of every record sent.
constexpr std::uint16_t kRecordVersion = 0x0303;

struct RecordHeader {
  ContentType type = ContentType::invalid;  // any value the peer sent
  std::uint16_t version = 0;
  std::uint16_t length = 0;
};

inline void write_record_header(Writer& writer, ContentType type, std::size_t length) {
  writer.u8(static_cast<std::uint8_t>(type));
  writer.u16(kRecordVersion);
  writer.u16(static_cast<std::uint16_t>(length));
}

/// Whether and how one direction is protected.
enum class Protection : std::uint8_t { none, tls12, tls13 };

/// Bytes of the nonce that travel in front of the ciphertext (RFC 5288 section 3).
constexpr std::uint32_t explicit_nonce_size(Protection protection, crypto::Aead aead) {
  return protection == Protection::tls12 && aead != crypto::Aead::chacha20_poly1305 ? 8 : 0;
}
/// Bytes that protection adds to a plaintext: explicit nonce, inner content type, tag.
constexpr std::uint32_t overhead(Protection protection, crypto::Aead aead) {
  if (protection == Protection::none) return 0;
  const std::uint32_t inner_type = protection == Protection::tls13 ? 1 : 0;
  return explicit_nonce_size(protection, aead) + inner_type + static_cast<std::uint32_t>(crypto::kAeadTag);
}

/// Most bytes that a CBC suite adds to a plaintext when it is sent: explicit IV, MAC, padding.
constexpr std::uint32_t kMaxCbcOverhead = crypto::kCbcBlock + crypto::kMaxMac + crypto::kCbcBlock;

/// RFC 8446 section 5.3 and RFC 7905 section 2: IV XOR sequence number.
inline void xor_nonce(Bytes iv, std::uint64_t sequence, std::array<std::uint8_t, crypto::kAeadNonce>& nonce) {
  for (std::size_t i = 0; i < nonce.size(); ++i) {
    const std::size_t from_end = nonce.size() - 1 - i;
    const auto byte = from_end < 8 ? static_cast<std::uint8_t>(sequence >> (8U * from_end)) : std::uint8_t{0};
    nonce[i] = static_cast<std::uint8_t>(iv[i] ^ byte);
  }
}

/// RFC 5288 section 3: the salt of the key block and the explicit part.
inline void salted_nonce(Bytes salt, Bytes explicit_part, std::array<std::uint8_t, crypto::kAeadNonce>& nonce) {
  std::memcpy(nonce.data(), salt.data(), 4);
  std::memcpy(nonce.data() + 4, explicit_part.data(), 8);
}

/// The additional data: the record header in TLS 1.3 (RFC 8446 section 5.2), sequence number, type, version and
/// plaintext length in TLS 1.2 (RFC 5246 section 6.2.3.3). `job` is a SealJob or an OpenJob.
template <class RecordJob>
void set_additional_data(RecordJob& job, Protection protection, std::uint64_t sequence, const RecordHeader& header,
                         std::uint32_t plaintext) {
  Writer writer(job.aad);
  if (protection == Protection::tls12) writer.u64(sequence);
  writer.u8(static_cast<std::uint8_t>(header.type));
  writer.u16(header.version);
  writer.u16(static_cast<std::uint16_t>(protection == Protection::tls12 ? plaintext : header.length));
  job.aad_size = static_cast<std::uint8_t>(writer.size());
}

}  // namespace lockstep::tls
