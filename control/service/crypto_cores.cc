#include "control/service/crypto_cores.h"

#include <chrono>
#include <thread>

#include "dataplane/io/eal.h"

namespace lockstep::service {

/// One crypto core with everything that is its own. Members are destroyed in reverse: the core before its engines.
struct CryptoCores::Member {
  unsigned core = 0;
  std::unique_ptr<Random> random;
  control::EngineSet engines;
  std::unique_ptr<worker::CryptoCore> crypto_core;
  std::thread thread;
  std::string failure;  // of the thread's start; written before `started_` counts it
};

CryptoCores::CryptoCores(const config::Config& config) {
  for (const crypto::JobClass job_class : config.batch.crypto_core_classes)
    classes_.set(static_cast<std::size_t>(job_class));
}

CryptoCores::~CryptoCores() {
  stop();
}

Result<std::unique_ptr<CryptoCores>, std::string> CryptoCores::create(const config::Config& config,
                                                                      std::size_t workers) {
  std::unique_ptr<CryptoCores> cores(new CryptoCores(config));
  for (const unsigned core : config.batch.crypto_cores)
    if (std::string error = cores->add(config, core, workers); !error.empty()) return Failure{std::move(error)};
  return cores;
}

std::string CryptoCores::add(const config::Config& config, unsigned core, std::size_t workers) {
  auto member = std::make_unique<Member>();
  member->core = core;
  Secret<32> seed;
  if (!fill_from_kernel(seed.writable())) return "the kernel gives no random bytes; check getrandom(2)";
  member->random = std::make_unique<Random>(seed.expose());
  auto engines = control::make_engines(*member->random, config.engine_options(core));
  if (!engines) return engines.error();
  member->engines = std::move(engines.value());
  // The table is of what comes here.
  std::erase_if(member->engines.table,
                [&](const control::EngineLine& line) { return !classes_[static_cast<std::size_t>(line.job_class)]; });
  worker::CryptoCoreConfig settings;
  settings.workers = workers;
  settings.idle = config.general.idle;
  settings.turn_limit = config.batch.turn_limit;
  member->crypto_core = std::make_unique<worker::CryptoCore>(settings, member->engines.policy);
  members_.push_back(std::move(member));
  return {};
}

std::unique_ptr<worker::RemoteEngine> CryptoCores::connect(std::size_t index, control::EngineSet& engines) const {
  if (members_.empty()) return nullptr;
  std::vector<worker::CryptoChannel*> channels;
  std::string where;
  for (const auto& member : members_) {
    channels.push_back(&member->crypto_core->channel(index));
    where += (where.empty() ? "" : ", ") + std::to_string(member->core);
  }
  auto remote = std::make_unique<worker::RemoteEngine>(channels, engines.policy, classes_);
  for (control::EngineLine& line : engines.table) {
    if (!classes_[static_cast<std::size_t>(line.job_class)]) continue;
    line.why = "gathered over all workers on " + std::string(members_.size() == 1 ? "core " : "cores ") + where +
               "; by " + line.engine + " here when there is no room";
    line.engine = remote->name();
  }
  return remote;
}

void CryptoCores::run(Member& member) {
  const auto registered = io::register_worker_thread(member.core);
  if (!registered) member.failure = registered.error();
  started_.fetch_add(1, std::memory_order_release);
  if (registered) member.crypto_core->run();
}

std::string CryptoCores::start() {
  running_ = true;
  for (const auto& member : members_) member->thread = std::thread([this, m = member.get()] { run(*m); });
  while (started_.load(std::memory_order_acquire) < members_.size())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (const auto& member : members_)
    if (!member->failure.empty()) return member->failure;
  return {};
}

void CryptoCores::stop() {
  if (!running_) return;
  running_ = false;
  for (const auto& member : members_) member->crypto_core->stop();
  for (const auto& member : members_) member->thread.join();
}

void CryptoCores::drop_ahead() {
  for (const auto& member : members_) member->crypto_core->drop_ahead();
}

bool CryptoCores::dropped() const {
  for (const auto& member : members_)
    if (!member->crypto_core->has_dropped()) return false;
  return true;
}

std::vector<api::CryptoCoreView> CryptoCores::views() const {
  std::vector<api::CryptoCoreView> views;
  for (const auto& member : members_) {
    api::CryptoCoreView view;
    view.index = views.size();
    view.core = member->core;
    view.loop = &member->crypto_core->counters();
    view.batch = &member->crypto_core->batch();
    view.engines = &member->engines;
    for (std::size_t worker = 0; worker < member->crypto_core->channels(); ++worker)
      view.channels.push_back(&member->crypto_core->channel(worker));
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace lockstep::service
