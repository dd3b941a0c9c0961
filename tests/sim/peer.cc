#include "tests/sim/peer.h"

#include <algorithm>

namespace lockstep::sim {

net::MacAddress mac_of(unsigned number) {
  return {2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)};
}

IpAddress v4_of(unsigned number) {
  return IpAddress::v4(0x0a000000U + number);
}

IpAddress v6_of(unsigned number) {
  std::array<std::uint8_t, 16> bytes{0xfd};
  bytes[15] = static_cast<std::uint8_t>(number);
  return IpAddress::v6(bytes);
}

net::InterfaceConfig interface_of(unsigned number, std::uint16_t mtu) {
  net::InterfaceConfig config;
  config.name = "sim" + std::to_string(number);
  config.mac = mac_of(number);
  config.mtu = mtu;
  config.addresses = {{v4_of(number), 24}, {v6_of(number), 64}};
  return config;
}

Peer::Peer(const PeerSettings& settings, Ethernet& ethernet, MbufPools& pools, Random& random, Instant now)
    : station_(ethernet.attach(mac_of(settings.number), {&pools})),
      port_(ethernet.port(station_)),
      pools_(pools),
      network_({interface_of(settings.number, settings.mtu)}, pools, random, 4096, now),
      stack_(settings.tcp, network_, pools, random, nullptr, now) {}

void Peer::turn(Instant now, const std::function<void(const tcp::Ready&)>& serve) {
  std::array<rte_mbuf*, 64> burst;
  while (const std::size_t count = port_.receive(burst)) {
    network_.receive(0, std::span(burst).first(count), now, batch_);
    stack_.input(batch_, now);
  }
  network_.advance(now);
  stack_.advance(now);
  while (const auto ready = stack_.next_ready()) serve(*ready);
  flush(now);
}

void Peer::flush(Instant now) {
  stack_.output(now);
  const std::span<rte_mbuf*> frames = network_.outgoing(0);
  network_.transmitted(0, port_.transmit(frames));
}

Instant Peer::next() const {
  return std::min(network_.next(), stack_.next());
}

bool Peer::send(tcp::ConnectionId id, std::string_view bytes, Instant now) {
  Chain chain;
  while (!bytes.empty()) {
    MbufPtr piece = pools_.packet();
    if (piece == nullptr) return false;
    const std::size_t size = std::min<std::size_t>(bytes.size(), MbufPools::kPacketRoom);
    std::copy_n(bytes.begin(), size, rte_pktmbuf_append(piece.get(), static_cast<std::uint16_t>(size)));
    chain.append(std::move(piece));
    bytes.remove_prefix(size);
  }
  stack_.send(id, std::move(chain), now);
  return true;
}

void Peer::send_front(tcp::ConnectionId id, std::string& bytes, Instant now) {
  // Until TCP finds its space short: then it tells when there is more.
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), stack_.send_space(id));
    if (size == 0 || !send(id, std::string_view(bytes).substr(0, size), now)) return;
    bytes.erase(0, size);
  }
}

std::string Peer::take(tcp::ConnectionId id, Instant now) {
  Chain* const received = stack_.received(id);
  if (received == nullptr || received->empty()) return {};
  std::string bytes(received->size(), '\0');
  received->copy(0, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  received->clear();
  stack_.consumed(id, static_cast<std::uint32_t>(bytes.size()), now);
  return bytes;
}

}  // namespace lockstep::sim
