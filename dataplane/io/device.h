// A DPDK ethdev: configured, started, and how to use it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/result.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/mbuf.h"
#include "dataplane/io/hardware_rss.h"
#include "dataplane/io/port.h"

namespace lockstep::io {

/// One port of the library with `info().queues` pairs of queues: one for each worker where the port spreads flows in a
/// way that can be predicted and verified, else one. Stopped and closed by the destructor.
class Device {
 public:
  static Result<std::unique_ptr<Device>, std::string> open(const PortConfig& config,
                                                           const std::vector<MbufPools*>& pools);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  /// Receives from queue `queue`, whose thread this is.
  std::size_t receive(std::uint16_t queue, std::span<rte_mbuf*> out);
  /// Transmits on queue `queue`, whose thread this is: takes over the first n frames and returns n. Frames in more
  /// pieces than the port takes are made contiguous with buffers of `pools`; one for which there is none is dropped and
  /// counted.
  std::size_t transmit(std::uint16_t queue, std::span<rte_mbuf*> frames, MbufPools& pools);
  /// A descriptor that is readable while the queue has frames; -1 when the driver has none.
  int wait_descriptor() const { return wait_descriptor_; }
  /// After waiting on it: takes an error off a socket (its interface went down), which would keep it readable.
  void clear_wait_error() const;

  /// With more than one queue: how the port chooses among them.
  const std::optional<HardwareRss>& rss() const { return rss_; }
  /// With the state of the link as it is now.
  PortInfo info() const;
  /// What the port counted; `errors` includes frames dropped here.
  PortStats stats() const;

 private:
  Device(const PortConfig& config, std::uint16_t id) : config_(config), id_(id) {}
  std::optional<std::string> set_up(const std::vector<MbufPools*>& pools);
  std::optional<std::string> start(const std::vector<MbufPools*>& pools, std::uint16_t queues);
  std::optional<std::string> configure(std::uint16_t queues);
  std::optional<std::string> set_mtu();
  std::optional<std::string> set_up_queues(const std::vector<MbufPools*>& pools, std::uint16_t queues);
  std::optional<std::string> set_filters();
  bool apply_rss();
  void find_wait_descriptor();
  std::string failure(const std::string& what, int error) const;
  rte_mbuf* contiguous(rte_mbuf* frame, MbufPools& pools);

  PortConfig config_;
  std::uint16_t id_;
  bool started_ = false;
  PortInfo info_;
  std::optional<HardwareRss> rss_;
  std::uint64_t receive_offloads_ = 0;
  std::uint64_t transmit_offloads_ = 0;
  std::uint64_t rss_types_ = 0;
  std::uint16_t max_pieces_ = 1;
  std::uint16_t receive_descriptors_ = 0;
  std::uint16_t transmit_descriptors_ = 0;
  int wait_descriptor_ = -1;
  std::vector<Counter> dropped_;  // per queue
};

}  // namespace lockstep::io
