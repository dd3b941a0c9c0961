#include "crypto/record/expanded_keys.h"

#include <sys/mman.h>

#include <new>

namespace lockstep::crypto {
namespace {

void wipe_key(ExpandedKey& key) {
  wipe({reinterpret_cast<std::uint8_t*>(&key), sizeof key});
}

void count(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

ExpandedKeys::ExpandedKeys(std::size_t entries, ExpandedKeyCounters& counters) : counters_(counters) {
  while (capacity() < entries) set_count_ *= 2;
  sets_.reset(new (std::nothrow) Set[set_count_]());
  map_keys();
}

ExpandedKeys::~ExpandedKeys() {
  if (keys_ == nullptr) return;
  for (std::size_t i = 0; i < capacity(); ++i) wipe_key(keys_[i]);
  munmap(mapping_, mapping_size());
}

void ExpandedKeys::map_keys() {
  void* const mapping = mmap(nullptr, mapping_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return;
  mapping_ = mapping;
  // Advice may be declined: the keys are then just slower to reach, or in a dump.
  madvise(mapping_, mapping_size(), MADV_HUGEPAGE);
  madvise(mapping_, mapping_size(), MADV_DONTDUMP);
  void* start = mapping_;
  std::size_t room = mapping_size();
  keys_ = static_cast<ExpandedKey*>(std::align(kHugePage, capacity() * sizeof(ExpandedKey), start, room));
  // Now, so that no record pays for it.
  std::memset(static_cast<void*>(keys_), 0, capacity() * sizeof(ExpandedKey));
}

std::size_t ExpandedKeys::set_of(std::uint64_t id) const {
  // Identifiers count up; Fibonacci hashing spreads any stride over the sets.
  return (id * 0x9e3779b97f4a7c15ULL >> 32U) & (set_count_ - 1);
}

std::size_t ExpandedKeys::way_of(const Set& set, std::uint64_t id) {
  std::size_t way = 0;
  while (way < kWays && set.id[way] != id) ++way;
  return way;
}

ExpandedKeys::Slot ExpandedKeys::find_or_take(std::uint64_t id, std::uint32_t in_use) {
  const std::size_t index = set_of(id);
  Set& set = sets_[index];
  ++clock_;
  std::size_t way = way_of(set, id);
  if (way < kWays) {
    set.used[way] = clock_;
    count(counters_.hits);
    return {&key_at(index, way), false};
  }
  way = way_of(set, 0);
  if (way == kWays) {
    way = 0;
    for (std::size_t i = 1; i < kWays; ++i)
      if (clock_ - set.used[i] > clock_ - set.used[way]) way = i;
    if (clock_ - set.used[way] <= in_use) return {nullptr, false};
    wipe_key(key_at(index, way));
    count(counters_.evictions);
  }
  set.id[way] = id;
  set.used[way] = clock_;
  count(counters_.expansions);
  return {&key_at(index, way), true};
}

void ExpandedKeys::forget(std::uint64_t id) {
  if (id == 0) return;
  const std::size_t index = set_of(id);
  const std::size_t way = way_of(sets_[index], id);
  if (way == kWays) return;
  sets_[index].id[way] = 0;
  wipe_key(key_at(index, way));
}

const ExpandedKey* ExpandedKeys::find(std::uint64_t id) const {
  const std::size_t index = set_of(id);
  const std::size_t way = way_of(sets_[index], id);
  return way == kWays ? nullptr : &key_at(index, way);
}

}  // namespace lockstep::crypto
