#include <algorithm>

#include "dataplane/proxy/application.h"

namespace lockstep::proxy {

AppStatus Chargen::serve(Exchange& exchange) {
  exchange.input.clear();
  if (limit == 0 && (exchange.input_ended || exchange.drain != Drain::none)) return AppStatus::finished;
  std::uint32_t room = exchange.room();
  while (room > 0 && (limit == 0 || sent < limit)) {
    const std::uint64_t left = limit == 0 ? room : limit - sent;
    const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(room, left));
    const std::uint32_t appended = exchange.patterns.rotating.append(sent, wanted, exchange.pools, exchange.output);
    if (appended == 0) return AppStatus::starved;
    sent += appended;
    room -= appended;
  }
  return limit != 0 && sent == limit ? AppStatus::finished : AppStatus::waiting;
}

}  // namespace lockstep::proxy
