#include "dataplane/proxy/application.h"

#include <cstring>

namespace lockstep::proxy {

bool append_text(Exchange& exchange, std::string_view text) {
  MbufPtr buffer = exchange.pools.packet();
  if (buffer == nullptr) return false;
  std::memcpy(rte_pktmbuf_append(buffer.get(), static_cast<std::uint16_t>(text.size())), text.data(), text.size());
  exchange.output.append(std::move(buffer));
  return true;
}

Application make_application(const ServiceConfig& service) {
  switch (service.builtin) {
    case Builtin::none:
    case Builtin::discard:
      break;
    case Builtin::echo:
      return Echo{};
    case Builtin::chargen:
      return Chargen{.limit = service.chargen_bytes};
    case Builtin::daytime:
      return Daytime{};
    case Builtin::http:
      return Http{};
  }
  return Discard{};
}

}  // namespace lockstep::proxy
