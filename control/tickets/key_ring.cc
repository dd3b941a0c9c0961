#include "control/tickets/key_ring.h"

#include <algorithm>

namespace lockstep::tickets {

std::unique_ptr<Key> derive_key(const Secret32& uniform) {
  auto key = std::make_unique<Key>();
  expand(uniform, "lockstep ticket key name", key->name);
  expand(uniform, "lockstep ticket key aes-256-gcm", key->secret.writable());
  return key;
}

void KeyRing::assign(std::vector<std::unique_ptr<Key>> keys, std::size_t sealing) {
  for (const std::unique_ptr<Key>& key : keys) {
    const auto same = std::find_if(keys_.begin(), keys_.end(), [&](const auto& old) { return old->name == key->name; });
    if (same == keys_.end()) continue;
    key->id = (*same)->id;
    key->since = (*same)->since;
  }
  keys_.assign(std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
  sealing_ = sealing;
}

void KeyRing::start(std::unique_ptr<Key> next, std::unique_ptr<Key> sealing, UnixTime now) {
  keys_.erase(keys_.begin(), keys_.begin() + static_cast<std::ptrdiff_t>(sealing_));
  if (!keys_.empty()) keys_.front()->ended = std::min(keys_.front()->ended, now);
  keys_.push_front(std::move(sealing));
  keys_.push_front(std::move(next));
  sealing_ = 1;
}

void KeyRing::advance(std::unique_ptr<Key> next) {
  keys_.push_front(std::move(next));
}

bool KeyRing::expire(UnixTime now, Duration lifetime) {
  const auto over = [&](const std::unique_ptr<Key>& key) { return key->ended <= now - lifetime.ns; };
  const auto previous = keys_.begin() + static_cast<std::ptrdiff_t>(sealing_) + 1;
  const auto kept = std::remove_if(previous, keys_.end(), over);
  const bool any = kept != keys_.end();
  keys_.erase(kept, keys_.end());
  return any;
}

std::shared_ptr<const tls::TicketKeys> KeyRing::publishable(const std::array<std::uint8_t, 16>& instance) const {
  auto published = std::make_shared<tls::TicketKeys>();
  published->instance = instance;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const Key& key = *keys_[(sealing_ + i) % keys_.size()];
    tls::TicketKey& copy = published->keys.emplace_back();
    copy.name = key.name;
    copy.keys.aead = crypto::Aead::aes_256_gcm;
    copy.keys.id = key.id;
    copy.keys.key.assign(key.secret.expose());
  }
  if (!published->keys.empty()) published->sealing = &published->keys.front();
  return published;
}

}  // namespace lockstep::tickets
