#include "crypto/rsa_premaster.h"

namespace lockstep::crypto {
namespace {

// 00 02, at least eight bytes that are not zero, 00 (RFC 8017 section 7.2.1).
constexpr std::size_t kMinimumPadding = 11;

// All ones if `value` is not zero, else zero. The compiler may not see through it, and so may not branch on it.
std::uint32_t nonzero_mask(std::uint32_t value) {
  asm("" : "+r"(value));
  std::uint32_t mask = 0 - ((value | (0 - value)) >> 31U);
  asm("" : "+r"(mask));
  return mask;
}

}  // namespace

void take_rsa_premaster(MutableBytes premaster, Bytes decrypted, bool usable, std::uint16_t client_version,
                        Bytes substitute) {
  std::uint32_t wrong = ~nonzero_mask(static_cast<std::uint32_t>(usable));
  // The caller has no shorter modulus; the test keeps the indices below in range.
  if (decrypted.size() < kMinimumPadding + kRsaPremasterSize) {
    for (std::size_t i = 0; i < kRsaPremasterSize; ++i) premaster[i] = substitute[i];
    return;
  }
  const std::size_t start = decrypted.size() - kRsaPremasterSize;
  wrong |= std::uint32_t{decrypted[0]} | (std::uint32_t{decrypted[1]} ^ 2U) | std::uint32_t{decrypted[start - 1]};
  for (std::size_t i = 2; i < start - 1; ++i) wrong |= ~nonzero_mask(decrypted[i]);
  wrong |= std::uint32_t{decrypted[start]} ^ (std::uint32_t{client_version} >> 8U);
  wrong |= std::uint32_t{decrypted[start + 1]} ^ (std::uint32_t{client_version} & 0xffU);
  const auto take_substitute = static_cast<std::uint8_t>(nonzero_mask(wrong));
  for (std::size_t i = 0; i < kRsaPremasterSize; ++i) {
    const std::uint8_t difference = decrypted[start + i] ^ substitute[i];
    premaster[i] = static_cast<std::uint8_t>(decrypted[start + i] ^ (difference & take_substitute));
  }
}

}  // namespace lockstep::crypto
