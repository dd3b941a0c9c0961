#include "dataplane/tls/core.h"

#include <algorithm>

#include "dataplane/tls/client_handshake.h"
#include "dataplane/tls/handshake.h"
#include "dataplane/tls/ticket_receiver.h"

namespace lockstep::tls {

namespace {

// Sessions of other cores that are being forgotten at the same time. Beyond it they live on until their time is up.
constexpr std::uint32_t kForgetSessions = 256;

}  // namespace

Core::Core(const CoreLimits& limits_in, Environment& environment_in, Random& random_in)
    : limits(limits_in),
      environment(environment_in),
      random(random_in),
      handshakes(limits_in.handshakes),
      client_handshakes(limits_in.client_handshakes),
      large_messages(limits_in.large_messages),
      open_records(limits_in.record_jobs),
      seal_records(limits_in.record_jobs),
      forget_sessions(kForgetSessions),
      exporters(limits_in.exporters),
      client_identities(limits_in.client_identities),
      ticket_receivers(limits_in.ticket_receivers),
      sessions(limits_in.cached_sessions),
      client_sessions(limits_in.client_sessions, limits_in.client_handshakes),
      early_data(limits_in.early_data_hellos, random_in) {}

Core::~Core() = default;

bool Core::remember(const SessionId& id, const SessionState& state, Instant now, Duration lifetime) {
  if (!sessions.store(id, state, now + lifetime)) return false;
  next_age = std::min(next_age, now + SessionCache::kAgeInterval);
  counters.sessions_remembered.set(sessions.size());
  return true;
}

void Core::forget(const SessionId& id) {
  sessions.forget(id);
  counters.sessions_remembered.set(sessions.size());
}

KeptSession Core::keep(ClientSession& session) {
  next_age = std::min(next_age, session.received + ClientSessions::kAgeInterval);
  const KeptSession kept = client_sessions.keep(&session);
  counters.client_sessions.set(client_sessions.size());
  return kept;
}

void Core::forget(const KeptSession& kept) {
  client_sessions.forget(kept);
  counters.client_sessions.set(client_sessions.size());
}

ClientSession* Core::take_session_with(const ServerKey& server, Instant now) {
  ClientSession* const session = client_sessions.take(server, now);
  counters.client_sessions.set(client_sessions.size());
  return session;
}

void answer(Core& core, crypto::RemoteJob& job, Instant now) {
  switch (job.question) {
    case crypto::RemoteJob::Question::find_session: {
      auto& find = static_cast<FindSession&>(job);
      find.found = core.sessions.find(find.id, now, find.session);
      break;
    }
    case crypto::RemoteJob::Question::forget_session:
      core.forget(static_cast<ForgetSession&>(job).id);
      break;
    case crypto::RemoteJob::Question::admit_early_data: {
      auto& admit = static_cast<AdmitEarlyData&>(job);
      admit.outcome = core.early_data.admit(admit.hello, admit.until, now);
      break;
    }
  }
}

void age(Core& core, Instant now) {
  core.sessions.age(now);
  core.counters.sessions_remembered.set(core.sessions.size());
  core.client_sessions.age(now);
  core.counters.client_sessions.set(core.client_sessions.size());
  const bool empty = core.sessions.size() == 0 && core.client_sessions.size() == 0;
  core.next_age = empty ? Instant::never() : now + SessionCache::kAgeInterval;
}

Instant next_age(const Core& core) {
  return core.next_age;
}

std::unique_ptr<Core, void (*)(Core*)> make_core(const CoreLimits& limits, Environment& environment, Random& random) {
  return {new Core(limits, environment, random), [](Core* core) { delete core; }};
}

void set_wall_clock_offset(Core& core, Duration offset) {
  core.wall_clock_offset = offset;
}

const Counters& counters(const Core& core) {
  return core.counters;
}

}  // namespace lockstep::tls
