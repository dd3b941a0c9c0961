// Record protection on libcrypto.
#pragma once

#include <array>

#include "crypto/job.h"
#include "crypto/openssl/handles.h"

namespace lockstep::crypto {

/// One cipher context per algorithm and direction; it keeps the key it was last used with.
class RecordOperations {
 public:
  RecordOperations();
  /// False when libcrypto lacks something.
  bool ready() const;

  /// Make the job's results and say how it went. A record that does not verify is overwritten with zeros.
  JobStatus seal(SealJob& job);
  JobStatus open(OpenJob& job);
  /// Wipes contexts that hold the key `id`.
  void forget(std::uint64_t id);

 private:
  struct Direction {
    UniqueCipherContext context;
    std::uint64_t id = 0;  // of the key in the context, 0 for none
  };
  /// Sets key (when another one is in the context) and nonce, and feeds the additional data.
  bool start(Direction& direction, const RecordKeys& keys, bool encrypt, Bytes nonce, Bytes aad);
  bool seal_pieces(EVP_CIPHER_CTX* context, SealJob& job);
  bool open_pieces(EVP_CIPHER_CTX* context, OpenJob& job);

  static constexpr std::size_t kAeads = 3;
  std::array<UniqueCipher, kAeads> ciphers_;
  std::array<Direction, kAeads> sealing_;
  std::array<Direction, kAeads> opening_;
};

}  // namespace lockstep::crypto
