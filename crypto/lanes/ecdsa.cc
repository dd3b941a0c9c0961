#include "crypto/lanes/ecdsa.h"

#include <time.h>

#include <algorithm>
#include <bit>
#include <new>

#include "crypto/base/hmac_drbg.h"
#include "crypto/base/random.h"
#include "crypto/lanes/ecdsa_signature.h"

namespace lockstep::crypto::lanes {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

std::int64_t nanoseconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Both clocks are read through the vDSO. A clock adjustment moves both alike; only suspension parts them.
std::int64_t suspended() {
  return nanoseconds_of(CLOCK_BOOTTIME) - nanoseconds_of(CLOCK_MONOTONIC);
}

template <std::size_t kSize>
constexpr Hash kHash = kSize == 32 ? Hash::sha256 : Hash::sha384;

}  // namespace

NonceSource system_nonce_source(std::uint32_t core) {
  return {fill_from_kernel, suspended, core};
}

/// What a call reads and writes; wiped when it goes.
template <std::size_t kSize>
struct Ecdsa<kSize>::Workspace {
  Pair pairs[kLanes] = {};
  LaneMask filled = 0;  // lanes that have a pair
  std::uint8_t nonces[kLanes][kSize] = {};
  Pair fresh[kLanes] = {};
  std::uint8_t private_keys[kLanes][kSize] = {};
  std::uint8_t digests[kLanes][kSize] = {};
  std::uint8_t signatures[kLanes][2 * kSize] = {};
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(this), sizeof(Workspace))); }
};

template <std::size_t kSize>
Ecdsa<kSize>::Ecdsa(const WeierstrassKernels<kSize>& kernels, const NonceSource& source,
                    const MadeAheadOptions& options, MadeAheadCounters& counters)
    : kernels_(kernels), source_(source), counters_(counters), keys_(options.nonce_keys * sizeof(KeyCopy)) {
  if (options.nonce_pairs == 0 || keys_.data() == nullptr) return;
  shelf_count_ = options.nonce_keys;
  shelves_ = std::make_unique<std::unique_ptr<Shelf>[]>(shelf_count_);  // NOLINT(modernize-avoid-c-arrays)
  for (std::size_t i = 0; i < shelf_count_; ++i) shelves_[i] = std::make_unique<Shelf>(options.nonce_pairs);
}

template <std::size_t kSize>
LaneMask Ecdsa<kSize>::sign(std::span<Job* const> jobs, Instant now) {
  Workspace work;
  take(jobs, work, now);
  if (work.filled != static_cast<LaneMask>((1U << jobs.size()) - 1)) make(jobs, work, now);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& job = static_cast<const SignJob&>(*jobs[i]);
    std::memcpy(work.private_keys[i], job.key->numbers()->scalar.expose(kSize).data(), kSize);
    digest_of(kHash<kSize>, Bytes(job.content).first(job.content_size), work.digests[i]);
  }
  const LaneMask good = work.filled & kernels_.sign(work.signatures, work.pairs, work.private_keys, work.digests);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if ((good >> i & 1U) == 0) continue;
    auto& job = static_cast<SignJob&>(*jobs[i]);
    job.signature_size =
        static_cast<std::uint16_t>(encode_ecdsa_signature(Bytes(work.signatures[i], 2 * kSize), job.signature));
    job.status = JobStatus::ok;
  }
  return good;
}

/// Lanes get the pairs that wait for their keys.
template <std::size_t kSize>
void Ecdsa<kSize>::take(std::span<Job* const> jobs, Workspace& work, Instant now) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::size_t shelf = find(static_cast<const SignJob&>(*jobs[i]).key->id());
    if (shelf == kNone) continue;
    shelves_[shelf]->used = now;
    shelves_[shelf]->returned = true;
    if (!shelves_[shelf]->pairs.take(work.pairs[i])) continue;
    work.filled |= static_cast<LaneMask>(1U << i);
    count(counters_.nonce_pairs_taken);
  }
}

