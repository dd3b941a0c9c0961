#include "tests/support/scripted_engine.h"

#include <algorithm>

namespace lockstep::test {

using namespace crypto;

void ScriptedEngine::reverse() {
  std::reverse(held_.begin(), held_.end());
}

void ScriptedEngine::run(std::span<Job* const> jobs, JobList&) {
  held_.insert(held_.end(), jobs.begin(), jobs.end());
}

void ScriptedEngine::poll(Instant now, JobList& done) {
  inner_.poll(now, done);
  if (by_seed_) {
    const auto held = static_cast<std::uint32_t>(held_.size());
    for (std::uint32_t count = random_.below(held + 1); count > 0; --count)
      go(random_.below(static_cast<std::uint32_t>(held_.size())), done);
    return;
  }
  for (; released_ > 0 && !held_.empty(); --released_) go(0, done);
}

void ScriptedEngine::go(std::size_t index, JobList& done) {
  Job* const job = held_[index];
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
  inner_.run(std::span<Job* const>(&job, 1), done);
}

}  // namespace lockstep::test
