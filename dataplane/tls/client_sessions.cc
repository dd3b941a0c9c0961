#include "dataplane/tls/client_sessions.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace lockstep::tls {

namespace {

// Calls of `age` that look at all places once.
constexpr std::uint32_t kAgeCalls = 50;

}  // namespace

ClientSessions::ClientSessions(std::uint32_t capacity, std::uint32_t in_hand)
    : pool_(capacity == 0 ? 0 : capacity + in_hand),
      places_(capacity),
      free_(capacity),
      buckets_(std::bit_ceil(capacity + 1)) {
  std::iota(free_.rbegin(), free_.rend(), 0U);
}

ClientSessions::~ClientSessions() {
  for (ClientSession* const session : places_)
    if (session != nullptr) pool_.release(session);
}

// Scopes are digests, so that configurations do not choose how long a bucket gets.
ClientSession*& ClientSessions::bucket_of(const ServerKey& server) {
  constexpr std::uint32_t kSpread = 0x9e3779b1;  // 2^32 divided by the golden ratio
  std::uint32_t hash;
  std::memcpy(&hash, server.scope.data(), sizeof hash);
  hash ^= server.server * kSpread;
  return buckets_[(hash ^ hash >> 16U) & (buckets_.size() - 1)];
}

ClientSession* ClientSessions::make() {
  ClientSession* made = pool_.make();
  if (made != nullptr || size() == 0) return made;
  // Those who receive tickets slowly must not keep the others from receiving any.
  drop_one();
  return pool_.make();
}

KeptSession ClientSessions::keep(ClientSession* session) {
  if (places_.empty() || session->expires <= session->received) {
    release(session);
    return {};
  }
  make_room(*session);
  ClientSession*& bucket = bucket_of(session->server);
  session->next_ = bucket;
  bucket = session;
  session->place_ = free_.back();
  free_.pop_back();
  places_[session->place_] = session;
  session->serial_ = last_serial_ = std::max(last_serial_ + 1, 1U);
  return {session->place_, session->serial_};
}

void ClientSessions::forget(const KeptSession& kept) {
  if (kept.serial == 0) return;
  ClientSession* const session = places_[kept.place];
  if (session != nullptr && session->serial_ == kept.serial) drop(session);
}

void ClientSessions::make_room(const ClientSession& session) {
  std::uint32_t count = 0;
  ClientSession* last = nullptr;
  ClientSession* same = nullptr;
  for (ClientSession* other = bucket_of(session.server); other != nullptr; other = other->next_) {
    if (other->server != session.server) continue;
    ++count;
    last = other;
    if (std::ranges::equal(other->ticket, session.ticket) && std::ranges::equal(other->session_id, session.session_id))
      same = other;
  }
  if (same != nullptr) {
    drop(same);
  } else if (count == kMaxPerServer) {
    drop(last);
  }
  if (free_.empty()) drop_one();
}

// Going round, so that it is an old one.
void ClientSessions::drop_one() {
  ClientSession* found = nullptr;
  while (found == nullptr) {
    found = places_[next_dropped_];
    next_dropped_ = (next_dropped_ + 1) % static_cast<std::uint32_t>(places_.size());
  }
  drop(found);
}

ClientSession* ClientSessions::take(const ServerKey& server, Instant now) {
  for (ClientSession* session = bucket_of(server); session != nullptr; session = session->next_) {
    if (session->server != server || session->expires <= now) continue;
    remove(session);
    return session;
  }
  return nullptr;
}

void ClientSessions::age(Instant now) {
  const auto count = static_cast<std::uint32_t>(places_.size());
  for (std::uint32_t looked = 0; size() != 0 && looked * kAgeCalls < count; ++looked) {
    ClientSession* const session = places_[aged_];
    if (session != nullptr && session->expires <= now) drop(session);
    aged_ = (aged_ + 1) % count;
  }
}

void ClientSessions::remove(ClientSession* session) {
  ClientSession** link = &bucket_of(session->server);
  while (*link != session) link = &(*link)->next_;
  *link = session->next_;
  places_[session->place_] = nullptr;
  free_.push_back(session->place_);
}

void ClientSessions::drop(ClientSession* session) {
  remove(session);
  pool_.release(session);
}

}  // namespace lockstep::tls
