// Compiled twice with clang for AVX-512: after taint_ir.py (LOCKSTEP_OPERATIONS is kSpreadOperations) and without it.
#include <immintrin.h>

#include "tests/constant_time/propagation.h"

namespace lockstep::constant_time {
namespace {

using U64x8 = std::uint64_t __attribute__((vector_size(64)));
using I64x8 = std::int64_t __attribute__((vector_size(64)));
using U32x16 = std::uint32_t __attribute__((vector_size(64)));
__extension__ using U128 = unsigned __int128;

U64x8 to_vector(__m512i a) {
  return reinterpret_cast<U64x8>(a);
}
__m512i to_m512i(U64x8 a) {
  return reinterpret_cast<__m512i>(a);
}
// The mask as bytes of all its eight lanes.
U64x8 from_mask(__mmask8 mask) {
  return U64x8{mask};
}

// Vectors in and out, by a function of three vectors.
template <U64x8 (*kFunction)(U64x8, U64x8, U64x8)>
void on_vectors(const std::uint8_t* operands, std::uint8_t* result) {
  const auto* vector = reinterpret_cast<const U64x8*>(operands);
  *reinterpret_cast<U64x8*>(result) = kFunction(vector[0], vector[1], vector[2]);
}

// Words in and out: the first word of each vector.
template <std::uint64_t (*kFunction)(std::uint64_t, std::uint64_t)>
void on_words(const std::uint8_t* operands, std::uint8_t* result) {
  const auto* word = reinterpret_cast<const std::uint64_t*>(operands);
  *reinterpret_cast<U64x8*>(result) = U64x8{};
  *reinterpret_cast<std::uint64_t*>(result) = kFunction(word[0], word[8]);
}

U64x8 add(U64x8 a, U64x8 b, U64x8) {
  return a + b;
}
U64x8 subtract(U64x8 a, U64x8 b, U64x8) {
  return a - b;
}
U64x8 multiply(U64x8 a, U64x8 b, U64x8) {
  return a * b;
}
U64x8 madd52_lo(U64x8 a, U64x8 b, U64x8 c) {
  return to_vector(_mm512_madd52lo_epu64(to_m512i(a), to_m512i(b), to_m512i(c)));
}
U64x8 madd52_hi(U64x8 a, U64x8 b, U64x8 c) {
  return to_vector(_mm512_madd52hi_epu64(to_m512i(a), to_m512i(b), to_m512i(c)));
}
U64x8 multiply_32(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_mul_epu32(to_m512i(a), to_m512i(b)));
}
U64x8 bitwise(U64x8 a, U64x8 b, U64x8 c) {
  return (a & b) | (~a ^ c);
}
U64x8 ternary(U64x8 a, U64x8 b, U64x8 c) {
  return to_vector(_mm512_ternarylogic_epi64(to_m512i(a), to_m512i(b), to_m512i(c), 0xca));
}
U64x8 shift_left(U64x8 a, U64x8, U64x8) {
  return a << 12;
}
U64x8 shift_right(U64x8 a, U64x8, U64x8) {
  return a >> 52;
}
U64x8 shift_right_signed(U64x8 a, U64x8, U64x8) {
  return reinterpret_cast<U64x8>(reinterpret_cast<I64x8>(a) >> 51);
}
U64x8 shift_by_lane(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_srlv_epi64(to_m512i(a), to_m512i(b)));
}
U64x8 shift_left_by_lane(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_sllv_epi64(to_m512i(a), to_m512i(b)));
}
U64x8 rotate(U64x8 a, U64x8, U64x8) {
  return to_vector(_mm512_rol_epi64(to_m512i(a), 19));
}
U64x8 rotate_right(U64x8 a, U64x8, U64x8) {
  return to_vector(_mm512_ror_epi64(to_m512i(a), 14));
}
U64x8 equal_mask(U64x8 a, U64x8 b, U64x8) {
  return from_mask(_mm512_cmpeq_epi64_mask(to_m512i(a), to_m512i(b)));
}
U64x8 less_mask(U64x8 a, U64x8 b, U64x8) {
  return from_mask(_mm512_cmplt_epu64_mask(to_m512i(a), to_m512i(b)));
}
U64x8 less_signed(U64x8 a, U64x8 b, U64x8) {
  return from_mask(_mm512_cmplt_epi64_mask(to_m512i(a), to_m512i(b)));
}
U64x8 test_mask(U64x8 a, U64x8 b, U64x8) {
  return from_mask(_mm512_test_epi64_mask(to_m512i(a), to_m512i(b)));
}
U64x8 sign_mask(U64x8 a, U64x8, U64x8) {
  return from_mask(_mm512_movepi64_mask(to_m512i(a)));
}
U64x8 blend(U64x8 a, U64x8 b, U64x8 c) {
  return to_vector(_mm512_mask_blend_epi64(static_cast<__mmask8>(c[0]), to_m512i(a), to_m512i(b)));
}
U64x8 mask_to_lanes(U64x8 a, U64x8, U64x8) {
  return to_vector(_mm512_movm_epi64(static_cast<__mmask8>(a[0])));
}
U64x8 mask_logic(U64x8 a, U64x8 b, U64x8 c) {
  const __mmask8 low = _mm512_cmplt_epu64_mask(to_m512i(a), to_m512i(b));
  return from_mask(static_cast<__mmask8>(~(low & _mm512_cmpeq_epi64_mask(to_m512i(b), to_m512i(c)))));
}
U64x8 masked_add(U64x8 a, U64x8 b, U64x8 c) {
  return to_vector(_mm512_mask_add_epi64(to_m512i(c), static_cast<__mmask8>(c[1]), to_m512i(a), to_m512i(b)));
}
U64x8 permute_two(U64x8 a, U64x8 b, U64x8 c) {
  return to_vector(_mm512_permutex2var_epi64(to_m512i(a), to_m512i(b), to_m512i(c)));
}
U64x8 permute(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_permutexvar_epi64(to_m512i(a), to_m512i(b)));
}
U64x8 permute_32(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_permutexvar_epi32(to_m512i(a), to_m512i(b)));
}
U64x8 shuffle_bytes(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_shuffle_epi8(to_m512i(a), to_m512i(b)));
}
U64x8 shuffle_fixed(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_unpackhi_epi64(to_m512i(a), to_m512i(b)));
}
U64x8 align_lanes(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_alignr_epi64(to_m512i(a), to_m512i(b), 3));
}
U64x8 funnel(U64x8 a, U64x8 b, U64x8) {
  U64x8 joined{};
  for (int i = 0; i < 8; ++i) joined[i] = a[i] << 12 | b[i] >> 52;
  return joined;
}
U64x8 smaller(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_min_epu64(to_m512i(a), to_m512i(b)));
}
U64x8 larger(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_max_epu64(to_m512i(a), to_m512i(b)));
}
U64x8 smaller_signed(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_min_epi64(to_m512i(a), to_m512i(b)));
}
U64x8 larger_signed(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_max_epi64(to_m512i(a), to_m512i(b)));
}
U64x8 absolute(U64x8 a, U64x8, U64x8) {
  return to_vector(_mm512_abs_epi64(to_m512i(a)));
}
U64x8 saturate(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_subs_epu16(to_m512i(a), to_m512i(b)));
}
U64x8 narrow(U64x8 a, U64x8, U64x8) {
  const auto low = _mm512_cvtepi64_epi32(to_m512i(a));
  return to_vector(_mm512_cvtepu32_epi64(low));
}
U64x8 widen_signed(U64x8 a, U64x8, U64x8) {
  return to_vector(_mm512_cvtepi32_epi64(_mm512_castsi512_si256(to_m512i(a))));
}
U64x8 reduce_or(U64x8 a, U64x8, U64x8) {
  return U64x8{static_cast<std::uint64_t>(_mm512_reduce_or_epi64(to_m512i(a)))};
}
U64x8 reduce_and(U64x8 a, U64x8, U64x8) {
  return U64x8{static_cast<std::uint64_t>(_mm512_reduce_and_epi64(to_m512i(a)))};
}
U64x8 reduce_add(U64x8 a, U64x8, U64x8) {
  return U64x8{static_cast<std::uint64_t>(_mm512_reduce_add_epi64(to_m512i(a)))};
}
U64x8 insert_extract(U64x8 a, U64x8 b, U64x8) {
  a[2] = b[5];
  return a;
}
U64x8 sha256_rounds(U64x8 a, U64x8 b, U64x8 c) {
  const __m128i mixed = _mm_sha256rnds2_epu32(_mm512_castsi512_si128(to_m512i(a)), _mm512_castsi512_si128(to_m512i(b)),
                                              _mm512_castsi512_si128(to_m512i(c)));
  return to_vector(_mm512_zextsi128_si512(mixed));
}
U64x8 sha256_schedule(U64x8 a, U64x8 b, U64x8 c) {
  const __m128i first = _mm_sha256msg1_epu32(_mm512_castsi512_si128(to_m512i(a)), _mm512_castsi512_si128(to_m512i(b)));
  return to_vector(_mm512_zextsi128_si512(_mm_sha256msg2_epu32(first, _mm512_castsi512_si128(to_m512i(c)))));
}
U64x8 sha1_rounds(U64x8 a, U64x8 b, U64x8 c) {
  const __m128i mixed =
      _mm_sha1rnds4_epu32(_mm512_castsi512_si128(to_m512i(a)), _mm512_castsi512_si128(to_m512i(b)), 2);
  return to_vector(_mm512_zextsi128_si512(_mm_sha1nexte_epu32(mixed, _mm512_castsi512_si128(to_m512i(c)))));
}
U64x8 sha1_schedule(U64x8 a, U64x8 b, U64x8 c) {
  const __m128i first = _mm_sha1msg1_epu32(_mm512_castsi512_si128(to_m512i(a)), _mm512_castsi512_si128(to_m512i(b)));
  return to_vector(_mm512_zextsi128_si512(_mm_sha1msg2_epu32(first, _mm512_castsi512_si128(to_m512i(c)))));
}
U64x8 shuffle_bytes_128(U64x8 a, U64x8 b, U64x8) {
  return to_vector(_mm512_zextsi128_si512(
      _mm_shuffle_epi8(_mm512_castsi512_si128(to_m512i(a)), _mm512_castsi512_si128(to_m512i(b)))));
}
// What a compiler barrier lets through. The register class is the compilers' own for vectors.
U64x8 barrier(U64x8 a, U64x8 b, U64x8) {
  asm volatile("" : "+v"(a));
  return a + b;
}

