#include "control/service/live.h"

#include <array>
#include <cstdio>

namespace lockstep::service {

LiveTotals live_totals(const std::vector<api::WorkerView>& workers) {
  LiveTotals totals;
  for (const api::WorkerView& worker : workers) {
    totals.connections += worker.proxy->connections.value();
    totals.accepted += worker.proxy->connections_accepted.value();
    totals.handshakes += worker.tls->handshakes_tls13.value() + worker.tls->handshakes_tls12.value();
    totals.failed += worker.tls->handshakes_failed.value();
    totals.bytes_in += worker.proxy->bytes_from_clients.value();
    totals.bytes_out += worker.proxy->bytes_to_clients.value();
    totals.busy_ns += worker.loop->busy_nanoseconds.value();
  }
  return totals;
}

std::string live_line(const LiveTotals& before, const LiveTotals& now, double seconds) {
  const auto rate = [&](std::uint64_t a, std::uint64_t b) {
    return seconds > 0 ? static_cast<double>(b - a) / seconds : 0.0;
  };
  std::array<char, 256> text{};
  std::snprintf(
      text.data(), text.size(),
      "%llu connections, %.0f new/s, %.0f handshakes/s (%llu failed), in %.1f Mbit/s, out %.1f Mbit/s, busy %.1f %%",
      static_cast<unsigned long long>(now.connections), rate(before.accepted, now.accepted),
      rate(before.handshakes, now.handshakes), static_cast<unsigned long long>(now.failed),
      rate(before.bytes_in, now.bytes_in) * 8 / 1e6, rate(before.bytes_out, now.bytes_out) * 8 / 1e6,
      rate(before.busy_ns, now.busy_ns) / 1e7);
  return text.data();
}

}  // namespace lockstep::service
