#include "crypto/rsa_premaster.h"

namespace lockstep::crypto {
namespace {

/// All ones when `value`, a byte, is zero; all zeros otherwise.
std::uint32_t mask_if_zero(std::uint32_t value) {
  return ~(0U - ((value + 0xffU) >> 8U));
}

/// Hides from the compiler that a mask has two values only, so that it makes no branch of it.
std::uint32_t opaque(std::uint32_t mask) {
  asm volatile("" : "+r"(mask));
  return mask;
}

}  // namespace

void select_rsa_premaster(Bytes decrypted, bool decrypted_at_all, std::uint16_t client_version, Bytes substitute,
                          MutableBytes premaster) {
  const Bytes secret = decrypted.last(kRsaPremaster);
  const Bytes padding = decrypted.subspan(2, decrypted.size() - kRsaPremaster - 3);
  const std::uint32_t separator = decrypted[decrypted.size() - kRsaPremaster - 1];
  const std::uint32_t major = client_version >> 8U;
  const std::uint32_t minor = client_version & 0xffU;
  const std::uint32_t wrong =
      decrypted[0] | (decrypted[1] ^ 2U) | separator | (secret[0] ^ major) | (secret[1] ^ minor);
  std::uint32_t good = mask_if_zero(wrong) & (0U - static_cast<std::uint32_t>(decrypted_at_all));
  for (const std::uint8_t byte : padding) good &= ~mask_if_zero(byte);
  good = opaque(good);
  for (std::size_t i = 0; i < kRsaPremaster; ++i)
    premaster[i] = static_cast<std::uint8_t>((secret[i] & good) | (substitute[i] & ~good));
}

}  // namespace lockstep::crypto
