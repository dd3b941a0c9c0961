#include "tests/constant_time/planted.h"

#include "crypto/lanes/vector.h"

namespace lockstep::crypto::lanes {
namespace LOCKSTEP_LANES_INSTANCE {
namespace {

using Bytes32 = std::uint8_t[32];

// The table that the loads read: as large as a comb's window of two coordinates.
constexpr std::size_t kEntries = 16;
constexpr std::size_t kWords = 8;
struct Table {
  std::uint64_t entry[kEntries][kWords];
};
constexpr Table make_table() {
  Table table{};
  for (std::size_t i = 0; i < kEntries; ++i)
    for (std::size_t j = 0; j < kWords; ++j) table.entry[i][j] = (i * kWords + j + 1) * 0x9e3779b97f4a7c15U;
  return table;
}
constexpr Table kTable = make_table();

// Keeps the compiler from making a selection of the branch before it.
void side_effect() {
  asm volatile("" : : : "memory");
}

U64x8 load_words(const Bytes32* lanes, std::size_t word) {
  U64x8 vector{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::uint64_t value = 0;
    for (std::size_t i = 8; i-- > 0;) value = value << 8U | lanes[lane][8 * word + i];
    vector[lane] = value;
  }
  return vector;
}

void store(std::uint64_t* result, U64x8 vector) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) result[lane] = vector[lane];
}

void early_exit_compare(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::size_t i = 0;
    while (i < 32 && secret[lane][i] == known[lane][i]) ++i;
    result[lane] = i == 32;
  }
}

void careful_compare(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < 32; ++i) difference |= static_cast<std::uint64_t>(secret[lane][i] ^ known[lane][i]);
    result[lane] = (difference - 1) >> 63U;
  }
}

void indexed_load(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    result[lane] = kTable.entry[secret[lane][0] % kEntries][known[lane][0] % kWords];
}

void careful_load(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  const U64x8 wanted = load_words(secret, 0) & splat(kEntries - 1);
  U64x8 found{};
  for (std::size_t i = 0; i < kEntries; ++i) {
    U64x8 entry{};
    for (std::size_t lane = 0; lane < kLanes; ++lane) entry[lane] = kTable.entry[i][known[lane][0] % kWords];
    found = select(equal(wanted, splat(i)), entry, found);
  }
  store(result, found);
}

U64x8 carry(const Bytes32* secret, const Bytes32* known) {
  constexpr std::uint64_t kLow = (std::uint64_t{1} << 52U) - 1;
  const U64x8 a = load_words(secret, 0) & splat(kLow);
  const U64x8 b = load_words(known, 0) & splat(kLow);
  const U64x8 sum = madd52_lo(b, a, b) + madd52_hi(a, a, b);
  return sum >> 52;
}

void branch_on_carry(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  const U64x8 over = carry(secret, known);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    result[lane] = 0;
    if (over[lane] != 0) {
      side_effect();
      result[lane] = 1;
    }
  }
}

void careful_carry(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  store(result, select(equal(carry(secret, known), U64x8{}), U64x8{}, splat(1)));
}

void branch_on_mask(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  store(result, U64x8{});
  if (less(load_words(secret, 3), load_words(known, 3)) != 0) {
    side_effect();
    store(result, splat(1));
  }
}

void careful_mask(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  store(result, select(less(load_words(secret, 3), load_words(known, 3)), splat(1), U64x8{}));
}

// Lane i of the result is lane 7 - i of the input.
U64x8 reversed(U64x8 a) {
#ifdef __AVX512IFMA__
  const U64x8 from = {7, 6, 5, 4, 3, 2, 1, 0};
  return reinterpret_cast<U64x8>(
      _mm512_permutex2var_epi64(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(from), __m512i{}));
#else
  return U64x8{a[7], a[6], a[5], a[4], a[3], a[2], a[1], a[0]};
#endif
}

// Only lane 0 is secret, so that the permutation alone carries it to where it is used.
U64x8 moved_lane(const Bytes32* secret, const Bytes32* known) {
  U64x8 mixed = load_words(known, 1);
  mixed[0] = load_words(secret, 1)[0];
  return reversed(mixed);
}

void branch_on_moved_lane(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  const U64x8 moved = moved_lane(secret, known);
  store(result, U64x8{});
  if (moved[7] % 2 != 0) {
    side_effect();
    store(result, moved);
  }
}

void careful_moved_lane(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  store(result, moved_lane(secret, known));
}

void divide(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    result[lane] = load_words(known, 0)[lane] / (load_words(secret, 0)[lane] | 1U);
}

// The remainder by a number that is public, by multiplication: 3 divides 4^k - 1, so it is the sum of digits base 4.
void careful_divide(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  U64x8 sum = load_words(secret, 0) ^ load_words(known, 0);
  for (int shift = 32; shift >= 2; shift /= 2) sum = (sum >> shift) + (sum & splat((std::uint64_t{1} << shift) - 1));
  store(result, sum);
}

void secret_length(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  store(result, U64x8{});
  __builtin_memcpy(result, known, secret[0][0] % 64U);
}

void gathered_load(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  const U64x8 index = (load_words(secret, 0) ^ load_words(known, 0)) & splat(kEntries * kWords - 1);
#ifdef __AVX512IFMA__
  store(result, reinterpret_cast<U64x8>(
                    _mm512_mask_i64gather_epi64(__m512i{}, 0xff, reinterpret_cast<__m512i>(index), &kTable, 8)));
#else
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    result[lane] = kTable.entry[index[lane] / kWords][index[lane] % kWords];
#endif
}

void library_compare(std::uint64_t* result, const Bytes32* secret, const Bytes32* known) {
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    result[lane] = static_cast<std::uint64_t>(__builtin_memcmp(secret[lane], known[lane], 32));
}

}  // namespace
}  // namespace LOCKSTEP_LANES_INSTANCE

#ifdef __AVX512IFMA__
const PlantedKernels kPlantedIfma = {
#else
const PlantedKernels kPlantedPortable = {
#endif
    LOCKSTEP_LANES_INSTANCE::early_exit_compare,
    LOCKSTEP_LANES_INSTANCE::careful_compare,
    LOCKSTEP_LANES_INSTANCE::indexed_load,
    LOCKSTEP_LANES_INSTANCE::careful_load,
    LOCKSTEP_LANES_INSTANCE::branch_on_carry,
    LOCKSTEP_LANES_INSTANCE::careful_carry,
    LOCKSTEP_LANES_INSTANCE::branch_on_mask,
    LOCKSTEP_LANES_INSTANCE::careful_mask,
    LOCKSTEP_LANES_INSTANCE::branch_on_moved_lane,
    LOCKSTEP_LANES_INSTANCE::careful_moved_lane,
    LOCKSTEP_LANES_INSTANCE::divide,
    LOCKSTEP_LANES_INSTANCE::careful_divide,
    LOCKSTEP_LANES_INSTANCE::secret_length,
    LOCKSTEP_LANES_INSTANCE::gathered_load,
    LOCKSTEP_LANES_INSTANCE::library_compare,
};

}  // namespace lockstep::crypto::lanes
