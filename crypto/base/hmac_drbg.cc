#include "crypto/base/hmac_drbg.h"

#include <algorithm>
#include <array>

namespace lockstep {

HmacDrbg::HmacDrbg(const Seed& seed) {
  std::ranges::fill(value_.writable(), std::uint8_t{1});
  update(&seed);
}

/// Section 10.1.2.2.
void HmacDrbg::update(const Seed* seed) {
  for (const std::uint8_t round : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::array<std::uint8_t, 1> separator = {round};
    const Seed pieces = seed != nullptr ? *seed : Seed{};
    const HmacKey old_key(Hash::sha256, key_.expose());
    old_key.mac({value_.expose(), separator, pieces.entropy, pieces.nonce, pieces.personalisation}, key_.writable());
    const HmacKey new_key(Hash::sha256, key_.expose());
    new_key.mac({value_.expose()}, value_.writable());
    if (seed == nullptr) return;
  }
}

/// Section 10.1.2.5, without additional input.
void HmacDrbg::generate(MutableBytes out) {
  const HmacKey key(Hash::sha256, key_.expose());
  while (!out.empty()) {
    key.mac({value_.expose()}, value_.writable());
    const std::size_t size = std::min<std::size_t>(out.size(), 32);
    std::memcpy(out.data(), value_.expose().data(), size);
    out = out.subspan(size);
  }
  update(nullptr);
}

}  // namespace lockstep
