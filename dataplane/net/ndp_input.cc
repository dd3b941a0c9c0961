// Neighbour discovery messages in (RFC 4861 section 7.2).
#include "dataplane/net/layer.h"
#include "dataplane/net/ndp.h"

namespace lockstep::net {

namespace {

void receive_solicitation(Layer& layer, const NdpMessage& message, const IpAddress& source, const Arrival& arrival) {
  Interface& interface = arrival.interface;
  if (!interface.owns(message.target)) return;
  layer.counters.neighbour_solicitations_received.add();
  const bool detects_duplicates = source.is_any();
  if (!detects_duplicates && !interface.on_link(source)) {
    layer.counters.dropped_source.add();
    return;
  }
  if (message.mac) interface.neighbours().learn(source, *message.mac);
  if (!interface.config().answers) return;
  // Somebody who is about to take our address hears it on the all-nodes group (RFC 4861 section 7.2.4).
  std::array<std::uint8_t, kNdpSize> answer{};
  write_ndp({.advertisement = true,
             .solicited = !detects_duplicates,
             .overrides = true,
             .target = message.target,
             .mac = interface.config().mac},
            answer);
  interface.send_ndp(message.target, detects_duplicates ? all_nodes() : source, answer, arrival.now);
}

}  // namespace

void receive_ndp(Layer& layer, Bytes bytes, const Ipv6Header& header, const Arrival& arrival) {
  const std::optional<NdpMessage> message = read_ndp(bytes, header.source, header.destination);
  if (!message) {
    layer.counters.dropped_icmp.add();
    return;
  }
  Interface& interface = arrival.interface;
  if (message->mac == interface.config().mac) return;  // our own multicast came back
  if (!message->advertisement) {
    receive_solicitation(layer, *message, header.source, arrival);
    return;
  }
  layer.counters.neighbour_advertisements_received.add();
  if (interface.owns(message->target))
    interface.defend(message->target, arrival.now);
  else
    interface.neighbours().update(message->target, message->mac, message->solicited, message->overrides, arrival.now);
}

}  // namespace lockstep::net
