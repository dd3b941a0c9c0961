// The timing test of whole steps: cycles of a worker's own code on inputs that differ in what an attacker may not
// learn, interleaved at random, and of the same with a planted leak. See README.md for the rule of the verdict.
//   step_driver [alone] SECONDS [NAME...]    SECONDS of samples for the first repetition of each step, or of those
//   named
// Prints one line per step: verdict, name and numbers as key=value.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/constant_time/step.h"
#include "tests/constant_time/stopwatch.h"
#include "tests/constant_time/t_test.h"

namespace lockstep::constant_time {
namespace {

// |t| above which a difference counts: 6e-7 by chance in one comparison, and it must come back in another repetition.
constexpr double kThreshold = 5;
// A difference of this share of the planted leak's is a leak: the machine itself is not quite indifferent to data.
constexpr double kShare = 0.25;
// The planted leak's t at which that share would be seen.
constexpr double kSharp = kThreshold / kShare;
// Repetitions that are judged, at most, and those that must agree.
constexpr int kRepetitions = 3;
constexpr int kNeeded = 2;
// All of them, with those that were too noisy and were followed by one of twice the samples.
constexpr int kAttempts = 6;

// What was seen of one variant.
struct Seen {
  int slower = 0;
  int faster = 0;
  Comparison worst;
};

class Examination {
 public:
  explicit Examination(Step& step) : step_(step), kinds_(step.variants().size()), seen_(kinds_) {
    samples_.resize(kinds_ + 2);
  }

  // False when a step did not end as it has to.
  bool examine(double seconds);
  void print() const;

 private:
  void settle(std::size_t variant, std::uint64_t number);
  bool collect(std::size_t count);
  bool judge();
  bool suspected() const;
  bool leaks() const;
  std::size_t variant_of(std::size_t group) const;

  Step& step_;
  std::size_t kinds_;
  std::vector<Samples> samples_;  // of the variants, then the planted leak's slower and faster one
  std::vector<Seen> seen_;
  Comparison planted_;
  Numbers numbers_{11};
  std::size_t count_ = 0;
  int attempts_ = 0;
  int judged_ = 0;
};

std::size_t Examination::variant_of(std::size_t group) const {
  if (group < kinds_) return group;
  return group == kinds_ ? step_.planted().slower : step_.planted().faster;
}

// Where the inputs lie decides what of the step's own data they drive from the nearest cache. So they are there already
// when the step is run with the first variant, which brings its data back and teaches the branches the same for all.
void Examination::settle(std::size_t variant, std::uint64_t number) {
  step_.prepare(variant, number);
  step_.prepare(0, number);
  step_.run();
  step_.prepare(variant, number);
}

bool Examination::collect(std::size_t count) {
  std::vector<std::size_t> order;
  for (std::size_t group = 0; group < samples_.size(); ++group) {
    samples_[group].clear();
    order.insert(order.end(), count, group);
  }
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[numbers_.next() % i]);
  for (const std::size_t group : order) {
    const std::size_t variant = variant_of(group);
    bool well = true;
    samples_[group].push_back(undisturbed([&] {
      settle(variant, numbers_.next());
      const std::uint64_t start = cycles();
      step_.run();
      if (group >= kinds_) step_.leak();
      const auto taken = static_cast<double>(cycles() - start);
      well = well && step_.ended_well(variant);
      return taken;
    }));
    if (!well) {
      std::fprintf(stderr, "%s: %s did not end as it has to\n", step_.name(), step_.variants()[variant].name);
      return false;
    }
  }
  return true;
}

// Takes the samples into account; false when they were too noisy for a verdict.
bool Examination::judge() {
  const Comparison planted = compare(samples_[kinds_], samples_[kinds_ + 1]);
  if (planted.t < kSharp) return false;
  planted_ = planted;
  ++judged_;
  for (std::size_t i = 0; i < kinds_; ++i) {
    const std::size_t reference = step_.variants()[i].reference;
    if (reference == i) continue;
    const Comparison found = compare(samples_[i], samples_[reference]);
    Seen& seen = seen_[i];
    const bool counts = std::fabs(found.t) > kThreshold && std::fabs(found.difference) > kShare * planted.difference;
    if (counts) ++(found.t > 0 ? seen.slower : seen.faster);
    if (std::fabs(found.t) > std::fabs(seen.worst.t)) seen.worst = found;
  }
  return true;
}

bool Examination::suspected() const {
  return std::any_of(seen_.begin(), seen_.end(), [](const Seen& seen) { return seen.slower + seen.faster > 0; });
}

bool Examination::leaks() const {
  return std::any_of(seen_.begin(), seen_.end(),
                     [](const Seen& seen) { return std::max(seen.slower, seen.faster) >= kNeeded; });
}

bool Examination::examine(double seconds) {
  constexpr std::size_t kFewest = 20;
  const double began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  if (!collect(kFewest)) return false;
  const double cost = (seconds_of(CLOCK_THREAD_CPUTIME_ID) - began) / kFewest;
  count_ = static_cast<std::size_t>(std::clamp(seconds / cost, 100.0, 50000.0));
  while (attempts_ < kAttempts && judged_ < kRepetitions) {
    ++attempts_;
    if (!collect(count_)) return false;
    if (!judge())
      count_ *= 2;
    else if (leaks() || !suspected())
      break;
  }
  return true;
}

void Examination::print() const {
  std::size_t worst = step_.variants()[0].reference;
  for (std::size_t i = 0; i < kinds_; ++i)
    if (std::fabs(seen_[i].worst.t) > std::fabs(seen_[worst].worst.t)) worst = i;
  const Comparison& found = seen_[worst].worst;
  const Variant& variant = step_.variants()[worst];
  std::printf(
      "%s %s variant=%s reference=%s t=%.2f difference=%.2f visible=%.2f cycles=%.0f planted=%s planted_t=%.1f "
      "planted_cycles=%.2f samples=%zu repetitions=%d attempts=%d\n",
      judged_ == 0 ? "inconclusive"
      : leaks()    ? "leak"
                   : "clean",
      step_.name(), variant.name, step_.variants()[variant.reference].name, found.t, found.difference,
      kThreshold * found.error, median(samples_[0]), step_.planted().name, planted_.t, planted_.difference, count_,
      judged_, attempts_);
  if (std::getenv("LOCKSTEP_STEPS_VERBOSE") != nullptr)
    for (std::size_t i = 0; i < kinds_; ++i)
      std::printf("    %-30s t=%7.2f difference=%8.2f error=%.2f\n", step_.variants()[i].name, seen_[i].worst.t,
                  seen_[i].worst.difference, seen_[i].worst.error);
  std::fflush(stdout);
}

bool chosen(const Step& step, std::span<char* const> names) {
  return names.empty() ||
         std::any_of(names.begin(), names.end(), [&](const char* name) { return std::strcmp(name, step.name()) == 0; });
}

}  // namespace
}  // namespace lockstep::constant_time

int main(int count, char** arguments) {
  using namespace lockstep::constant_time;
  std::span<char* const> words(arguments + 1, static_cast<std::size_t>(count - 1));
  const bool alone = !words.empty() && std::strcmp(words[0], "alone") == 0;
  if (alone) words = words.subspan(1);
  if (words.empty()) return 2;
  pin(alone);
  Steps steps;
  add_premaster_steps(steps);
  add_record_steps(steps);
  add_session_steps(steps);
  add_ticket_steps(steps);
  for (const auto& step : steps) {
    if (!chosen(*step, words.subspan(1))) continue;
    Examination examination(*step);
    if (!examination.examine(std::atof(words[0]))) return 1;
    examination.print();
  }
  return 0;
}
