#include "control/service/helper.h"

#include <pthread.h>

namespace lockstep::service {

namespace {

constexpr auto kClass = static_cast<std::size_t>(crypto::JobClass::verify_chain);

worker::CryptoCoreConfig settings(std::size_t workers) {
  worker::CryptoCoreConfig config;
  config.workers = workers;
  return config;
}

}  // namespace

crypto::Policy Helper::policy_of(crypto::Engine& engine) {
  crypto::Policy policy{};
  policy[kClass] = {.engine = &engine, .scalar = &engine, .max_per_run = 1};
  return policy;
}

Result<std::unique_ptr<Helper>, std::string> Helper::create(std::size_t workers) {
  Secret<32> seed;
  if (!fill_from_kernel(seed.writable()))
    return Failure{std::string("the kernel gives no random bytes; check getrandom(2)")};
  return std::unique_ptr<Helper>(new Helper(workers, seed.expose()));
}

Helper::Helper(std::size_t workers, Bytes seed)
    : random_(seed), engine_(control::make_chain_engine(random_)), core_(settings(workers), policy_of(*engine_)) {}

Helper::~Helper() {
  stop();
}

std::unique_ptr<worker::RemoteEngine> Helper::connect(std::size_t index, const crypto::Policy& policy,
                                                      std::vector<control::EngineLine>& table) {
  crypto::Policy local = policy;
  local[kClass] = {};  // no worker verifies chains
  worker::JobClasses classes;
  classes.set(kClass);
  for (control::EngineLine& line : table)
    if (line.job_class == crypto::JobClass::verify_chain)
      line = {line.job_class, "helper", "by libcrypto, on a thread beside the workers"};
  return std::make_unique<worker::RemoteEngine>(std::vector<worker::CryptoChannel*>{&core_.channel(index)}, local,
                                                classes, "helper");
}

void Helper::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "lockstep-helper");
    core_.run();
  });
}

void Helper::stop() {
  if (!thread_.joinable()) return;
  core_.stop();
  thread_.join();
}

}  // namespace lockstep::service
