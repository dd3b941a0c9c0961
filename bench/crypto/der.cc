#include "bench/crypto/der.h"

#include <cstring>

namespace lockstep::bench {
namespace {

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kSequence = 0x30;

std::size_t write_integer(Bytes number, std::uint8_t* out) {
  std::size_t zeros = 0;
  while (zeros + 1 < number.size() && number[zeros] == 0) ++zeros;
  number = number.subspan(zeros);
  const std::size_t sign = number[0] >> 7U;  // a zero in front keeps it positive
  out[0] = kInteger;
  out[1] = static_cast<std::uint8_t>(number.size() + sign);
  out[2] = 0;
  std::memcpy(out + 2 + sign, number.data(), number.size());
  return 2 + sign + number.size();
}

// Takes one integer from the front of `der`.
bool read_integer(Bytes& der, MutableBytes number) {
  if (der.size() < 3 || der[0] != kInteger || der[1] == 0 || der[1] >= 0x80 || der.size() < 2U + der[1]) return false;
  Bytes digits = der.subspan(2, der[1]);
  der = der.subspan(2U + digits.size());
  if (digits[0] == 0) digits = digits.subspan(1);
  if (digits.size() > number.size()) return false;
  const std::size_t zeros = number.size() - digits.size();
  std::memset(number.data(), 0, zeros);
  if (!digits.empty()) std::memcpy(number.data() + zeros, digits.data(), digits.size());
  return true;
}

}  // namespace

std::size_t write_ecdsa_signature(Bytes signature, std::uint8_t* der) {
  const std::size_t half = signature.size() / 2;
  std::size_t size = 2;
  size += write_integer(signature.first(half), der + size);
  size += write_integer(signature.subspan(half), der + size);
  der[0] = kSequence;
  der[1] = static_cast<std::uint8_t>(size - 2);
  return size;
}

bool read_ecdsa_signature(Bytes der, MutableBytes signature) {
  if (der.size() < 2 || der[0] != kSequence || der[1] >= 0x80 || der.size() != 2U + der[1]) return false;
  der = der.subspan(2);
  const std::size_t half = signature.size() / 2;
  return read_integer(der, signature.first(half)) && read_integer(der, signature.subspan(half)) && der.empty();
}

}  // namespace lockstep::bench
