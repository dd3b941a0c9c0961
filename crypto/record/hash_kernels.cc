#include "crypto/record/hash_kernels.h"

#include "crypto/base/sha1_compress.h"
#include "crypto/base/sha2_compress.h"

namespace lockstep::crypto {

const HashKernels& hash_kernels() {
  static const bool has_sha_ni = sha2::has_sha_ni();
  static const HashKernels kernels = {
      {has_sha_ni ? sha1::compress_ni : sha1::compress_portable, nullptr, 0},
      {has_sha_ni ? sha2::compress256_ni : sha2::compress256_portable, nullptr, 0},
      {sha2::compress512_portable, nullptr, 0},
  };
  return kernels;
}

}  // namespace lockstep::crypto
