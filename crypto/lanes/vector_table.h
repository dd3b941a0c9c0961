// Choice of a table's entry by a secret index in each lane, in constant time: the whole row is read and permuted in
// registers.
#pragma once

#include "crypto/lanes/vector.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// row[index] of each lane; the row has kEntries numbers (16 times a power of two), aligned to 64 bytes.
template <int kEntries>
LOCKSTEP_INLINE U64x8 table_lookup(const std::uint64_t* row, const U64x8& index) {
  static_assert(kEntries >= 16 && (kEntries & (kEntries - 1)) == 0);
#ifdef __AVX512IFMA__
  const __m512i wanted = reinterpret_cast<__m512i>(index);
  if constexpr (kEntries == 16) {
    return reinterpret_cast<U64x8>(
        _mm512_permutex2var_epi64(_mm512_load_si512(row), wanted, _mm512_load_si512(row + 8)));
  } else {
    const __mmask8 upper = _mm512_test_epi64_mask(wanted, _mm512_set1_epi64(kEntries / 2));
    return select(upper, table_lookup<kEntries / 2>(row + kEntries / 2, index), table_lookup<kEntries / 2>(row, index));
  }
#else
  U64x8 chosen{};
  for (int i = 0; i < kEntries; ++i)
    chosen |= select(equal(index, splat(static_cast<std::uint64_t>(i))), splat(row[i]), U64x8{});
  return chosen;
#endif
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE
