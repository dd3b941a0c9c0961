#include "crypto/lanes/key_shares.h"

#include <algorithm>
#include <bit>

namespace lockstep::crypto::lanes {
namespace {

/// What a call reads and writes; wiped when it goes.
template <std::size_t kPrivate, std::size_t kPublic>
struct Workspace {
  std::uint8_t private_key[kLanes][kPrivate] = {};
  std::uint8_t public_key[kLanes][kPublic] = {};
  std::uint8_t shared[kLanes][kPrivate] = {};
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(this), sizeof(Workspace))); }
};

/// Fresh pairs from random private keys; the lanes whose private key was in range.
template <std::size_t kPrivate, std::size_t kPublic, class Multiply>
LaneMask make_pairs(Random& random, std::array<KeyPair, kLanes>& pairs, Multiply&& multiply) {
  Workspace<kPrivate, kPublic> work;
  random.fill(bytes_of(work.private_key));
  const LaneMask good = multiply(work);
  for (std::size_t i = 0; i < kLanes; ++i) {
    std::memcpy(pairs[i].private_key.data(), work.private_key[i], kPrivate);
    std::memcpy(pairs[i].public_key.data(), work.public_key[i], kPublic);
  }
  return good;
}

/// The lanes' shared secrets; the lanes whose peer's key was valid.
template <std::size_t kPrivate, std::size_t kPublic, class Multiply>
void derive_in_lanes(std::span<Job* const> jobs, Multiply&& multiply) {
  Workspace<kPrivate, kPublic> work;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& job = static_cast<const DeriveJob&>(*jobs[i]);
    std::memcpy(work.private_key[i], job.private_key->expose(kPrivate).data(), kPrivate);
    std::memcpy(work.public_key[i], job.peer_public_key.data(), kPublic);
  }
  const LaneMask good = multiply(work);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto& job = static_cast<DeriveJob&>(*jobs[i]);
    const bool valid = (good >> i & 1U) != 0;
    if (valid) job.shared_secret.assign(Bytes(work.shared[i], kPrivate));
    job.status = valid ? JobStatus::ok : JobStatus::bad_peer_key;
  }
}

}  // namespace

KeyShares::KeyShares(const Kernels& kernels, Random& random, const MadeAheadOptions& options,
                     MadeAheadCounters& counters)
    : kernels_(kernels), random_(random), counters_(counters), x25519_(options.key_pairs), p256_(options.key_pairs) {}

const Stock<KeyPair>* KeyShares::stock(NamedGroup group) const {
  return group == NamedGroup::x25519 ? &x25519_ : group == NamedGroup::secp256r1 ? &p256_ : nullptr;
}
Stock<KeyPair>* KeyShares::stock(NamedGroup group) {
  return const_cast<Stock<KeyPair>*>(static_cast<const KeyShares*>(this)->stock(group));
}

LaneMask KeyShares::make(NamedGroup group, Pairs& pairs) {
  switch (group) {
    case NamedGroup::x25519:
      return make_pairs<32, 32>(random_, pairs, [this](auto& work) {
        kernels_.curve25519->x25519_base(work.public_key, work.private_key);
        return kAllLanes;
      });
    case NamedGroup::secp256r1:
      return make_pairs<32, 65>(random_, pairs, [this](auto& work) {
        return kernels_.p256->base_multiply(work.public_key, work.private_key);
      });
    case NamedGroup::secp384r1:
      break;
  }
  return make_pairs<48, 97>(
      random_, pairs, [this](auto& work) { return kernels_.p384->base_multiply(work.public_key, work.private_key); });
}

void KeyShares::keep(NamedGroup group, const Pairs& pairs, LaneMask unused, Instant now) {
  Stock<KeyPair>* const kept = stock(group);
  if (kept == nullptr) return;
  for (std::size_t i = 0; i < kLanes; ++i)
    if ((unused >> i & 1U) != 0 && kept->add(pairs[i], now)) count(counters_.key_pairs_made);
}

void KeyShares::share(std::span<Job* const> jobs, Instant now) {
  const NamedGroup group = static_cast<const KeyShareJob&>(*jobs.front()).group;
  Stock<KeyPair>* const kept = stock(group);
  Pairs pairs;
  LaneMask left = 0;  // the lanes of `pairs` that nobody has
  for (Job* const waiting : jobs) {
    auto& job = static_cast<KeyShareJob&>(*waiting);
    KeyPair pair;
    if (kept != nullptr && kept->take(pair)) {
      count(counters_.key_pairs_taken);
    } else {
      if (kept != nullptr) count(counters_.key_pairs_missed);
      // A random string is at least the order of P-256 once in 2^32 times; a whole call of such does not happen.
      for (int tries = 0; left == 0 && tries < 8; ++tries) left = make(group, pairs);
      if (left == 0) {
        job.status = JobStatus::engine_failed;
        continue;
      }
      pair = pairs[static_cast<std::size_t>(std::countr_zero(left))];
      left &= static_cast<LaneMask>(left - 1);
    }
    job.private_key.assign(Bytes(pair.private_key).first(shared_secret_size(group)));
    job.public_key = pair.public_key;
    job.status = JobStatus::ok;
    wipe(pair.private_key);
  }
  keep(group, pairs, left, now);
  wipe(bytes_of(pairs));
}

void KeyShares::derive(std::span<Job* const> jobs) {
  const NamedGroup group = static_cast<const DeriveJob&>(*jobs.front()).group;
  for (; !jobs.empty(); jobs = jobs.subspan(std::min(jobs.size(), kLanes))) {
    const auto lanes = jobs.first(std::min(jobs.size(), kLanes));
    switch (group) {
      case NamedGroup::x25519:
        derive_in_lanes<32, 32>(lanes, [this](auto& work) {
          return kernels_.curve25519->x25519(work.shared, work.private_key, work.public_key);
        });
        break;
      case NamedGroup::secp256r1:
        derive_in_lanes<32, 65>(lanes, [this](auto& work) {
          return kernels_.p256->derive(work.shared, work.private_key, work.public_key);
        });
        break;
      case NamedGroup::secp384r1:
        derive_in_lanes<48, 97>(lanes, [this](auto& work) {
          return kernels_.p384->derive(work.shared, work.private_key, work.public_key);
        });
        break;
    }
  }
}

bool KeyShares::make_ahead(Instant now) {
  for (const NamedGroup group : {NamedGroup::x25519, NamedGroup::secp256r1}) {
    if (stock(group)->room() < kLanes) continue;
    Pairs pairs;
    const LaneMask good = make(group, pairs);
    keep(group, pairs, good, now);
    wipe(bytes_of(pairs));
    return true;
  }
  return false;
}

void KeyShares::expire(Instant limit) {
  count(counters_.expired, x25519_.expire(limit) + p256_.expire(limit));
}

void KeyShares::drop() {
  count(counters_.dropped, x25519_.drop() + p256_.drop());
}

}  // namespace lockstep::crypto::lanes
