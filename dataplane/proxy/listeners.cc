// Takes over configurations: services keep their state by name, listeners that stay are not touched.
#include <algorithm>
#include <utility>

#include "dataplane/proxy/state.h"
#include "dataplane/tls/ticket_keys.h"

namespace lockstep::proxy {

bool Proxy::State::apply(const Snapshot& snapshot) {
  if (!wheel.has_value()) wheel.emplace(now);
  pins.begin(snapshot.epoch);
  const bool repeated = snapshot.configuration() == configuration;
  if (repeated) {
    for (std::size_t i = 0; i < current_services.size(); ++i) current_services[i]->rekey(snapshot.services[i]);
  } else {
    configure_services(snapshot);
  }
  configuration = snapshot.configuration();
  retire_ticket_keys(snapshot);
  return !repeated;
}

void Proxy::State::configure_services(const Snapshot& snapshot) {
  current_services.clear();
  for (const ServiceConfig& config : snapshot.services) {
    Service* service = find_service(config.name);
    if (service == nullptr) service = services.emplace_back(std::make_unique<Service>()).get();
    service->configure(config, next_backend_id);
    current_services.push_back(service);
  }
  for (const std::unique_ptr<Service>& service : services)
    if (std::find(current_services.begin(), current_services.end(), service.get()) == current_services.end())
      service->unlist();
  const auto any = [&](auto&& needs) { return std::any_of(snapshot.services.begin(), snapshot.services.end(), needs); };
  const bool encrypts = any([](const ServiceConfig& config) { return config.backend_tls != nullptr; });
  if (encrypts && !backend_sessions.has_value()) backend_sessions.emplace(limits.max_connections);
  const bool binds = any([](const ServiceConfig& config) { return config.channel_binding; });
  if (binds && !channel_bindings.has_value()) channel_bindings.emplace(limits.max_connections);
  configure_listeners(snapshot);
  forget_unused_services();
}

Service* Proxy::State::find_service(const std::string& name) {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const std::unique_ptr<Service>& one) { return one->settings().name == name; });
  return found == services.end() ? nullptr : found->get();
}

void Proxy::State::configure_listeners(const Snapshot& snapshot) {
  struct Wanted {
    SocketAddress address;
    Service* service;
  };
  std::vector<Wanted> missing;
  for (const Handle handle : listener_handles) listeners.find(handle)->wanted = false;
  for (const ServiceConfig& config : snapshot.services) {
    if (draining) break;
    Service* const service = find_service(config.name);
    for (const SocketAddress& address : config.listen) {
      const auto same = [&](Handle handle) { return listeners.find(handle)->address == address; };
      const auto found = std::find_if(listener_handles.begin(), listener_handles.end(), same);
      if (found == listener_handles.end()) {
        missing.push_back({address, service});
      } else {
        listeners.find(*found)->wanted = true;
        listeners.find(*found)->service = service;
      }
    }
  }
  // Closing comes first, so that an address of one service may be covered by another's any-address afterwards.
  std::erase_if(listener_handles, [&](Handle handle) {
    const Listener* const listener = listeners.find(handle);
    if (listener->wanted) return false;
    stack.close_listener(listener->id);
    listeners.erase(handle);
    return true;
  });
  for (const Wanted& one : missing) {
    const Handle handle = listeners.make(Listener{.address = one.address, .id = {}, .service = one.service});
    const auto id = handle ? stack.listen(one.address, make_cookie(Role::listener, handle)) : std::nullopt;
    if (!id.has_value()) {
      counters.listen_failures.add();
      listeners.erase(handle);
      continue;
    }
    listeners.find(handle)->id = *id;
    listener_handles.push_back(handle);
  }
}

/// Keys that are gone must not live on in the engines' caches: a ticket sealed under them could be opened.
void Proxy::State::retire_ticket_keys(const Snapshot& snapshot) {
  std::vector<std::uint64_t> current;
  const tls::TicketKeys* seen = nullptr;  // services share their keys
  for (const ServiceConfig& config : snapshot.services) {
    if (config.tls == nullptr || config.tls->ticket_keys == nullptr) continue;
    const tls::TicketKeys* const keys = config.tls->ticket_keys.get();
    if (std::exchange(seen, keys) == keys) continue;
    for (const tls::TicketKey& key : keys->keys) current.push_back(key.keys.id);
  }
  for (const std::uint64_t id : ticket_keys)
    if (std::find(current.begin(), current.end(), id) == current.end()) retired_keys.push_back({id, snapshot.epoch});
  ticket_keys = std::move(current);
  forget_retired_keys();
}

/// Once no handshake refers to a snapshot that has them.
void Proxy::State::forget_retired_keys() {
  std::erase_if(retired_keys, [&](const RetiredKey& key) {
    const bool unused = pins.oldest() >= key.epoch;
    if (unused) batch.forget(key.id);
    return unused;
  });
}

/// A service that is configured no more lives until its last connection has ended.
void Proxy::State::forget_unused_services() {
  std::erase_if(services, [](const std::unique_ptr<Service>& service) {
    return !service->listed() && service->connections == 0;
  });
}

}  // namespace lockstep::proxy
