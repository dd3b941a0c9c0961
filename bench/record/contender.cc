#include "bench/record/contender.h"

#include <cstring>
#include <numeric>

namespace lockstep::bench {

std::size_t fragment_size(const Suite& suite, std::size_t bytes) {
  if (!suite.cbc) return bytes + 1 + crypto::kAeadTag;
  crypto::CbcRecordKeys keys;
  keys.suite = suite.cbc_suite;
  return crypto::cbc_fragment_size(keys, bytes);
}

void write_header(std::uint8_t* record, std::size_t fragment) {
  record[0] = 23;
  record[1] = 3;
  record[2] = 3;
  record[3] = static_cast<std::uint8_t>(fragment >> 8U);
  record[4] = static_cast<std::uint8_t>(fragment);
}

void write_nonce(const std::uint8_t* iv, std::uint64_t sequence_number, std::uint8_t* nonce) {
  std::uint64_t low = 0;
  std::memcpy(nonce, iv, 4);
  std::memcpy(&low, iv + 4, sizeof low);
  low ^= __builtin_bswap64(sequence_number);
  std::memcpy(nonce + 4, &low, sizeof low);
}

Contender::Contender(const Suite& suite, std::size_t bytes, std::size_t connections)
    : suite_(suite), bytes_(bytes), connections_(connections), sequence_numbers_(connections), order_(connections) {
  std::iota(order_.begin(), order_.end(), 0);
  if (connections > kBatch)
    for (std::size_t i = connections - 1; i > 0; --i)
      std::swap(order_[i], order_[random_.below(static_cast<std::uint32_t>(i + 1))]);
  for (std::size_t i = 0; i < kBatch; ++i) {
    plaintexts_.emplace_back(bytes);
    random_.fill(plaintexts_.back());
    records_.emplace_back(kHeader + fragment_size(suite, bytes));
  }
}

const std::array<std::uint32_t, Contender::kBatch>& Contender::choose() {
  for (std::uint32_t& each : chosen_) {
    each = order_[next_];
    next_ = next_ + 1 == order_.size() ? 0 : next_ + 1;
  }
  return chosen_;
}

void Contender::keep(std::size_t copies) {
  kept_ = records_;
  copies_.assign(copies, records_);
}

void Contender::restore() {
  for (auto& copy : copies_)
    for (std::size_t i = 0; i < kBatch; ++i) std::memcpy(copy[i].data(), kept_[i].data(), kept_[i].size());
}

bool Contender::open_copies() {
  bool good = true;
  for (auto& copy : copies_) {
    records_.swap(copy);
    good &= open();
    records_.swap(copy);
  }
  return good;
}

}  // namespace lockstep::bench
