// What a worker has to tell: fixed-size events in a bounded ring, formatted elsewhere.
#pragma once

#include <array>
#include <cstring>
#include <type_traits>

#include "crypto/base/time.h"
#include "dataplane/base/spsc_ring.h"

namespace lockstep {

/// One event. `kind` says which struct lies in `payload`; rooms define their own (for example proxy/access_event.h).
struct Event {
  std::uint16_t kind = 0;
  std::uint16_t worker = 0;
  Instant at;
  alignas(8) std::array<std::uint8_t, 488> payload{};

  template <class T>
  static Event make(std::uint16_t kind, Instant at, const T& payload) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 488);
    Event event;
    event.kind = kind;
    event.at = at;
    std::memcpy(event.payload.data(), &payload, sizeof payload);
    return event;
  }
  template <class T>
  T as() const {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 488);
    T payload_copy;
    std::memcpy(&payload_copy, payload.data(), sizeof payload_copy);
    return payload_copy;
  }
};

using EventRing = SpscRing<Event>;

}  // namespace lockstep
