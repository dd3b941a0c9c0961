#include "control/config/config.h"

#include <algorithm>

namespace lockstep::config {

bool Port::is_pci() const {
  return io.device.rfind("net_", 0) != 0;
}

std::string Port::device_name() const {
  return is_pci() ? io.device : io.device.substr(0, io.device.find(','));
}

std::string Port::device_argument(std::string_view key) const {
  std::size_t at = io.device.find(',');
  while (at != std::string::npos) {
    const std::size_t next = io.device.find(',', at + 1);
    const std::string_view argument =
        std::string_view(io.device).substr(at + 1, next == std::string::npos ? next : next - at - 1);
    if (argument.size() > key.size() && argument.substr(0, key.size()) == key && argument[key.size()] == '=')
      return std::string(argument.substr(key.size() + 1));
    at = next;
  }
  return {};
}

Duration Config::longest_session() const {
  Duration longest{};
  for (const Service& service : services)
    if (service.proxy.mode == proxy::Mode::tls && service.tls.tickets != 0)
      longest = std::max(longest, service.tls.session_lifetime);
  return longest;
}

control::EngineOptions Config::engine_options(unsigned core) const {
  control::EngineOptions options;
  options.core = core;
  options.expanded_keys = limits.expanded_keys;
  options.made_ahead = made_ahead.amounts;
  if (!made_ahead.ecdsa_nonce_pool) options.made_ahead.nonce_pairs = 0;
  std::copy(batch.budgets.begin(), batch.budgets.end(), options.budgets.begin());
  return options;
}

std::array<Duration, crypto::kJobClasses> Batch::default_budgets() {
  std::array<Duration, crypto::kJobClasses> budgets;
  budgets.fill(microseconds(30));
  // AEAD records gain nothing from company (ipsec-mb's GCM needs no lanes): they never wait.
  budgets[static_cast<std::size_t>(crypto::JobClass::seal)] = Duration{};
  budgets[static_cast<std::size_t>(crypto::JobClass::open)] = Duration{};
  return budgets;
}

std::vector<crypto::JobClass> Batch::default_crypto_core_classes() {
  using crypto::JobClass;
  return {JobClass::sign_p256, JobClass::sign_p384, JobClass::sign_ed25519, JobClass::rsa_2048,
          JobClass::rsa_3072,  JobClass::rsa_4096,  JobClass::rsa_other};
}

}  // namespace lockstep::config
