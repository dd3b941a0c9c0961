// AES-CBC + HMAC records on libcrypto.
#pragma once

#include <array>

#include "crypto/cbc_job.h"
#include "crypto/openssl/handles.h"

namespace lockstep::crypto {

/// One record at a time. Opening goes through libcrypto's own constant-time path for TLS: the cipher removes padding
/// and MAC, the HMAC hashes a fixed number of blocks.
class CbcRecordOperations {
 public:
  CbcRecordOperations();
  CbcRecordOperations(const CbcRecordOperations&) = delete;
  CbcRecordOperations& operator=(const CbcRecordOperations&) = delete;
  /// False when libcrypto lacks something.
  bool ready() const;

  /// Make the job's results and say how it went. A record that is not valid is overwritten with zeros.
  JobStatus seal(CbcSealJob& job);
  JobStatus open(CbcOpenJob& job);
  /// Wipes the contexts when they hold the keys `id`.
  void forget(std::uint64_t id);

 private:
  static constexpr std::size_t kKeySizes = 2;

  bool seal_record(CbcSealJob& job, std::size_t size);
  bool encrypt(const CbcSealJob& job, std::uint8_t* ciphertext, std::size_t size);
  /// The content's place in `fragment`; empty view and false for a bad record.
  bool open_record(const CbcOpenJob& job, MutableBytes fragment, std::size_t& content_size);
  bool decrypt(const CbcRecordKeys& keys, MutableBytes fragment, std::size_t mac_size, int& content_size);
  /// HMAC over the header of `size` bytes and `content`. With `tls_size` not 0, `content` is a secret part of the first
  /// that many bytes.
  bool mac(const CbcRecordKeys& keys, const CbcRecordHeader& header, Bytes content, std::size_t tls_size,
           MutableBytes out);

  std::array<UniqueCipher, kKeySizes> ciphers_;
  UniqueCipherContext sealing_;
  UniqueCipherContext opening_;
  UniqueMac hmac_;
  std::uint64_t id_ = 0;  // of the keys last used
  std::array<std::uint8_t, kMaxCbcFragment> gathered_{};
};

}  // namespace lockstep::crypto
