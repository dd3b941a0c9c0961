// A DPDK port: queues, offloads, software RSS; the only place that sees rte_ethdev.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crypto/base/result.h"
#include "dataplane/base/address.h"
#include "dataplane/base/mbuf.h"
#include "dataplane/io/packet_queue.h"

namespace lockstep::io {

struct PortConfig {
  std::string name;    // in the configuration
  std::string device;  // PCI address, or the vdev's name as given to the EAL (net_tap0)
  std::uint16_t mtu = 1500;
  std::uint16_t receive_descriptors = 1024;
  std::uint16_t transmit_descriptors = 1024;
  bool promiscuous = false;
};

/// What was found and switched on.
struct PortInfo {
  std::string driver;
  std::array<std::uint8_t, 6> mac{};
  std::uint16_t mtu = 0;
  std::uint16_t queues = 1;  // hardware queues in use; fewer than workers: software RSS
  bool transmit_ipv4_checksum = false;
  bool transmit_tcp_checksum = false;
  bool receive_checksums = false;
  bool multi_segment = false;  // else frames are made contiguous before transmission
  bool hardware_rss = false;
  bool link_up = false;
  std::uint32_t link_mbps = 0;
};

struct PortStats {
  std::uint64_t received = 0, received_bytes = 0, transmitted = 0, transmitted_bytes = 0;
  std::uint64_t missed = 0, errors = 0, no_buffer = 0;
  std::uint64_t steered = 0, steering_full = 0;  // software RSS
};

class Port {
 public:
  virtual ~Port() = default;
  /// Opens and starts the port for `pools.size()` workers; pools[i] feeds worker i's queue. The EAL must be running,
  /// and the pools outlive the port.
  static Result<std::unique_ptr<Port>, std::string> open(const PortConfig& config,
                                                         const std::vector<MbufPools*>& pools);

  /// Worker `worker`'s end.
  virtual PacketQueue& queue(std::size_t worker) = 0;
  /// Whether packets of `flow` reach `worker`: by RSS hash of the port or of the software.
  virtual bool owns(std::size_t worker, const FlowTuple& flow) const = 0;
  virtual PortInfo info() const = 0;
  virtual PortStats stats() const = 0;
};

}  // namespace lockstep::io