// Memory in and out.
void masked_load(const std::uint8_t* operands, std::uint8_t* result) {
  *reinterpret_cast<__m512i*>(result) =
      _mm512_mask_loadu_epi64(*reinterpret_cast<const __m512i*>(operands), 0x3c, operands + 64);
}
void masked_store(const std::uint8_t* operands, std::uint8_t* result) {
  *reinterpret_cast<__m512i*>(result) = *reinterpret_cast<const __m512i*>(operands);
  _mm512_mask_storeu_epi64(result, 0xc5, *reinterpret_cast<const __m512i*>(operands + 64));
}

std::uint64_t word_add(std::uint64_t a, std::uint64_t b) {
  return a + b;
}
std::uint64_t word_subtract(std::uint64_t a, std::uint64_t b) {
  return a - b;
}
std::uint64_t word_product_high(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>((static_cast<U128>(a) * b) >> 64U);
}
std::uint64_t word_borrow(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>((static_cast<U128>(a) - b) >> 64U);
}
std::uint64_t word_less(std::uint64_t a, std::uint64_t b) {
  return a < b ? 3 : 8;
}
std::uint64_t word_less_signed(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b) ? 3 : 8;
}
std::uint64_t word_equal(std::uint64_t a, std::uint64_t b) {
  return a == b ? ~b : b;
}
std::uint64_t word_shift(std::uint64_t a, std::uint64_t b) {
  return a >> (b & 63U);
}
std::uint64_t word_rotate(std::uint64_t a, std::uint64_t b) {
  return a << (b & 63U) | a >> (-b & 63U);
}
std::uint64_t word_swap(std::uint64_t a, std::uint64_t) {
  return __builtin_bswap64(a);
}
std::uint64_t word_count_ones(std::uint64_t a, std::uint64_t) {
  return static_cast<std::uint64_t>(__builtin_popcountll(a));
}
std::uint64_t word_count_zeros(std::uint64_t a, std::uint64_t) {
  return static_cast<std::uint64_t>(__builtin_ctzll(a | 1ULL << 63U));
}
std::uint64_t word_leading_zeros(std::uint64_t a, std::uint64_t) {
  return static_cast<std::uint64_t>(__builtin_clzll(a | 1U));
}
std::uint64_t word_widen(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int8_t>(a))) ^ (b & 0xffU);
}
std::uint64_t word_barrier(std::uint64_t a, std::uint64_t b) {
  asm volatile("" : "+r"(a));
  return a + b;
}

}  // namespace

