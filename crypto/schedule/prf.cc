#include "crypto/schedule/prf.h"

#include <algorithm>

#include "crypto/schedule/hkdf.h"

namespace lockstep::crypto {

void Prf::start(Hash hash, const HmacState& secret, std::string_view label, Bytes seed, Bytes more_seed,
                MutableBytes out) {
  constexpr std::array<std::uint8_t, kMaxDigest> kPlaceholder{};
  const Bytes a = Bytes(kPlaceholder).first(digest_size(hash));
  hash_ = hash;
  secret_ = &secret;
  out_ = out;
  index_ = 0;
  seed_.assign(hash, {ascii(label), seed, more_seed});
  block_message_.assign(hash, {a, ascii(label), seed, more_seed});
  for (PaddedMessage<1>& message : a_) message.assign(hash, {a});
}

// P_hash: A(i + 1) = HMAC(secret, A(i)) beside the output's block i, HMAC(secret, A(i) + label + seed).
bool Prf::step(HashRound& round) {
  const std::size_t size = digest_size(hash_);
  if (index_ >= 2) {
    const std::size_t taken = std::min(out_.size(), size);
    std::memcpy(out_.data(), block_.data(), taken);
    out_ = out_.subspan(taken);
    if (out_.empty()) return false;
  }
  PaddedMessage<1>& a = a_[index_ % 2];
  PaddedMessage<1>& next_a = a_[(index_ + 1) % 2];
  if (index_ == 0) {
    round.mac(hash_, *secret_, seed_.data(), seed_.blocks(), next_a.at(0));
  } else {
    copy_digest(hash_, a.data(), block_message_.at(0));
    round.mac(hash_, *secret_, block_message_.data(), block_message_.blocks(), block_.data());
    if (out_.size() > size) round.mac(hash_, *secret_, a.data(), 1, next_a.at(0));
  }
  ++index_;
  return true;
}

}  // namespace lockstep::crypto
