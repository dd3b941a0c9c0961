#include "control/service/fleet.h"

#include <chrono>
#include <limits>
#include <thread>

#include "control/config/values.h"
#include "control/service/kernel_end.h"
#include "control/service/privileges.h"

namespace lockstep::service {
namespace {

/// Local ports are chosen so that replies come back to the same worker, on whichever port the flow's address is.
class PortSteering final : public Steering {
 public:
  explicit PortSteering(std::size_t worker) : worker_(worker) {}
  void add(const IpAddress& ip, const io::Port& port) { ports_.emplace_back(ip, &port); }
  bool owns(const FlowTuple& flow) const override {
    for (const auto& [ip, port] : ports_)
      if (ip == flow.local.ip) return port->owns(worker_, flow);
    return true;
  }

 private:
  std::size_t worker_;
  std::vector<std::pair<IpAddress, const io::Port*>> ports_;
};

/// Asks until the answer is yes; false when it is not at `deadline`.
template <class Question>
bool wait_until(const Question& question, std::chrono::steady_clock::time_point deadline) {
  while (!question()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

}  // namespace

/// One worker with everything that is its own. Members are destroyed in reverse: the worker before what it uses.
struct Fleet::Member {
  explicit Member(std::size_t number) : index(static_cast<std::uint16_t>(number)), steering(number) {}
  std::uint16_t index;
  unsigned core = 0;
  std::unique_ptr<MbufPools> pools;
  PortSteering steering;
  std::unique_ptr<Random> random;
  control::EngineSet engines;
  std::unique_ptr<worker::RemoteEngine> remote;  // nullptr without crypto cores
  std::unique_ptr<worker::RemoteEngine> helper;
  std::unique_ptr<worker::Worker> worker;
  std::thread thread;
  std::string failure;  // of the thread's start; written before `started_` counts it
};

/// A question to a worker and its answer.
struct Fleet::Inspection {
  explicit Inspection(bool of_backends) : backends(of_backends) {}
  const bool backends;  // asked about them; else only whether it has come this far in its mailbox
  std::vector<proxy::Proxy::BackendStatus> result;
  std::atomic<bool> done{false};

  static void answer(worker::Worker& worker, void* argument) {
    auto* const inspection = static_cast<Inspection*>(argument);
    if (inspection->backends) inspection->result = worker.proxy().backend_status();
    inspection->done.store(true, std::memory_order_release);
  }
};

net::MacAddress station_address(const io::PortInfo& info) {
  net::MacAddress mac = info.mac;
  if (info.driver.find("tap") != std::string::npos) mac.back() ^= 1U;
  return mac;
}

std::uint32_t memory_needed_mb(const MbufPoolSizes& sizes, std::size_t workers, std::size_t ports) {
  // A buffer has its data, RTE_PKTMBUF_HEADROOM, struct rte_mbuf (128 bytes) and the pool's own header.
  constexpr std::uint64_t kOverhead = 128 + 128 + 64;
  const std::uint64_t pools = sizes.packets * (MbufPools::kPacketRoom + kOverhead) +
                              sizes.records * (MbufPools::kRecordRoom + kOverhead) + sizes.clones * (kOverhead + 64);
  constexpr std::uint64_t kPort = 8U << 20U;
  constexpr std::uint64_t kBase = 48U << 20U;
  const std::uint64_t bytes = workers * pools + workers * ports * kPort + kBase;
  return static_cast<std::uint32_t>((bytes + bytes / 8) >> 20U);
}

Environment::~Environment() {
  if (running_) io::stop_eal();
  log_->store(nullptr);
}

std::string Environment::start(const config::Config& config, const std::vector<unsigned>& cores, log::Log& log) {
  io::EalOptions options;
  options.cores = cores;
  options.cores.insert(options.cores.end(), config.batch.crypto_cores.begin(), config.batch.crypto_cores.end());
  options.hugepages = config.general.hugepages;
  options.memory_mb = config.general.memory_mb != 0
                          ? config.general.memory_mb
                          : memory_needed_mb(config.limits.buffers, cores.size(), config.ports.size());
  for (const config::Port& port : config.ports) (port.is_pci() ? options.pci : options.vdevs).push_back(port.io.device);
  log_->store(&log);
  options.log = [sink = log_](std::string_view line) {
    if (log::Log* const to = sink->load()) to->warning("dpdk", {{"message", std::string(line)}});
  };
  Result<io::EalInfo, std::string> started = io::start_eal(options);
  if (!started) return started.error();
  running_ = true;
  info_ = started.value();
  return {};
}

Fleet::Fleet(const config::Config& config, log::Log& log)
    : config_(config), log_(log), wall_clock_offset_(offset_now()) {}

Duration Fleet::offset_now() const {
  return nanoseconds(log::unix_now() - clock_.now().ns);
}

void Fleet::follow_wall_clock() {
  constexpr Duration kUnnoticed = milliseconds(1);
  const Duration offset = offset_now();
  if (offset < wall_clock_offset_ + kUnnoticed && wall_clock_offset_ < offset + kUnnoticed) return;
  wall_clock_offset_ = offset;
  for (const auto& member : members_) member->worker->set_wall_clock_offset(wall_clock_offset_);
}

Fleet::~Fleet() {
  stop();
  for (const auto& member : members_) member->worker.reset();
  ports_.clear();
}

Result<std::unique_ptr<Fleet>, std::string> Fleet::create(const config::Config& config,
                                                          const std::vector<unsigned>& cores, log::Log& log) {
  std::unique_ptr<Fleet> fleet(new Fleet(config, log));
  if (std::string error = fleet->open_pools(cores); !error.empty()) return Failure{std::move(error)};
  if (std::string error = fleet->open_ports(); !error.empty()) return Failure{std::move(error)};
  auto crypto_cores = CryptoCores::create(config, cores.size());
  if (!crypto_cores) return Failure{crypto_cores.error()};
  fleet->crypto_cores_ = std::move(crypto_cores.value());
  if (std::string error = fleet->build_workers(); !error.empty()) return Failure{std::move(error)};
  return fleet;
}

std::string Fleet::open_pools(const std::vector<unsigned>& cores) {
  for (std::size_t i = 0; i < cores.size(); ++i) {
    auto member = std::make_unique<Member>(i);
    member->core = cores[i];
    auto pools = MbufPools::create("worker" + std::to_string(i), config_.limits.buffers);
    if (!pools) return pools.error();
    member->pools = std::move(pools.value());
    members_.push_back(std::move(member));
  }
  return {};
}

std::string Fleet::open_ports() {
  std::vector<MbufPools*> pools;
  pools.reserve(members_.size());
  for (const auto& member : members_) pools.push_back(member->pools.get());
  for (const config::Port& port : config_.ports) {
    io::PortConfig io = port.io;
    io.device = port.device_name();
    auto opened = io::Port::open(io, pools);
    if (!opened) return opened.error();
    if (port.kernel_address)
      if (std::string error = set_kernel_address(port.device_argument("iface"), *port.kernel_address); !error.empty())
        return error;
    const io::PortInfo info = opened.value()->info();
    log_.info("port_opened", {{"port", port.io.name},
                              {"device", port.io.device},
                              {"driver", info.driver},
                              {"mac", config::format_mac(station_address(info))},
                              {"mtu", info.mtu},
                              {"queues", info.queues},
                              {"steering", info.queues < members_.size() ? "software"
                                           : info.hardware_rss           ? "rss"
                                                                         : "none"},
                              {"receive_checksums", info.receive_checksums},
                              {"transmit_tcp_checksum", info.transmit_tcp_checksum},
                              {"multi_segment", info.multi_segment},
                              {"link", info.link_up ? "up" : "down"}});
    for (const auto& member : members_)
      for (const net::InterfaceAddress& address : port.addresses) member->steering.add(address.ip, *opened.value());
    ports_.push_back(std::move(opened.value()));
  }
  return {};
}

net::InterfaceConfig Fleet::interface_of(const config::Port& port, const io::Port& opened) const {
  const io::PortInfo info = opened.info();
  net::InterfaceConfig interface;
  interface.name = port.io.name;
  interface.mac = station_address(info);
  interface.mtu = info.mtu != 0 ? info.mtu : port.io.mtu;
  interface.vlan = port.vlan;
  interface.addresses = port.addresses;
  interface.gateway_v4 = port.gateway;
  interface.gateway_v6 = port.gateway_v6;
  interface.neighbours = port.neighbours;
  interface.transmit_ipv4_checksum = info.transmit_ipv4_checksum;
  interface.transmit_tcp_checksum = info.transmit_tcp_checksum;
  interface.receive_checksums = info.receive_checksums;
  return interface;
}

std::string Fleet::build_workers() {
  exchanges_ = std::make_unique<worker::Exchanges>(members_.size());
  auto helper = Helper::create(members_.size());
  if (!helper) return helper.error();
  helper_ = std::move(helper.value());
  for (const auto& member : members_)
    if (std::string error = build_worker(*member); !error.empty()) return error;
  for (const control::EngineLine& line : members_.front()->engines.table)
    log_.info("engine", {{"class", crypto::name(line.job_class)}, {"engine", line.engine}, {"why", line.why}});
  return {};
}

std::string Fleet::build_worker(Member& member) {
  Secret<32> seed;
  if (!fill_from_kernel(seed.writable())) return "the kernel gives no random bytes; check getrandom(2)";
  member.random = std::make_unique<Random>(seed.expose());
  auto engines = control::make_engines(*member.random, config_.engine_options(member.core));
  if (!engines) return engines.error();
  member.engines = std::move(engines.value());
  member.remote = crypto_cores_->connect(member.index, member.engines);
  member.helper = helper_->connect(
      member.index, member.remote != nullptr ? member.remote->policy() : member.engines.policy, member.engines.table);

  worker::WorkerConfig config;
  config.index = member.index;
  config.idle = config_.general.idle;
  config.tcp = config_.tcp;
  config.limits = config_.limits.proxy;
  config.limits.tls.cores = static_cast<std::uint16_t>(members_.size());
  config.event_capacity = config_.limits.events;
  config.crypto_turn_limit = config_.batch.turn_limit;
  config.wall_clock_offset = wall_clock_offset_;
  std::vector<io::PacketQueue*> queues;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    config.interfaces.push_back(interface_of(config_.ports[i], *ports_[i]));
    queues.push_back(&ports_[i]->queue(member.index));
  }
  member.worker =
      std::make_unique<worker::Worker>(config, *member.pools, std::move(queues), member.helper->policy(),
                                       &member.steering, *member.random, clock_.now(), &exchanges_->of(member.index));
  return {};
}

void Fleet::run(Member& member) {
  const auto registered = io::register_worker_thread(member.core);
  if (!registered) member.failure = registered.error();
  started_.fetch_add(1, std::memory_order_release);
  if (registered) member.worker->run();
}

std::string Fleet::start() {
  running_ = true;
  helper_->start();
  std::string crypto_cores = crypto_cores_->start();
  for (const auto& member : members_) member->thread = std::thread([this, m = member.get()] { run(*m); });
  while (started_.load(std::memory_order_acquire) < members_.size())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (const auto& member : members_)
    if (!member->failure.empty()) return member->failure;
  return crypto_cores;
}

bool Fleet::post(Member& member, const worker::Message& message) {
  const std::lock_guard lock(post_mutex_);
  return member.worker->post(message);
}

void Fleet::post_surely(Member& member, const worker::Message& message) {
  while (!post(member, message)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Fleet::drain(Duration limit) {
  worker::Message message;
  message.kind = worker::Message::Kind::drain;
  message.limit = limit;
  for (const auto& member : members_) post_surely(*member, message);
}

bool Fleet::drained() const {
  for (const auto& member : members_)
    if (!member->worker->drained()) return false;
  return true;
}

void Fleet::stop() {
  if (!running_) return;
  running_ = false;
  worker::Message message;
  message.kind = worker::Message::Kind::stop;
  for (const auto& member : members_) {
    if (member->failure.empty()) post_surely(*member, message);
    member->thread.join();
  }
  // Only now: they have the last jobs of the workers, who find all answers when they end.
  crypto_cores_->stop();
  helper_->stop();
}

std::vector<snapshot::Subscriber> Fleet::subscribers() {
  std::vector<snapshot::Subscriber> result;
  result.reserve(members_.size());
  for (const auto& member : members_)
    result.push_back({[this, m = member.get()](const proxy::Snapshot& snapshot) {
                        worker::Message message;
                        message.kind = worker::Message::Kind::snapshot;
                        message.snapshot = &snapshot;
                        return post(*m, message);
                      },
                      [m = member.get()] { return m->worker->oldest_pinned(); }});
  // Private keys may have changed. Jobs that refer to a snapshot return to their worker, which pins it: a crypto core
  // does not.
  if (crypto_cores_->count() != 0)
    result.push_back({[this, known = std::uint64_t{0}](const proxy::Snapshot& snapshot) mutable {
                        if (known != snapshot.configuration()) crypto_cores_->drop_ahead();
                        known = snapshot.configuration();
                        return true;
                      },
                      [] { return std::numeric_limits<std::uint64_t>::max(); }});
  return result;
}

std::size_t Fleet::take_events(std::size_t limit, const std::function<void(std::int64_t, const Event&)>& each) {
  std::size_t taken = 0;
  for (const auto& member : members_) {
    Event event;
    while (taken < limit && member->worker->events().pop(event)) {
      event.worker = member->index;
      each((event.at + wall_clock_offset_).ns, event);
      ++taken;
    }
  }
  return taken;
}

std::vector<std::string> Fleet::capabilities_needed() const {
  std::vector<std::string> all;
  for (const auto& port : ports_)
    for (std::string& one : service::capabilities_needed(port->info().driver)) all.push_back(std::move(one));
  return all;
}

std::vector<api::WorkerView> Fleet::worker_views() const {
  std::vector<api::WorkerView> views;
  for (const auto& member : members_) {
    worker::Worker& worker = *member->worker;
    api::WorkerView view;
    view.index = member->index;
    view.core = member->core;
    view.oldest_pinned = worker.oldest_pinned();
    view.drained = worker.drained();
    view.events_lost = worker.events().refused();
    view.session_capacity = config_.limits.proxy.tls.cached_sessions;
    view.net = &worker.network().counters();
    view.tcp = &worker.stack().counters();
    view.tls = &worker.proxy().tls_counters();
    view.proxy = &worker.proxy().counters();
    view.loop = &worker.counters();
    view.batch = &worker.batch();
    view.wake_up = &worker.wake_up_latency();
    view.engines = &member->engines;
    if (member->remote != nullptr) view.done_locally = &member->remote->done_locally();
    views.push_back(view);
  }
  return views;
}

std::vector<api::PortView> Fleet::port_views() const {
  std::vector<api::PortView> views;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    api::PortView view;
    view.name = config_.ports[i].io.name;
    view.device = config_.ports[i].io.device;
    for (const net::InterfaceAddress& address : config_.ports[i].addresses)
      view.addresses.push_back(config::format_interface_address(address));
    view.info = ports_[i]->info();
    view.info.mac = station_address(view.info);
    view.stats = ports_[i]->stats();
    views.push_back(std::move(view));
  }
  return views;
}

std::shared_ptr<Fleet::Inspection> Fleet::inspect(Member& member, bool backends) {
  auto inspection = std::make_shared<Inspection>(backends);
  worker::Message message;
  message.kind = worker::Message::Kind::inspect;
  message.inspect = Inspection::answer;
  message.argument = inspection.get();
  const std::lock_guard lock(post_mutex_);
  if (!member.worker->post(message)) return nullptr;
  inspections_.push_back(inspection);  // lives on until it is answered, however long that takes
  return inspection;
}

void Fleet::forget_answered() {
  const std::lock_guard lock(post_mutex_);
  std::erase_if(inspections_, [](const auto& one) { return one->done.load(std::memory_order_acquire); });
}

std::vector<proxy::Proxy::BackendStatus> Fleet::backend_status() {
  std::vector<std::shared_ptr<Inspection>> asked;
  for (const auto& member : members_)
    if (auto inspection = inspect(*member, true); inspection != nullptr) asked.push_back(std::move(inspection));
  std::vector<proxy::Proxy::BackendStatus> all;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  for (const auto& inspection : asked)
    if (wait_until([&] { return inspection->done.load(std::memory_order_acquire); }, deadline))
      all.insert(all.end(), inspection->result.begin(), inspection->result.end());
  forget_answered();
  return all;
}

bool Fleet::drop_made_ahead() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  worker::Message message;
  message.kind = worker::Message::Kind::drop_ahead;
  std::vector<std::shared_ptr<Inspection>> asked;
  bool all = true;
  crypto_cores_->drop_ahead();
  for (const auto& member : members_) {
    all = wait_until([&] { return post(*member, message); }, deadline) && all;
    // A mailbox keeps the order: when the worker answers, it has dropped.
    std::shared_ptr<Inspection> inspection;
    all = wait_until([&] { return (inspection = inspect(*member, false)) != nullptr; }, deadline) && all;
    if (inspection != nullptr) asked.push_back(std::move(inspection));
  }
  for (const auto& inspection : asked)
    all = wait_until([&] { return inspection->done.load(std::memory_order_acquire); }, deadline) && all;
  all = wait_until([&] { return crypto_cores_->dropped(); }, deadline) && all;
  forget_answered();
  return all;
}

}  // namespace lockstep::service
