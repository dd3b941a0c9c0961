#include "dataplane/net/neighbours.h"

#include <algorithm>
#include <cstring>

namespace lockstep::net {

namespace {

__extension__ using Wide = unsigned __int128;

/// How many entries a new neighbour may look at for one that can go.
constexpr int kHandSteps = 16;

}  // namespace

NeighbourTable::NeighbourTable(Link& link, NetCounters& counters, Random& random, Instant now)
    : link_(link),
      counters_(counters),
      key_{random.u64(), random.u64()},
      // Between half and one and a half times the base, so that hosts do not fall into step (RFC 4861 section 6.3.2).
      reachable_time_(kBaseReachableTime / 2 + milliseconds(random.below(kBaseReachableTime.milliseconds()))),
      wheel_(now),
      entries_(new Entry[kCapacity]),
      buckets_(kBuckets, kNone) {
  for (std::uint32_t i = 0; i < kCapacity; ++i) {
    entries_[i].next = i + 1;
    entries_[i].timer.cookie = i;
  }
}

NeighbourTable::~NeighbourTable() = default;

std::uint32_t NeighbourTable::bucket_of(const IpAddress& ip) const {
  std::uint64_t halves[2];
  std::memcpy(halves, ip.bytes().data(), sizeof halves);
  const Wide product = static_cast<Wide>(halves[0] ^ key_[0]) * (halves[1] ^ key_[1]);
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U)) %
         kBuckets;
}

NeighbourTable::Entry* NeighbourTable::find(const IpAddress& ip) {
  for (std::uint32_t i = buckets_[bucket_of(ip)]; i != kNone; i = entries_[i].next)
    if (entries_[i].ip == ip) return &entries_[i];
  return nullptr;
}

/// Makes a stale entry of no MAC; nullptr when no entry can be had.
NeighbourTable::Entry* NeighbourTable::make(const IpAddress& ip) {
  if (free_ == kNone) make_room();
  if (free_ == kNone) return nullptr;
  const std::uint32_t index = free_;
  Entry& entry = entries_[index];
  free_ = entry.next;
  std::uint32_t& bucket = buckets_[bucket_of(ip)];
  entry.ip = ip;
  entry.state = State::stale;
  entry.used = true;
  entry.next = bucket;
  bucket = index;
  counters_.neighbours.add();
  return &entry;
}

void NeighbourTable::remove(Entry& entry) {
  drop_pending(entry);
  wheel_.disarm(entry.timer);
  const auto index = static_cast<std::uint32_t>(&entry - entries_.get());
  std::uint32_t* link = &buckets_[bucket_of(entry.ip)];
  while (*link != index) link = &entries_[*link].next;
  *link = entry.next;
  entry.state = State::free;
  entry.next = free_;
  free_ = index;
  counters_.neighbours.subtract();
}

/// Frees an entry that is being resolved, or that is stale and was not used for a whole turn of the hand: whoever
/// floods us with unknown neighbours displaces his own (RFC 6583 section 7.1).
void NeighbourTable::make_room() {
  for (int i = 0; i < kHandSteps; ++i) {
    Entry& entry = entries_[hand_];
    hand_ = (hand_ + 1) % kCapacity;
    if (entry.state == State::incomplete || (entry.state == State::stale && !entry.used)) {
      remove(entry);
      return;
    }
    if (entry.state == State::reachable) entry.state = State::stale;
    entry.used = false;
  }
}

void NeighbourTable::add_static(const IpAddress& ip, const MacAddress& mac) {
  Entry* entry = find(ip);
  if (entry == nullptr) entry = make(ip);
  if (entry == nullptr) return;
  entry->mac = mac;
  entry->state = State::fixed;
}