#define LOCKSTEP_VECTORS(name) {#name, on_vectors<name>}
#define LOCKSTEP_WORDS(name) {#name, on_words<name>}

const Operation LOCKSTEP_OPERATIONS[] = {
    LOCKSTEP_VECTORS(add),
    LOCKSTEP_VECTORS(subtract),
    LOCKSTEP_VECTORS(multiply),
    LOCKSTEP_VECTORS(madd52_lo),
    LOCKSTEP_VECTORS(madd52_hi),
    LOCKSTEP_VECTORS(multiply_32),
    LOCKSTEP_VECTORS(bitwise),
    LOCKSTEP_VECTORS(ternary),
    LOCKSTEP_VECTORS(shift_left),
    LOCKSTEP_VECTORS(shift_right),
    LOCKSTEP_VECTORS(shift_right_signed),
    LOCKSTEP_VECTORS(shift_by_lane),
    LOCKSTEP_VECTORS(shift_left_by_lane),
    LOCKSTEP_VECTORS(rotate),
    LOCKSTEP_VECTORS(rotate_right),
    LOCKSTEP_VECTORS(equal_mask),
    LOCKSTEP_VECTORS(less_mask),
    LOCKSTEP_VECTORS(less_signed),
    LOCKSTEP_VECTORS(test_mask),
    LOCKSTEP_VECTORS(sign_mask),
    LOCKSTEP_VECTORS(blend),
    LOCKSTEP_VECTORS(mask_to_lanes),
    LOCKSTEP_VECTORS(mask_logic),
    LOCKSTEP_VECTORS(masked_add),
    LOCKSTEP_VECTORS(permute_two),
    LOCKSTEP_VECTORS(permute),
    LOCKSTEP_VECTORS(permute_32),
    LOCKSTEP_VECTORS(shuffle_bytes),
    LOCKSTEP_VECTORS(shuffle_bytes_128),
    LOCKSTEP_VECTORS(shuffle_fixed),
    LOCKSTEP_VECTORS(align_lanes),
    LOCKSTEP_VECTORS(funnel),
    LOCKSTEP_VECTORS(smaller),
    LOCKSTEP_VECTORS(larger),
    LOCKSTEP_VECTORS(smaller_signed),
    LOCKSTEP_VECTORS(larger_signed),
    LOCKSTEP_VECTORS(absolute),
    LOCKSTEP_VECTORS(saturate),
    LOCKSTEP_VECTORS(narrow),
    LOCKSTEP_VECTORS(widen_signed),
    LOCKSTEP_VECTORS(reduce_or),
    LOCKSTEP_VECTORS(reduce_and),
    LOCKSTEP_VECTORS(reduce_add),
    LOCKSTEP_VECTORS(insert_extract),
    LOCKSTEP_VECTORS(sha256_rounds),
    LOCKSTEP_VECTORS(sha256_schedule),
    LOCKSTEP_VECTORS(sha1_rounds),
    LOCKSTEP_VECTORS(sha1_schedule),
    LOCKSTEP_VECTORS(barrier),
    {"masked_load", masked_load},
    {"masked_store", masked_store},
    LOCKSTEP_WORDS(word_add),
    LOCKSTEP_WORDS(word_subtract),
    LOCKSTEP_WORDS(word_product_high),
    LOCKSTEP_WORDS(word_borrow),
    LOCKSTEP_WORDS(word_less),
    LOCKSTEP_WORDS(word_less_signed),
    LOCKSTEP_WORDS(word_equal),
    LOCKSTEP_WORDS(word_shift),
    LOCKSTEP_WORDS(word_rotate),
    LOCKSTEP_WORDS(word_swap),
    LOCKSTEP_WORDS(word_count_ones),
    LOCKSTEP_WORDS(word_count_zeros),
    LOCKSTEP_WORDS(word_leading_zeros),
    LOCKSTEP_WORDS(word_widen),
    LOCKSTEP_WORDS(word_barrier),
    {nullptr, nullptr},
};

}  // namespace lockstep::constant_time
