// Routes: what is on a link, and the gateways.
#include "dataplane/net/layer.h"

namespace lockstep::net {

std::optional<Path> find_path(const Layer& layer, const IpAddress& destination,
                              const std::optional<IpAddress>& source) {
  if (destination.is_any() || destination.is_multicast() || destination.is_loopback()) return std::nullopt;
  if (source && source->is_v4() != destination.is_v4()) return std::nullopt;
  for (const auto& interface : layer.interfaces)
    if (interface->owns(destination)) return std::nullopt;  // nothing goes out to ourselves
  // A link that has the destination comes before any gateway.
  for (const bool on_link_only : {true, false}) {
    for (std::size_t i = 0; i < layer.interfaces.size(); ++i) {
      const Interface& interface = *layer.interfaces[i];
      if (source && !interface.owns(*source)) continue;
      std::optional<Hop> hop = interface.hop(destination, on_link_only);
      if (!hop) continue;
      if (source) hop->source = *source;
      return Path{i, *hop};
    }
  }
  return std::nullopt;
}

}  // namespace lockstep::net
