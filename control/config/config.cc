#include "control/config/config.h"

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

std::array<Duration, crypto::kJobClasses> Batch::default_budgets() {
  std::array<Duration, crypto::kJobClasses> budgets;
  budgets.fill(microseconds(30));
  // AEAD records gain nothing from company (ipsec-mb's GCM needs no lanes): they never wait.
  budgets[static_cast<std::size_t>(crypto::JobClass::seal)] = Duration{};
  budgets[static_cast<std::size_t>(crypto::JobClass::open)] = Duration{};
  return budgets;
}

}  // namespace lockstep::config
