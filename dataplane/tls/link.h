// What ties one session to its surroundings: the jobs it has out and the effects of the call under way.
#pragma once

#include "dataplane/tls/core.h"

namespace lockstep::tls {

struct Link {
  Core& core;
  crypto::JobOwner owner;
  std::uint32_t jobs_in_flight = 0;
  Effects* effects = nullptr;  // of the call under way; nullptr between calls
  Instant now{};               // of the last call

  std::int64_t unix_milliseconds() const { return (now + core.wall_clock_offset).ns / 1'000'000; }

  void submit(crypto::Job& job) {
    job.owner = owner;
    ++jobs_in_flight;
    core.environment.submit(job);
  }

  /// Puts a question to another core. False, and it stays the caller's, when that core cannot be asked now.
  bool ask(crypto::RemoteJob& job) {
    job.owner = owner;
    if (!core.environment.ask(job)) return false;
    ++jobs_in_flight;
    return true;
  }

  /// Says what becomes of the next `count` bytes of input; adjacent ranges of one fate are merged. The record layer
  /// handles few enough records in a call for the list to suffice.
  void dispose(bool deliver, std::uint32_t count) {
    if (count == 0) return;
    if (effects->input_count != 0 && effects->inputs[effects->input_count - 1].deliver == deliver) {
      effects->inputs[effects->input_count - 1].count += count;
      return;
    }
    effects->inputs[effects->input_count++] = {deliver, count};
  }

  bool output_full() const { return effects->output_count == Effects::kMaxOutputs; }
  void emit(const OutputBuffer& buffer) { effects->outputs[effects->output_count++] = buffer; }

  /// A pool or the output buffers are empty.
  void starved() {
    core.counters.pool_full.add();
    effects->retry = true;
  }
};

}  // namespace lockstep::tls
