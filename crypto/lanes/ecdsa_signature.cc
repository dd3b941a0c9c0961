#include "crypto/lanes/ecdsa_signature.h"

namespace lockstep::crypto::lanes {
namespace {

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;

/// X.690 section 8.3: the shortest form, with a zero in front of a set top bit.
std::size_t encode_integer(Bytes number, MutableBytes out) {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  const std::size_t padding = number[0] >> 7U;
  const std::size_t size = padding + number.size();
  out[0] = kInteger;
  out[1] = static_cast<std::uint8_t>(size);
  out[2] = 0;
  std::memcpy(out.data() + 2 + padding, number.data(), number.size());
  return 2 + size;
}

bool decode_integer(Reader& reader, MutableBytes number) {
  if (reader.u8() != kInteger) return false;
  Bytes value = reader.bytes(reader.u8());
  // Not empty, not negative, and no zero in front that is not needed (X.690 section 8.3.2).
  if (!reader.ok() || value.empty() || (value[0] & 0x80U) != 0) return false;
  if (value[0] == 0 && value.size() > 1) {
    if ((value[1] & 0x80U) == 0) return false;
    value = value.subspan(1);
  }
  if (value.size() > number.size()) return false;
  std::memset(number.data(), 0, number.size());
  std::memcpy(number.data() + number.size() - value.size(), value.data(), value.size());
  return true;
}

}  // namespace

std::size_t encode_ecdsa_signature(Bytes numbers, MutableBytes out) {
  const std::size_t half = numbers.size() / 2;
  // Two integers of P-384 take at most 102 bytes, so that every length has one byte.
  std::size_t size = encode_integer(numbers.first(half), out.subspan(2));
  size += encode_integer(numbers.subspan(half), out.subspan(2 + size));
  out[0] = kSequence;
  out[1] = static_cast<std::uint8_t>(size);
  return 2 + size;
}

bool decode_ecdsa_signature(Bytes der, MutableBytes numbers) {
  const std::size_t half = numbers.size() / 2;
  Reader reader(der);
  if (reader.u8() != kSequence || reader.u8() != reader.remaining()) return false;
  return decode_integer(reader, numbers.first(half)) && decode_integer(reader, numbers.subspan(half)) &&
         reader.finished();
}

}  // namespace lockstep::crypto::lanes
