// Where connections are accepted.
#pragma once

#include <optional>

#include "dataplane/base/address.h"
#include "dataplane/tcp/stack.h"

namespace lockstep::tcp {

struct Listener {
  SocketAddress local;
  std::uint64_t cookie = 0;
};

/// The listeners of a worker: few, looked up only by SYNs.
class Listeners {
 public:
  explicit Listeners(std::uint32_t capacity) : slab_(capacity) {}

  /// nullopt when `local` is taken or the table is full.
  std::optional<ListenerId> add(const SocketAddress& local, std::uint64_t cookie) {
    bool taken = false;
    slab_.for_each([&](ListenerId, const Listener& listener) { taken = taken || listener.local == local; });
    if (taken) return std::nullopt;
    const ListenerId id = slab_.make(Listener{local, cookie});
    return id ? std::optional(id) : std::nullopt;
  }
  void remove(ListenerId id) { slab_.erase(id); }
  Listener* find(ListenerId id) { return slab_.find(id); }

  /// The listener for a SYN to `local`: one of that address before one of any address of the family.
  ListenerId match(const SocketAddress& local) {
    ListenerId found;
    slab_.for_each([&](ListenerId id, const Listener& listener) {
      if (listener.local.port != local.port) return;
      if (listener.local.ip == local.ip) found = id;
      if (!found && listener.local.ip.is_any() && listener.local.ip.is_v4() == local.ip.is_v4()) found = id;
    });
    return found;
  }

 private:
  Slab<Listener> slab_;
};

}  // namespace lockstep::tcp
