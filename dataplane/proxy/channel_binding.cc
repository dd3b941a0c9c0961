// The channel binding of a client's connection, and the job that makes it.
#include "dataplane/proxy/channel_binding.h"

#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

namespace {

// RFC 9266 section 2. The context has no bytes.
constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";

}  // namespace

/// The handshake is over. In TLS 1.2 a context of no bytes is another thing than none (RFC 5705 section 4), and clients
/// may have either: nothing is told, and the backend has to refuse what it cannot bind. In TLS 1.3 no header goes out
/// without.
void Proxy::State::begin_channel_binding(Connection& c) {
  if (!c.service->settings().channel_binding || !c.session.has_value()) return;
  if (c.session->info().version != tls::Version::tls13) return;
  const Handle handle = channel_bindings->make();
  if (!handle) return c.fail("no_memory");
  ChannelBinding& binding = *channel_bindings->find(handle);
  binding.self = handle;
  if (!c.session->prepare_export(binding)) {
    channel_bindings->erase(handle);
    return c.fail("no_memory");
  }
  binding.owner = {c.self.index, c.self.generation};
  binding.label = {reinterpret_cast<const std::uint8_t*>(kLabel.data()), kLabel.size()};
  binding.out = binding.value;
  c.channel_binding = handle;
  batch.submit(binding, now);
}

/// What the header is to say; empty: nothing.
Bytes Proxy::State::channel_binding(const Connection& c) {
  const ChannelBinding* const binding = c.channel_binding ? channel_bindings->find(c.channel_binding) : nullptr;
  return binding != nullptr ? Bytes(binding->value) : Bytes();
}

/// The header has to wait for it.
bool Proxy::State::awaits_channel_binding(const Connection& c) {
  const ChannelBinding* const binding = c.channel_binding ? channel_bindings->find(c.channel_binding) : nullptr;
  return binding != nullptr && binding->pending;
}

void Proxy::State::channel_binding_done(crypto::Job& job) {
  auto& binding = static_cast<ChannelBinding&>(job);
  binding.pending = false;
  binding.secret.clear();
  Connection* const c = connections.find({job.owner.index, job.owner.generation});
  if (c == nullptr || c->channel_binding != binding.self) return channel_bindings->erase(binding.self);
  if (!binding.ok()) c->fail("no_memory");
  serve(*c);
}

/// The connection ends.
void Proxy::State::leave_channel_binding(Connection& c) {
  if (!awaits_channel_binding(c) && c.channel_binding) channel_bindings->erase(c.channel_binding);
  c.channel_binding = {};
}

}  // namespace lockstep::proxy
