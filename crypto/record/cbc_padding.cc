#include "crypto/record/cbc_padding.h"

#include <emmintrin.h>

#include <algorithm>

#include "crypto/record/secret_mask.h"

namespace lockstep::crypto {
namespace {

/// All ones when the last `padding` bytes of the 256, and the length byte behind them, hold `padding`.
std::uint64_t padding_agrees(const std::uint8_t* bytes, std::uint8_t padding) {
  const __m128i value = _mm_set1_epi8(static_cast<char>(padding));
  // Distance from the end, of which the last is 0.
  __m128i distance = _mm_set_epi8(-16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1);
  __m128i wrong = _mm_setzero_si128();
  for (std::size_t at = 0; at < 256; at += 16) {
    const __m128i is_padding = _mm_cmpeq_epi8(_mm_min_epu8(distance, value), distance);
    const __m128i run = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
    wrong = _mm_or_si128(wrong, _mm_and_si128(is_padding, _mm_xor_si128(run, value)));
    distance = _mm_sub_epi8(distance, _mm_set1_epi8(16));
  }
  const int zero_bytes = _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128()));
  return mask_equal(static_cast<std::uint64_t>(zero_bytes), 0xffff);
}

}  // namespace

CbcEnd::CbcEnd(Bytes decrypted, std::size_t mac) {
  const std::size_t size = std::min(decrypted.size(), kWindow);
  window_.fill(0);
  std::memcpy(window_.data() + kWindow - size, decrypted.data() + decrypted.size() - size, size);
  const std::uint8_t padding = window_[kWindow - 1];
  good_ = padding_agrees(window_.data() + kWindow - kPadding, padding) & mask_less(mac + padding, decrypted.size());
  padding_ = padding & good_;
  content_size_ = decrypted.size() - mac - 1 - padding_;
}

CbcEnd::~CbcEnd() {
  wipe(window_);
}

std::uint64_t CbcEnd::has_mac(Bytes expected) {
  // With 255 bytes of padding the MAC begins at `first`; with fewer, as many bytes later. It is moved there by powers
  // of two, each move made or not by a mask.
  std::uint8_t* const first = window_.data() + kMaxMac - expected.size();
  const std::uint64_t distance = 255 - padding_;
  for (unsigned bit = 8; bit-- != 0;) {
    const std::size_t step = std::size_t{1} << bit;
    const std::uint64_t move = std::uint64_t{0} - opaque(distance >> bit & 1U);
    const __m128i mask = _mm_set1_epi64x(static_cast<long long>(move));
    const std::size_t needed = expected.size() + step - 1;
    for (std::size_t at = 0; at < needed; at += 16) {
      auto* const target = reinterpret_cast<__m128i*>(first + at);
      const __m128i moved = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first + at + step));
      const __m128i kept = _mm_loadu_si128(target);
      _mm_storeu_si128(target, _mm_or_si128(_mm_and_si128(mask, moved), _mm_andnot_si128(mask, kept)));
    }
  }
  std::uint64_t difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) difference |= first[i] ^ expected[i];
  return mask_equal(difference, 0);
}

}  // namespace lockstep::crypto
