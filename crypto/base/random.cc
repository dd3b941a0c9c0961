#include "crypto/base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "crypto/base/chacha20.h"

namespace lockstep {

Random::Random(Bytes seed) {
  key_.assign(seed);
}

Random Random::from_number(std::uint64_t seed) {
  std::array<std::uint8_t, 32> bytes{};
  std::memcpy(bytes.data(), &seed, sizeof seed);
  return Random(bytes);
}

void Random::refill() {
  // The nonce may stay zero: no key makes a second stream.
  constexpr std::array<std::uint8_t, 12> kNonce{};
  constexpr std::size_t kBlocks = kBuffer / kChaCha20Block;
  static_assert(kBlocks % 4 == 0 && kBlocks * kChaCha20Block == kBuffer);
  const MutableBytes buffer = buffer_.writable();
  for (std::uint32_t i = 0; i < kBlocks; i += 4)
    chacha20_four_blocks(key_.expose(), i + 1, kNonce, buffer.subspan(i * kChaCha20Block, 4 * kChaCha20Block));
  Secret<kChaCha20Block> next;
  chacha20_block(key_.expose(), 0, kNonce, next.writable());
  key_.assign(next.expose(32));
  unread_ = kBuffer;
}

void Random::fill(MutableBytes out) {
  while (!out.empty()) {
    if (unread_ == 0) refill();
    const std::size_t taken = std::min(out.size(), unread_);
    const MutableBytes source = buffer_.writable().last(unread_).first(taken);
    std::memcpy(out.data(), source.data(), taken);
    wipe(source);
    unread_ -= taken;
    out = out.subspan(taken);
  }
}

std::uint32_t Random::u32() {
  std::array<std::uint8_t, 4> bytes;
  fill(bytes);
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::uint64_t Random::u64() {
  std::array<std::uint8_t, 8> bytes;
  fill(bytes);
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::uint32_t Random::below(std::uint32_t bound) {
  // The upper half of value * bound is uniform once the 2^32 mod bound smallest lower halves are refused
  // (D. Lemire, "Fast random integer generation in an interval", 2019).
  const std::uint32_t refused = (0U - bound) % bound;
  for (;;) {
    const std::uint64_t product = std::uint64_t{u32()} * bound;
    if (static_cast<std::uint32_t>(product) >= refused) return static_cast<std::uint32_t>(product >> 32U);
  }
}

bool fill_from_kernel(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace lockstep
