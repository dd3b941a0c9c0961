// Ordinary code, not a kernel: keys are made once.
#include "crypto/lanes/rsa.h"

namespace lockstep::crypto::lanes {
namespace {

constexpr std::uint64_t kDigitMask = (std::uint64_t{1} << 52U) - 1;

void read_number(std::uint64_t* digits, std::size_t count, const std::uint8_t* bytes, std::size_t size) {
  for (std::size_t i = 0; i < count; ++i) digits[i] = 0;
  for (std::size_t k = 0; k < size; ++k) {
    const std::uint64_t byte = bytes[size - 1 - k];
    const std::size_t digit = 8 * k / 52;
    const std::size_t shift = 8 * k % 52;
    digits[digit] |= byte << shift & kDigitMask;
    if (shift > 44) digits[digit + 1] |= byte >> (52 - shift);
  }
}

// -a^-1 modulo 2^52 for odd a (Newton; Hacker's Delight 10-16).
std::uint64_t negative_inverse(std::uint64_t a) {
  std::uint64_t inverse = (a * 3) ^ 2U;
  for (int i = 0; i < 4; ++i) inverse *= 2 - a * inverse;
  return (0 - inverse) & kDigitMask;
}

// a = 2 * a modulo m, for a < m.
void double_modulo(std::uint64_t* a, const std::uint64_t* m, std::size_t count) {
  std::uint64_t difference[kMaxRsaDigits];
  std::uint64_t carry = 0;
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t twice = (a[i] << 1U) + carry;
    carry = twice >> 52U;
    a[i] = twice & kDigitMask;
    const std::uint64_t rest = a[i] - m[i] - borrow;
    borrow = rest >> 63U;
    difference[i] = rest & kDigitMask;
  }
  // The moduli leave the highest digit room: no carry is left.
  const std::uint64_t keep = 0 - borrow;
  for (std::size_t i = 0; i < count; ++i) a[i] = (a[i] & keep) | (difference[i] & ~keep);
}

// R, R^2, R^3 modulo m, R = 2^(52 * count), by doubling 1.
void make_powers(std::uint64_t* r1, std::uint64_t* r2, std::uint64_t* r3, const std::uint64_t* m, std::size_t count) {
  std::uint64_t* const results[3] = {r1, r2, r3};
  const std::uint64_t* before = nullptr;
  for (std::uint64_t* result : results) {
    for (std::size_t i = 0; i < count; ++i) result[i] = before != nullptr ? before[i] : std::uint64_t{i == 0};
    for (std::size_t i = 0; i < 52 * count; ++i) double_modulo(result, m, count);
    before = result;
  }
}

// All ones if a * b is not `product`, of twice as many digits.
std::uint64_t product_differs(const std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* product,
                              std::size_t count) {
  __extension__ using U128 = unsigned __int128;
  std::uint64_t different = 0;
  U128 column = 0;
  for (std::size_t k = 0; k < 2 * count; ++k) {
    for (std::size_t i = k < count ? 0 : k - count + 1; i < count && i <= k; ++i)
      column += static_cast<U128>(a[i]) * b[k - i];
    different |= (static_cast<std::uint64_t>(column) & kDigitMask) ^ product[k];
    column >>= 52U;
  }
  return different;
}

void make_prime(RsaPrime* prime, const std::uint8_t* value, const std::uint8_t* exponent, std::size_t size,
                std::size_t count) {
  read_number(prime->value, count, value, size);
  read_number(prime->exponent, count, exponent, size);
  prime->negative_inverse = negative_inverse(prime->value[0]);
  make_powers(prime->r1, prime->r2, prime->r3, prime->value, count);
}

}  // namespace

bool prepare_rsa_key(RsaKey* key, unsigned bits, const RsaNumbers& numbers) {
  *key = RsaKey{};
  if (bits != 2048 && bits != 3072 && bits != 4096) return false;
  if (numbers.public_exponent < 3 || numbers.public_exponent >> 32U != 0 || numbers.public_exponent % 2 == 0)
    return false;
  const std::size_t size = bits / 16;
  const auto has_size = [](const std::uint8_t* number, std::size_t bytes) {
    return (number[0] >> 7U & number[bytes - 1] & 1U) != 0;
  };
  if (!has_size(numbers.modulus, 2 * size) || !has_size(numbers.prime1, size) || !has_size(numbers.prime2, size))
    return false;
  // Two sizes leave 12 bits or more above a prime, 16 above a modulus; 20, 30 and 40 digits suit the kernels' blocks.
  const std::size_t count = std::size_t{bits} / 1024 * 10;
  key->bits = bits;
  key->public_exponent = numbers.public_exponent;
  read_number(key->modulus, 2 * count, numbers.modulus, 2 * size);
  key->negative_inverse = negative_inverse(key->modulus[0]);
  read_number(key->coefficient, count, numbers.coefficient, size);
  make_prime(&key->prime1, numbers.prime1, numbers.exponent1, size, count);
  make_prime(&key->prime2, numbers.prime2, numbers.exponent2, size, count);
  if (product_differs(key->prime1.value, key->prime2.value, key->modulus, count) != 0) {
    *key = RsaKey{};
    return false;
  }
  make_powers(key->r1, key->r2, key->r3, key->modulus, 2 * count);
  return true;
}

}  // namespace lockstep::crypto::lanes
