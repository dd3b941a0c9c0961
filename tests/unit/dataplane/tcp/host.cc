#include "tests/unit/dataplane/tcp/host.h"

#include <cstdio>
#include <cstdlib>

namespace lockstep::testing {
namespace {

net::MacAddress mac_of(unsigned number) {
  return {2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)};
}

net::InterfaceConfig interface_of(const HostSettings& settings) {
  net::InterfaceConfig config;
  config.name = "test";
  config.mac = mac_of(settings.number);
  config.mtu = settings.mtu;
  config.addresses = {{Host::v4(settings.number), 24}, {Host::v6(settings.number), 64}};
  for (unsigned i = 1; i < 10; ++i) {
    if (i == settings.number) continue;
    config.neighbours.push_back({Host::v4(i), mac_of(i)});
    config.neighbours.push_back({Host::v6(i), mac_of(i)});
  }
  return config;
}

}  // namespace

MbufPools& pools() {
  static const std::unique_ptr<MbufPools> made = [] {
    auto result = MbufPools::create("tcp", {.packets = 16384, .records = 64, .clones = 32768});
    if (!result) {
      std::fputs(result.error().c_str(), stderr);
      std::abort();
    }
    return std::move(result.value());
  }();
  return *made;
}

std::uint32_t buffers_in_use() {
  return rte_mempool_in_use_count(pools().packets()) + rte_mempool_in_use_count(pools().records()) +
         rte_mempool_in_use_count(pools().clones());
}

Host::Host(const HostSettings& settings, Instant now)
    : random_(Random::from_number(settings.seed * 16 + settings.number)),
      network_({interface_of(settings)}, pools(), random_, 4096, now),
      stack_(settings.tcp, network_, pools(), random_, nullptr, now) {}

IpAddress Host::v6(unsigned number) {
  std::array<std::uint8_t, 16> bytes{0xfd};
  bytes[15] = static_cast<std::uint8_t>(number);
  return IpAddress::v6(bytes);
}

void Host::receive(std::span<rte_mbuf*> frames, Instant now) {
  network_.receive(0, frames, now, batch_);
  stack_.input(batch_, now);
}

void Host::transmit(const std::function<void(MbufPtr)>& take) {
  const std::span<rte_mbuf*> frames = network_.outgoing(0);
  for (rte_mbuf* frame : frames) take(MbufPtr(frame));
  network_.transmitted(0, frames.size());
}

MbufPtr copy_frame(const rte_mbuf& frame) {
  MbufPtr copy = pools().packet();
  if (copy == nullptr) return nullptr;
  for (const rte_mbuf* piece = &frame; piece != nullptr; piece = piece->next)
    std::memcpy(rte_pktmbuf_append(copy.get(), piece->data_len), rte_pktmbuf_mtod(piece, const void*), piece->data_len);
  return copy;
}

Chain pattern_chain(std::uint64_t position, std::uint32_t size) {
  Chain chain;
  while (size != 0) {
    MbufPtr piece = pools().packet();
    if (piece == nullptr) return chain;
    const auto part = static_cast<std::uint16_t>(std::min<std::uint32_t>(size, MbufPools::kPacketRoom));
    auto* const bytes = reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(piece.get(), part));
    for (std::uint16_t i = 0; i < part; ++i) bytes[i] = pattern(position + i);
    chain.append(std::move(piece));
    position += part;
    size -= part;
  }
  return chain;
}

}  // namespace lockstep::testing
