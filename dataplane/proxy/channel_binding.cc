// The channel binding of a client's connection, and the job that makes it.
#include "dataplane/proxy/channel_binding.h"

#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

namespace {

// RFC 9266 section 2; the context is there and has no bytes.
constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";

}  // namespace

/// The handshake is over. Where nothing can be exported (TLS 1.2 without extended_master_secret, RFC 9266 section 4)
/// the header goes out without, and the backend has to refuse what it cannot bind.
void Proxy::State::begin_channel_binding(Connection& c) {
  if (!c.service->settings().channel_binding || !c.session.has_value()) return;
  const Handle handle = channel_bindings->make();
  if (!handle) return;
  ChannelBinding& binding = *channel_bindings->find(handle);
  binding.self = handle;
  if (!c.session->prepare_export(binding)) return channel_bindings->erase(handle);
  binding.owner = {c.self.index, c.self.generation};
  binding.label = {reinterpret_cast<const std::uint8_t*>(kLabel.data()), kLabel.size()};
  binding.has_context = true;
  binding.out = binding.value;
  c.channel_binding = handle;
  batch.submit(binding, now);
}

/// What the header is to say; empty: nothing.
Bytes Proxy::State::channel_binding(const Connection& c) {
  const ChannelBinding* const binding = c.channel_binding ? channel_bindings->find(c.channel_binding) : nullptr;
  return binding != nullptr && binding->ok() ? Bytes(binding->value) : Bytes();
}

/// The header has to wait for it.
bool Proxy::State::awaits_channel_binding(const Connection& c) {
  const ChannelBinding* const binding = c.channel_binding ? channel_bindings->find(c.channel_binding) : nullptr;
  return binding != nullptr && binding->pending;
}

void Proxy::State::channel_binding_done(crypto::Job& job) {
  auto& binding = static_cast<ChannelBinding&>(job);
  binding.pending = false;
  Connection* const c = connections.find({job.owner.index, job.owner.generation});
  if (c == nullptr || c->channel_binding != binding.self) return channel_bindings->erase(binding.self);
  serve(*c);
}

/// The connection ends.
void Proxy::State::leave_channel_binding(Connection& c) {
  if (!awaits_channel_binding(c) && c.channel_binding) channel_bindings->erase(c.channel_binding);
  c.channel_binding = {};
}

}  // namespace lockstep::proxy
