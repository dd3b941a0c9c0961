#include "dataplane/proxy/service.h"

#include <algorithm>

namespace lockstep::proxy {

void Service::configure(const ServiceConfig& config, std::uint32_t& next_id) {
  settings_ = config;
  settings_.tls.reset();
  settings_.backend_tls.reset();
  rekey(config);
  listed_ = true;
  std::vector<std::unique_ptr<Backend>> old = std::move(backends_);
  backends_.clear();
  for (const BackendConfig& wanted : config.backends) {
    const auto same = [&](const std::unique_ptr<Backend>& backend) {
      return backend != nullptr && backend->name == wanted.name && backend->address == wanted.address;
    };
    const auto found = std::find_if(old.begin(), old.end(), same);
    if (found != old.end()) {
      backends_.push_back(std::move(*found));
    } else {
      backends_.push_back(std::make_unique<Backend>());
      backends_.back()->id = next_id++;
      backends_.back()->name = wanted.name;
      backends_.back()->address = wanted.address;
    }
    backends_.back()->listed = true;
  }
  for (std::unique_ptr<Backend>& backend : old) {
    if (backend == nullptr) continue;
    backend->listed = false;
    backends_.push_back(std::move(backend));
  }
  forget_unused();
}

void Service::unlist() {
  listed_ = false;
  tls_ = nullptr;
  backend_tls_ = nullptr;
}

bool Service::available(const Backend& backend, Instant now) const {
  if (!backend.ejected) return true;
  return !backend.trial && now >= backend.ejected_at + settings_.eject_for;
}

bool Service::better(const Backend& candidate, const Backend* best) const {
  if (best == nullptr) return true;
  return settings_.balance == Balance::least_connections && candidate.connections < best->connections;
}

Backend* Service::choose(std::span<const std::uint32_t> tried, Instant now) {
  const auto count = static_cast<std::uint32_t>(backends_.size());
  Backend* best = nullptr;
  std::uint32_t best_at = 0;
  Backend* last_resort = nullptr;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t at = (next_ + i) % count;
    Backend& backend = *backends_[at];
    if (!backend.listed || std::find(tried.begin(), tried.end(), backend.id) != tried.end()) continue;
    if (!available(backend, now)) {
      if (last_resort == nullptr || backend.ejected_at < last_resort->ejected_at) last_resort = &backend;
    } else if (better(backend, best)) {
      best = &backend;
      best_at = at;
    }
  }
  if (best == nullptr) return last_resort;
  next_ = best_at + 1;
  return best;
}

void Service::begin(Backend& backend) {
  ++backend.connections;
  ++backend.total;
  if (backend.ejected) backend.trial = true;
}

Standing Service::succeeded(Backend& backend) {
  backend.consecutive = 0;
  backend.trial = false;
  if (!backend.ejected) return Standing::unchanged;
  backend.ejected = false;
  return Standing::returned;
}

Standing Service::failed(Backend& backend, Instant now) {
  ++backend.failures;
  ++backend.consecutive;
  backend.trial = false;
  if (backend.ejected) {
    backend.ejected_at = now;
    return Standing::unchanged;
  }
  if (settings_.eject_after == 0 || backend.consecutive < settings_.eject_after) return Standing::unchanged;
  backend.ejected = true;
  backend.ejected_at = now;
  return Standing::ejected;
}

void Service::end(Backend& backend) {
  --backend.connections;
  if (!backend.listed && backend.connections == 0) forget_unused();
}

void Service::forget_unused() {
  std::erase_if(backends_,
                [](const std::unique_ptr<Backend>& backend) { return !backend->listed && backend->connections == 0; });
}

}  // namespace lockstep::proxy