void NeighbourTable::send(const IpAddress& ip, MbufPtr datagram, Instant now) {
  Entry* entry = find(ip);
  if (entry == nullptr) {
    entry = make(ip);
    if (entry == nullptr) {
      counters_.dropped_neighbour_queue.add();
      return;
    }
    entry->state = State::incomplete;
    entry->attempts = 0;
    hold(*entry, std::move(datagram));
    ask(*entry, now);
    return;
  }
  entry->used = true;
  if (entry->state == State::incomplete) {
    hold(*entry, std::move(datagram));
    return;
  }
  if (entry->state == State::reachable && now - entry->confirmed > reachable_time_) entry->state = State::stale;
  if (entry->state == State::stale) {
    // Somebody who just asked us is about to show that he can be reached (RFC 4861 section 7.3.3).
    entry->state = State::delay;
    wheel_.arm(entry->timer, now + kDelayFirstProbeTime);
  }
  link_.transmit(std::move(datagram), ip, entry->mac);
}

void NeighbourTable::ask(Entry& entry, Instant now) {
  ++entry.attempts;
  wheel_.arm(entry.timer, now + kRetransmitTimer);
  link_.solicit(entry.ip, entry.state == State::probe ? &entry.mac : nullptr, now);
}

void NeighbourTable::learn(const IpAddress& ip, const MacAddress& mac) {
  Entry* entry = find(ip);
  if (entry == nullptr) {
    entry = make(ip);
    if (entry == nullptr) return;
    entry->mac = mac;
    return;
  }
  if (entry->state == State::fixed) return;
  if (entry->state != State::incomplete && entry->mac == mac) return;
  entry->mac = mac;
  entry->state = State::stale;
  wheel_.disarm(entry->timer);
  release_pending(*entry);
}

void NeighbourTable::update(const IpAddress& ip, const std::optional<MacAddress>& mac, bool solicited, bool overrides,
                            Instant now) {
  Entry* const entry = find(ip);
  if (entry == nullptr || entry->state == State::fixed) return;
  const bool incomplete = entry->state == State::incomplete;
  if (incomplete && !mac) return;
  const bool changes = incomplete || (mac && *mac != entry->mac);
  if (changes && !overrides && !incomplete) {
    if (entry->state == State::reachable) entry->state = State::stale;
    return;
  }
  if (changes) entry->mac = *mac;
  if (solicited) {
    entry->state = State::reachable;
    entry->confirmed = now;
  } else if (changes) {
    entry->state = State::stale;
  }
  if (solicited || changes) wheel_.disarm(entry->timer);
  release_pending(*entry);
}

void NeighbourTable::advance(Instant now) {
  wheel_.advance(now, [this, now](Timer& timer) {
    Entry& entry = entries_[timer.cookie];
    if (entry.state == State::delay) {
      entry.state = State::probe;
      entry.attempts = 0;
    }
    if (entry.attempts < kAttempts) {
      ask(entry, now);
      return;
    }
    counters_.neighbour_failures.add();
    remove(entry);
  });
}

/// Queues a datagram; the oldest gives way when its neighbour has too many (RFC 4861 section 7.2.2).
void NeighbourTable::hold(Entry& entry, MbufPtr datagram) {
  if (entry.pending_count == kPendingPerNeighbour) {
    counters_.dropped_neighbour_queue.add();
    std::move(entry.pending.begin() + 1, entry.pending.end(), entry.pending.begin());
    entry.pending.back() = std::move(datagram);
    return;
  }
  if (pending_ == kPendingInAll) {
    counters_.dropped_neighbour_queue.add();
    return;
  }
  entry.pending[entry.pending_count++] = std::move(datagram);
  ++pending_;
}

void NeighbourTable::drop_pending(Entry& entry) {
  counters_.dropped_neighbour_queue.add(entry.pending_count);
  pending_ -= entry.pending_count;
  for (MbufPtr& datagram : entry.pending) datagram.reset();
  entry.pending_count = 0;
}

void NeighbourTable::release_pending(Entry& entry) {
  for (std::size_t i = 0; i < entry.pending_count; ++i)
    link_.transmit(std::move(entry.pending[i]), entry.ip, entry.mac);
  pending_ -= entry.pending_count;
  entry.pending_count = 0;
}

}  // namespace lockstep::net
