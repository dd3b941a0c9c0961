#include "dataplane/net/checksum.h"

#include <bit>
#include <cstring>

namespace lockstep::net {

namespace {

static_assert(std::endian::native == std::endian::little);

/// Folds to 16 bits: 2^16 is 1 modulo 2^16 - 1, so carries are added at the low end.
std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffffffffU) + (sum >> 32U);
  sum = (sum & 0xffffffffU) + (sum >> 32U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(sum);
}

std::uint16_t swapped(std::uint16_t value) {
  return static_cast<std::uint16_t>(value << 8U | value >> 8U);
}

/// The sum of `bytes` as words in memory order, a last odd byte padded with zero.
std::uint64_t sum_words(Bytes bytes) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, &bytes[i], 8);
    low += word & 0xffffffffU;
    high += word >> 32U;
  }
  std::uint64_t rest = 0;
  if (i < bytes.size()) std::memcpy(&rest, &bytes[i], bytes.size() - i);
  return std::uint64_t{fold(low)} + fold(high) + fold(rest);
}

}  // namespace

void InternetSum::add(Bytes bytes) {
  const std::uint16_t words = fold(sum_words(bytes));
  sum_ += odd_ ? swapped(words) : words;  // RFC 1071 section 2 (B): swapping the bytes of all words swaps the sum's
  odd_ = odd_ != (bytes.size() % 2 != 0);
}

void InternetSum::add_u16(std::uint16_t value) {
  sum_ += swapped(value);
}

std::uint16_t InternetSum::folded() const {
  return swapped(fold(sum_));
}

InternetSum pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                          std::uint32_t size) {
  InternetSum sum;
  // Of a mapped address only the last four bytes are on the wire.
  const std::size_t skipped = source.is_v4() ? 12 : 0;
  sum.add(Bytes(source.bytes()).subspan(skipped));
  sum.add(Bytes(destination.bytes()).subspan(skipped));
  sum.add_u16(static_cast<std::uint16_t>(size >> 16U));
  sum.add_u16(static_cast<std::uint16_t>(size));
  sum.add_u16(protocol);
  return sum;
}

void add_packet(InternetSum& sum, const rte_mbuf& packet) {
  for (const rte_mbuf* piece = &packet; piece != nullptr; piece = piece->next)
    sum.add(Bytes(rte_pktmbuf_mtod(piece, const std::uint8_t*), piece->data_len));
}

}  // namespace lockstep::net
