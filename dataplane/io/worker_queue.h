// A worker's end of a port, alone or with others: hardware queues, or rings to and from the worker that polls the port.
#pragma once

#include <memory>
#include <vector>

#include "dataplane/base/counters.h"
#include "dataplane/base/flow_hash.h"
#include "dataplane/base/spsc_ring.h"
#include "dataplane/io/device.h"
#include "dataplane/io/doorbell.h"
#include "dataplane/io/packet_queue.h"

namespace lockstep::io {

/// What worker 0 and another worker of the same port have between them.
struct Lane {
  explicit Lane(std::size_t capacity) : received(capacity), to_send(capacity) {}
  ~Lane();
  SpscRing<rte_mbuf*> received;  // from worker 0
  SpscRing<rte_mbuf*> to_send;   // to worker 0
  Doorbell bell;                 // wakes the other worker
};

/// Counters of software RSS, written by worker 0.
struct SteeringCounters {
  Counter steered;  // frames passed on to other workers, copies included
  Counter full;     // frames lost because a ring was full or there was no buffer for a copy
};

/// Everything the queues of one port share. `lanes[i]` belongs to worker i + 1.
struct SharedPort {
  Device& device;
  const FlowHash& hash;
  Doorbell bell;  // wakes worker 0
  std::vector<std::unique_ptr<Lane>> lanes;
  SteeringCounters counters;

  bool hardware_rss() const { return device.rss().has_value(); }
};

/// Worker 0's queue: receives from the port, passes on what concerns the others, sends what they want sent.
class OwnerQueue final : public PacketQueue {
 public:
  OwnerQueue(SharedPort& shared, MbufPools& pools) : shared_(shared), pools_(pools) {}
  ~OwnerQueue() override;
  std::size_t receive(std::span<rte_mbuf*> out) override;
  std::size_t transmit(std::span<rte_mbuf*> frames) override;
  void flush() override;
  bool served_others() const override { return received_for_others_ || sent_for_others_; }
  bool backlog() const override { return pending_count_ != 0; }
  std::size_t wait_descriptors(std::span<int> out) const override;
  bool prepare_wait() override;
  void finish_wait() override;

 private:
  std::size_t distribute(std::span<rte_mbuf*> frames);
  void pass_on(std::size_t lane, rte_mbuf* frame);
  void copy_to_all(const rte_mbuf& frame);

  static constexpr std::size_t kBurst = 64;
  SharedPort& shared_;
  MbufPools& pools_;
  std::array<rte_mbuf*, kBurst> pending_{};  // frames of others that the port has not taken yet
  std::size_t pending_count_ = 0;
  std::size_t next_lane_ = 0;
  bool received_for_others_ = false;
  bool sent_for_others_ = false;
};

/// The queue of a worker other than 0.
class MemberQueue final : public PacketQueue {
 public:
  /// `worker` is at least 1.
  MemberQueue(SharedPort& shared, std::size_t worker, MbufPools& pools)
      : shared_(shared), lane_(*shared.lanes[worker - 1]), worker_(static_cast<std::uint16_t>(worker)), pools_(pools) {}
  std::size_t receive(std::span<rte_mbuf*> out) override;
  std::size_t transmit(std::span<rte_mbuf*> frames) override;
  void flush() override;
  std::size_t wait_descriptors(std::span<int> out) const override;
  bool prepare_wait() override;
  void finish_wait() override { lane_.bell.finish(); }

 private:
  SharedPort& shared_;
  Lane& lane_;
  std::uint16_t worker_;
  MbufPools& pools_;
  bool unannounced_ = false;  // frames in the ring that worker 0 was not told of
};

}  // namespace lockstep::io
