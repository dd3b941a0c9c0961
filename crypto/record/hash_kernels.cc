#include "crypto/record/hash_kernels.h"

#include "crypto/base/sha1_compress.h"
#include "crypto/base/sha2_compress.h"

namespace lockstep::crypto {

const HashKernels& hash_kernels() {
  static const HashKernels kernels = [] {
    const bool ni = sha2::has_sha_ni();
    const bool avx512 = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
    // Against the SHA instructions many lanes have to be filled, against portable code two.
    return HashKernels{
        {ni ? sha1::compress_ni : sha1::compress_portable, avx512 ? sha1_lanes : nullptr, ni ? 4U : 2U},
        {ni ? sha2::compress256_ni : sha2::compress256_portable, avx512 ? sha256_lanes : nullptr, ni ? 7U : 2U},
        {sha2::compress512_portable, avx512 ? sha512_lanes : nullptr, 2},
    };
  }();
  return kernels;
}

}  // namespace lockstep::crypto
