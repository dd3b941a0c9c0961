#include "dataplane/tls/session_cache.h"

#include <algorithm>
#include <bit>

namespace lockstep::tls {

namespace {

// Calls of `age` that look at all slots once.
constexpr std::uint32_t kAgeCalls = 50;

}  // namespace

SessionId SessionId::make(std::uint16_t core, Random& random) {
  SessionId id;
  random.fill(MutableBytes(id.bytes).subspan(2));
  id.bytes[0] = static_cast<std::uint8_t>(core >> 8U);
  id.bytes[1] = static_cast<std::uint8_t>(core);
  return id;
}

bool SessionId::read(Bytes id) {
  if (id.size() != kSize) return false;
  std::copy(id.begin(), id.end(), bytes.begin());
  return true;
}

SessionCache::SessionCache(std::uint32_t capacity) : slots_(capacity), buckets_(std::bit_ceil(capacity + 1), kNone) {}

// The identifiers in the table are random and ours, so that no peer chooses how long a bucket gets.
std::uint32_t SessionCache::bucket_of(const SessionId& id) const {
  std::uint32_t hash;
  std::memcpy(&hash, id.bytes.data() + 2, sizeof hash);
  return hash & static_cast<std::uint32_t>(buckets_.size() - 1);
}

bool SessionCache::store(const SessionId& id, const SessionState& state, Instant expires) {
  if (slots_.empty()) return false;
  Slot& slot = slots_[oldest_];
  if (slot.used) remove(oldest_);
  const Bytes written = state.write(slot.session.state.writable());
  if (written.empty()) {
    slot.session.state.clear();
    return false;
  }
  slot.session.size = static_cast<std::uint16_t>(written.size());
  slot.id = id;
  slot.expires = expires;
  slot.used = true;
  std::uint32_t& bucket = buckets_[bucket_of(id)];
  slot.next = bucket;
  bucket = oldest_;
  ++size_;
  oldest_ = (oldest_ + 1) % static_cast<std::uint32_t>(slots_.size());
  return true;
}

bool SessionCache::find(const SessionId& id, Instant now, CachedSession& session) const {
  for (std::uint32_t index = buckets_[bucket_of(id)]; index != kNone; index = slots_[index].next) {
    const Slot& slot = slots_[index];
    if (slot.id != id) continue;
    if (slot.expires <= now) return false;
    session.state.assign(slot.session.view());
    session.size = slot.session.size;
    return true;
  }
  return false;
}

void SessionCache::forget(const SessionId& id) {
  for (std::uint32_t index = buckets_[bucket_of(id)]; index != kNone; index = slots_[index].next)
    if (slots_[index].id == id) return remove(index);
}

void SessionCache::age(Instant now) {
  const auto count = static_cast<std::uint32_t>(slots_.size());
  for (std::uint32_t looked = 0; size_ != 0 && looked * kAgeCalls < count; ++looked) {
    if (slots_[aged_].used && slots_[aged_].expires <= now) remove(aged_);
    aged_ = (aged_ + 1) % count;
  }
}

void SessionCache::remove(std::uint32_t index) {
  Slot& slot = slots_[index];
  std::uint32_t* link = &buckets_[bucket_of(slot.id)];
  while (*link != index) link = &slots_[*link].next;
  *link = slot.next;
  slot.session.state.clear();
  slot.session.size = 0;
  slot.used = false;
  --size_;
}

}  // namespace lockstep::tls
