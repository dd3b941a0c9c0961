#include "dataplane/tls/core.h"

#include "dataplane/tls/handshake.h"

namespace lockstep::tls {

Core::Core(const CoreLimits& limits_in, Environment& environment_in, Random& random_in)
    : limits(limits_in),
      environment(environment_in),
      random(random_in),
      handshakes(limits_in.handshakes),
      large_messages(limits_in.large_messages),
      open_records(limits_in.record_jobs),
      seal_records(limits_in.record_jobs) {}

Core::~Core() = default;

std::unique_ptr<Core, void (*)(Core*)> make_core(const CoreLimits& limits, Environment& environment, Random& random) {
  return {new Core(limits, environment, random), [](Core* core) { delete core; }};
}

const Counters& counters(const Core& core) {
  return core.counters;
}

}  // namespace lockstep::tls
