// ARP messages in: whom to answer, what to learn, what not to believe.
#include "dataplane/net/arp.h"
#include "dataplane/net/layer.h"

namespace lockstep::net {

void receive_arp(Layer& layer, Bytes body, const Arrival& arrival) {
  Interface& interface = arrival.interface;
  const std::optional<ArpMessage> message = read_arp(body);
  if (!message) {
    layer.counters.dropped_arp.add();
    return;
  }
  if (message->sender_mac == interface.config().mac) return;  // our own broadcast came back
  if (interface.owns(message->sender_ip)) {
    interface.defend(message->sender_ip, arrival.now);  // never learnt (RFC 5227 section 2.4)
    return;
  }
  const bool for_us = interface.owns(message->target_ip);
  // A host off the link, or no host at all, has no place in the table; a probe (sender 0.0.0.0) is still answered
  // (RFC 5227 section 2.1.1).
  const bool believable = interface.on_link(message->sender_ip) && !interface.is_broadcast(message->sender_ip);
  if (!believable && !message->sender_ip.is_any()) {
    layer.counters.dropped_source.add();
    return;
  }
  if (message->reply) {
    layer.counters.arp_replies_received.add();
    const bool solicited = for_us && !arrival.link_group;
    if (believable)
      interface.neighbours().update(message->sender_ip, message->sender_mac, solicited, true, arrival.now);
    return;
  }
  if (!for_us) {
    // RFC 826 merges whatever it hears of a known sender, a gratuitous announcement for one.
    if (believable) interface.neighbours().update(message->sender_ip, message->sender_mac, false, true, arrival.now);
    return;
  }
  layer.counters.arp_requests_received.add();
  if (believable) interface.neighbours().learn(message->sender_ip, message->sender_mac);
  if (interface.config().answers)
    interface.send_arp(true, message->target_ip, message->sender_ip, message->sender_mac, message->sender_mac);
}

}  // namespace lockstep::net
