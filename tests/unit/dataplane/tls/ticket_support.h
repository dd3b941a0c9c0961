// Keys for tickets, as control makes them.
#pragma once

#include <memory>

#include "crypto/base/random.h"
#include "dataplane/tls/ticket_keys.h"

namespace lockstep::tls::test {

/// `count` new keys, of which the first seals.
inline std::shared_ptr<TicketKeys> ticket_keys(std::size_t count, Random& random) {
  auto keys = std::make_shared<TicketKeys>();
  for (std::size_t i = 0; i < count; ++i) {
    TicketKey& key = keys->keys.emplace_back();
    random.fill(key.name);
    key.keys.aead = crypto::Aead::aes_256_gcm;
    key.keys.id = shared_key_id();
    random.fill(key.keys.key.writable());
  }
  keys->sealing = &keys->keys.front();
  random.fill(keys->instance);
  return keys;
}

}  // namespace lockstep::tls::test
