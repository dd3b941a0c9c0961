#include "dataplane/io/port.h"

#include "dataplane/io/worker_queue.h"

namespace lockstep::io {

namespace {

/// Frames that may wait between two workers, in each direction.
constexpr std::size_t kLaneCapacity = 1024;

Random kernel_random() {
  std::uint8_t seed[32]{};
  // Without a seed the spread of flows is known to anybody, and all else works.
  (void)!fill_from_kernel(seed);
  return Random(Bytes(seed));
}

class SharedPortOwner final : public Port {
 public:
  SharedPortOwner(std::unique_ptr<Device> device, const std::vector<MbufPools*>& pools)
      : random_(kernel_random()), hash_(random_), device_(std::move(device)), shared_{*device_, hash_, {}, {}, {}} {
    for (std::size_t worker = 1; worker < pools.size(); ++worker)
      shared_.lanes.push_back(std::make_unique<Lane>(kLaneCapacity));
    queues_.push_back(std::make_unique<OwnerQueue>(shared_, *pools[0]));
    for (std::size_t worker = 1; worker < pools.size(); ++worker)
      queues_.push_back(std::make_unique<MemberQueue>(shared_, worker, *pools[worker]));
  }

  /// Sends what the workers left in their rings, as far as the port takes it at once.
  ~SharedPortOwner() override { queues_[0]->flush(); }

  PacketQueue& queue(std::size_t worker) override { return *queues_[worker]; }

  bool owns(std::size_t worker, const FlowTuple& flow) const override {
    if (device_->rss()) return device_->rss()->queue(flow) == worker;
    return share_of(hash_(flow), static_cast<std::uint32_t>(queues_.size())) == worker;
  }

  PortInfo info() const override { return device_->info(); }

  PortStats stats() const override {
    PortStats stats = device_->stats();
    stats.steered = shared_.counters.steered.value();
    stats.steering_full = shared_.counters.full.value();
    return stats;
  }

 private:
  Random random_;
  FlowHash hash_;
  std::unique_ptr<Device> device_;
  SharedPort shared_;
  std::vector<std::unique_ptr<PacketQueue>> queues_;
};

}  // namespace

Result<std::unique_ptr<Port>, std::string> Port::open(const PortConfig& config, const std::vector<MbufPools*>& pools) {
  if (pools.empty()) return Failure{"port '" + config.name + "': there is no worker"};
  auto device = Device::open(config, pools);
  if (!device) return Failure{device.error()};
  return std::unique_ptr<Port>(std::make_unique<SharedPortOwner>(std::move(device.value()), pools));
}

}  // namespace lockstep::io