/// The other lanes get fresh pairs of one call; what the call makes beyond that is kept for the last of their keys.
template <std::size_t kSize>
void Ecdsa<kSize>::make(std::span<Job* const> jobs, Workspace& work, Instant now) {
  std::size_t lane = 0;
  std::array<std::size_t, kLanes> job_of{};
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if ((work.filled >> i & 1U) == 0) job_of[lane++] = i;
  const std::size_t wanted = lane;
  const auto key_of = [&](std::size_t l) { return static_cast<const SignJob&>(*jobs[job_of[l]]).key; };
  for (; lane < kLanes; ++lane) job_of[lane] = job_of[wanted - 1];
  count(counters_.nonce_pairs_missed, wanted);
  for (std::size_t first = 0, end = 0; first < kLanes; first = end) {
    const PrivateKey& key = *key_of(first);
    for (end = first + 1; end < kLanes && key_of(end) == &key; ++end) {
    }
    if (!draw(key.id(), key.numbers()->scalar.expose(kSize).data(),
              MutableBytes(work.nonces[first], (end - first) * kSize)))
      return;
  }
  const LaneMask good = kernels_.make_nonce_pair(work.fresh, work.nonces);
  for (std::size_t l = 0; l < wanted; ++l) {
    if ((good >> l & 1U) == 0) continue;
    work.pairs[job_of[l]] = work.fresh[l];
    work.filled |= static_cast<LaneMask>(1U << job_of[l]);
  }
  const std::size_t shelf = shelf_for(*key_of(wanted - 1), now);
  for (std::size_t l = wanted; l < kLanes && shelf != kNone; ++l)
    if ((good >> l & 1U) != 0 && shelves_[shelf]->pairs.add(work.fresh[l], now)) count(counters_.nonce_pairs_made);
}

/// Candidates for nonces of the key: uniform numbers of kSize bytes. Those that are 0 or not below n are rejected by
/// the kernel.
template <std::size_t kSize>
bool Ecdsa<kSize>::draw(std::uint64_t id, const std::uint8_t* scalar, MutableBytes nonces) {
  Secret<48> entropy;
  if (!source_.entropy(entropy.writable())) return false;
  ++draws_;
  std::array<std::uint8_t, 20> nonce{};
  Writer writer(nonce);
  writer.u32(source_.core);
  writer.u64(draws_);
  writer.u64(id);
  HmacDrbg drbg({entropy.expose(), nonce, Bytes(scalar, kSize)});
  drbg.generate(nonces);
  return true;
}

template <std::size_t kSize>
std::size_t Ecdsa<kSize>::find(std::uint64_t id) const {
  for (std::size_t i = 0; i < shelf_count_; ++i)
    if (copies()[i].id == id) return i;
  return kNone;
}

/// The key's shelf, or the one of the key that has not signed for longest, emptied.
template <std::size_t kSize>
std::size_t Ecdsa<kSize>::shelf_for(const PrivateKey& key, Instant now) {
  if (shelf_count_ == 0) return kNone;
  std::size_t index = find(key.id());
  if (index == kNone) {
    index = 0;
    for (std::size_t i = 1; i < shelf_count_; ++i)
      if (shelves_[i]->used < shelves_[index]->used) index = i;
    empty(index);
    copies()[index].id = key.id();
    std::memcpy(copies()[index].scalar, key.numbers()->scalar.expose(kSize).data(), kSize);
  }
  shelves_[index]->used = now;
  return index;
}

template <std::size_t kSize>
void Ecdsa<kSize>::foresee(const PrivateKey& key, Instant now) {
  const bool known = find(key.id()) != kNone;
  const std::size_t shelf = shelf_for(key, now);
  if (shelf != kNone) shelves_[shelf]->returned = known || shelves_[shelf]->returned;
}

template <std::size_t kSize>
bool Ecdsa<kSize>::made_ahead(const SignJob& job) const {
  const std::size_t shelf = find(job.key->id());
  return shelf != kNone && shelves_[shelf]->pairs.size() != 0;
}

template <std::size_t kSize>
bool Ecdsa<kSize>::make_ahead(Instant now) {
  for (std::size_t i = 0; i < shelf_count_; ++i) {
    if (copies()[i].id == 0 || !shelves_[i]->returned || shelves_[i]->pairs.room() < kLanes) continue;
    Workspace work;
    if (!draw(copies()[i].id, copies()[i].scalar, bytes_of(work.nonces))) return false;
    const LaneMask good = kernels_.make_nonce_pair(work.fresh, work.nonces);
    for (std::size_t l = 0; l < kLanes; ++l)
      if ((good >> l & 1U) != 0 && shelves_[i]->pairs.add(work.fresh[l], now)) count(counters_.nonce_pairs_made);
    return true;
  }
  return false;
}

template <std::size_t kSize>
void Ecdsa<kSize>::expire(Instant limit) {
  for (std::size_t i = 0; i < shelf_count_; ++i) {
    if (copies()[i].id == 0) continue;
    count(counters_.expired, shelves_[i]->pairs.expire(limit));
    if (shelves_[i]->used < limit) empty(i);
  }
}

template <std::size_t kSize>
void Ecdsa<kSize>::drop() {
  for (std::size_t i = 0; i < shelf_count_; ++i) empty(i);
}

template <std::size_t kSize>
void Ecdsa<kSize>::empty(std::size_t index) {
  count(counters_.dropped, shelves_[index]->pairs.drop());
  wipe(bytes_of(copies()[index]));
  shelves_[index]->returned = false;
}

template class Ecdsa<32>;
template class Ecdsa<48>;

}  // namespace lockstep::crypto::lanes
