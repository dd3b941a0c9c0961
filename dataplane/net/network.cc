#include "dataplane/net/network.h"

#include <algorithm>
#include <utility>

#include "dataplane/net/layer.h"

namespace lockstep::net {

namespace {

constexpr std::int64_t kEchoRepliesPerSecond = 1000;
constexpr std::int64_t kEchoReplyBurst = 100;

}  // namespace

struct Network::State {
  Layer layer;
};

Network::Network(std::vector<InterfaceConfig> interfaces, MbufPools& pools, Random& random,
                 std::size_t transmit_capacity, Instant now)
    : state_(new State{{pools, {}, {}, TokenBucket(kEchoRepliesPerSecond, kEchoReplyBurst, now)}}) {
  Layer& layer = state_->layer;
  for (InterfaceConfig& config : interfaces)
    layer.interfaces.push_back(std::make_unique<Interface>(
        std::move(config), Interface::Shared{pools, layer.counters, random}, transmit_capacity, now));
}

Network::~Network() = default;

void Network::receive(std::uint8_t interface, std::span<rte_mbuf*> burst, Instant now, ReceivedBatch& out) {
  Layer& layer = state_->layer;
  for (const rte_mbuf* frame : burst) rte_prefetch0(rte_pktmbuf_mtod(frame, const void*));
  layer.counters.frames_received.add(burst.size());
  const Arrival arrival{*layer.interfaces[interface], interface, false, now, out};
  for (rte_mbuf* frame : burst) receive_frame(layer, MbufPtr(frame), arrival);
}

std::optional<Route> Network::route(const IpAddress& destination, const std::optional<IpAddress>& source) const {
  const Layer& layer = state_->layer;
  const std::optional<Path> path = find_path(layer, destination, source);
  if (!path) return std::nullopt;
  return Route{static_cast<std::uint8_t>(path->interface), path->hop.source,
               layer.interfaces[path->interface]->config().mtu};
}

bool Network::is_local(const IpAddress& ip) const {
  const auto& all = state_->layer.interfaces;
  return std::any_of(all.begin(), all.end(), [&ip](const auto& interface) { return interface->owns(ip); });
}

void Network::send_tcp(const FlowTuple& flow, MbufPtr segment, Instant now, Ecn ecn) {
  send_segment(state_->layer, flow, std::move(segment), ecn, now);
}

std::span<rte_mbuf*> Network::outgoing(std::uint8_t interface) {
  return state_->layer.interfaces[interface]->queue().waiting();
}

void Network::transmitted(std::uint8_t interface, std::size_t count) {
  state_->layer.counters.frames_sent.add(count);
  state_->layer.interfaces[interface]->queue().release(count);
}

void Network::announce(Instant now) {
  for (const auto& interface : state_->layer.interfaces) interface->announce(now);
}

void Network::advance(Instant now) {
  for (const auto& interface : state_->layer.interfaces) interface->advance(now);
}

Instant Network::next() const {
  Instant next = Instant::never();
  for (const auto& interface : state_->layer.interfaces) next = std::min(next, interface->next());
  return next;
}

std::size_t Network::interfaces() const {
  return state_->layer.interfaces.size();
}

const InterfaceConfig& Network::interface(std::uint8_t index) const {
  return state_->layer.interfaces[index]->config();
}

const NetCounters& Network::counters() const {
  return state_->layer.counters;
}

}  // namespace lockstep::net
