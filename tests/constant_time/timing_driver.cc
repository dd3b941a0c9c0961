// The timing test: cycles of an operation with fixed, random and edge secrets, interleaved at random, and of the same
// operation with a planted leak. See README.md for the rule of the verdict.
//   timing_driver names                prints the names of all subjects
//   timing_driver SECONDS NAME...      SECONDS of samples for each repetition of each subject
//   timing_driver alone SECONDS NAME...    the same, and other programs keep off the core where that is allowed
// Prints one line per subject: verdict, name and numbers as key=value.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "tests/constant_time/stopwatch.h"
#include "tests/constant_time/subject.h"
#include "tests/constant_time/t_test.h"

namespace lockstep::constant_time {
namespace {

// |t| above which a difference counts: 6e-7 by chance in one comparison, and it must come back in another repetition.
constexpr double kThreshold = 5;
// The planted effect in standard errors: twice the threshold, since the errors are themselves measured beforehand.
constexpr double kPlantedErrors = 10;
// Edges give all lanes operands of zeros or ones, and processors are not quite indifferent to operands: a difference
// below this share of the operation is reported and is no leak. Fixed against random secrets has no such floor.
constexpr double kEdgeFloor = 0.0025;
// No repetition begins after so many times the time that one should take: the machine is busy with something else.
constexpr double kPatience = 12;
constexpr int kRepetitions = 3;
constexpr int kNeeded = 2;
// A test that sees nothing below this share of the operation's time, and this many cycles, is not a test.
constexpr double kCoarsestShare = 0.02;
constexpr double kCoarsestCycles = 100;

constexpr std::size_t kPlantedFixed = kSecretsKinds;
constexpr std::size_t kPlantedRandom = kSecretsKinds + 1;
constexpr std::size_t kGroups = kSecretsKinds + 2;
constexpr const char* kKindNames[kSecretsKinds] = {"random", "fixed", "zero", "one", "highest"};

struct Free {
  void operator()(std::uint8_t* memory) const { std::free(memory); }
};
using Block = std::unique_ptr<std::uint8_t, Free>;

Block make_block(std::size_t size) {
  const std::size_t rounded = (size + 63) / 64 * 64;
  Block block(static_cast<std::uint8_t*>(std::aligned_alloc(64, rounded)));
  std::memset(block.get(), 0, rounded);
  return block;
}

// A chain of `steps` dependent additions that begins with a value of the operation's output, so that the two do not
// overlap.
__attribute__((noinline)) std::uint64_t spin(std::uint64_t value, std::uint64_t steps) {
  for (; steps > 0; --steps) asm volatile("add $1, %0" : "+r"(value));
  return value;
}

double cycles_per_step() {
  constexpr std::uint64_t kSteps = 20000;
  double best = 1e9;
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t start = cycles();
    spin(start, kSteps);
    best = std::min(best, static_cast<double>(cycles() - start) / kSteps);
  }
  return best;
}

// Both classes of the planted leak go round the loop this often, and one of them at least so much longer: then the exit
// of the loop is mispredicted in both, and what remains is the steps.
constexpr std::uint64_t kCommonSteps = 64;
constexpr std::uint64_t kFewestSteps = 48;

class Measurement {
 public:
  explicit Measurement(const Subject& subject)
      : subject_(subject), input_(make_block(subject.input_size)), output_(make_block(subject.output_size + 8)) {
    subject_.fill(input_.get(), Secrets::kFixed, numbers_);
    fixed_ = first_secret_word(input_.get());
  }

  // Cycles of one sample with what is in the slot; `planted_steps` 0 is the operation itself.
  double sample(const std::uint8_t* slot, std::uint64_t planted_steps) {
    // Every class is read from the same place, and has just been written there.
    std::memcpy(input_.get(), slot, subject_.input_size);
    const std::uint64_t start = cycles();
    for (std::size_t i = 0; i < subject_.calls; ++i) {
      subject_.run(input_.get(), output_.get());
      asm volatile("" : : : "memory");
    }
    if (planted_steps != 0) {
      // The leak: a loop that is longer for one value of a secret.
      const std::uint64_t leaks = first_secret_word(input_.get()) == fixed_ ? planted_steps : 0;
      std::uint64_t value = 0;
      std::memcpy(&value, output_.get(), sizeof value);
      sink_ = spin(value, kCommonSteps + leaks);
    }
    return static_cast<double>(cycles() - start);
  }

  // `count` samples of each group, in random order.
  void collect(std::size_t count, std::size_t first_group, std::size_t last_group, std::uint64_t planted_steps) {
    std::vector<std::uint8_t> order;
    for (std::size_t group = first_group; group < last_group; ++group) {
      samples[group].clear();
      if (has(group)) order.insert(order.end(), count, static_cast<std::uint8_t>(group));
    }
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[numbers_.next() % i]);
    const std::size_t stride = (subject_.input_size + 63) / 64 * 64;
    const std::size_t batch = std::clamp<std::size_t>((std::size_t{1} << 18U) / stride, 8, 256);
    const Block slots = make_block(batch * stride);
    for (std::size_t begin = 0; begin < order.size(); begin += batch) {
      const std::size_t end = std::min(order.size(), begin + batch);
      for (std::size_t i = begin; i < end; ++i)
        subject_.fill(slots.get() + (i - begin) * stride, secrets_of(order[i]), numbers_);
      sample(slots.get(), 1);  // warms what the filling has pushed out
      for (std::size_t i = begin; i < end; ++i)
        samples[order[i]].push_back(undisturbed(
            [&] { return sample(slots.get() + (i - begin) * stride, order[i] < kPlantedFixed ? 0 : planted_steps); }));
    }
  }

  bool has(std::size_t group) const { return group >= kPlantedFixed || group < subject_.kinds; }

  std::array<Samples, kGroups> samples;

 private:
  static Secrets secrets_of(std::size_t group) {
    if (group == kPlantedFixed) return Secrets::kFixed;
    if (group == kPlantedRandom) return Secrets::kRandom;
    return static_cast<Secrets>(group);
  }

  // The first eight bytes that the subject calls secret.
  std::uint64_t first_secret_word(std::uint8_t* input) const {
    static const std::uint8_t* found;
    found = nullptr;
    subject_.mark(input, [](void* data, std::size_t) {
      if (found == nullptr) found = static_cast<const std::uint8_t*>(data);
    });
    std::uint64_t word = 0;
    std::memcpy(&word, found, sizeof word);
    return word;
  }

  const Subject& subject_;
  Numbers numbers_{7};
  Block input_;
  Block output_;
  std::uint64_t fixed_ = 0;
  std::uint64_t sink_ = 0;
};

// What the repetitions found so far.
struct Findings {
  std::array<int, kSecretsKinds> slower{};
  std::array<int, kSecretsKinds> faster{};
  int planted = 0;
  int repetitions = 0;

  bool leak() const {
    const auto often = [](int count) { return count >= kNeeded; };
    return std::any_of(slower.begin(), slower.end(), often) || std::any_of(faster.begin(), faster.end(), often);
  }
  bool suspicion() const {
    const auto once = [](int count) { return count > 0; };
    return std::any_of(slower.begin(), slower.end(), once) || std::any_of(faster.begin(), faster.end(), once);
  }
};

void examine(const Subject& subject, double seconds, double step) {
  Measurement measurement(subject);
  auto& samples = measurement.samples;
  const double began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  measurement.collect(10, 0, 2, 0);
  const double cost = (seconds_of(CLOCK_THREAD_CPUTIME_ID) - began) / (10 * 2);
  const auto groups = static_cast<double>(subject.kinds + 2);
  const auto count = static_cast<std::size_t>(std::clamp(seconds / (cost * (groups + 1)), 40.0, 30000.0));

  Findings findings;
  Comparison worst;
  std::size_t worst_kind = 1;
  Comparison planted;  // the smallest that was found
  double typical = 0;
  double wanted = kPlantedErrors;
  bool fine = false;
  bool small = false;
  const double give_up = seconds_of(CLOCK_MONOTONIC) + kPatience * seconds;
  while (findings.repetitions < kRepetitions && (findings.repetitions == 0 || seconds_of(CLOCK_MONOTONIC) < give_up)) {
    // How small an effect can be seen: measured on two of the groups, with half of the samples.
    measurement.collect(std::max<std::size_t>(count / 2, 20), 0, 2, 0);
    const double error = smallest_error(samples[0], samples[1]) /
                         std::sqrt(static_cast<double>(count) / static_cast<double>(samples[0].size()));
    const auto steps = std::max(kFewestSteps, static_cast<std::uint64_t>(std::ceil(wanted * error / step)));
    measurement.collect(count, 0, kGroups, steps);
    ++findings.repetitions;
    typical = median(samples[0]);
    for (std::size_t kind = 1; kind < subject.kinds; ++kind) {
      const Comparison found = compare(samples[kind], samples[0]);
      const bool counts = kind == 1 || std::fabs(found.difference) > kEdgeFloor * typical;
      if (counts && found.t > kThreshold) ++findings.slower[kind];
      if (counts && found.t < -kThreshold) ++findings.faster[kind];
      small = small || (!counts && std::fabs(found.t) > kThreshold);
      if (std::fabs(found.t) > std::fabs(worst.t)) {
        worst = found;
        worst_kind = kind;
      }
    }
    const Comparison here = compare(samples[kPlantedFixed], samples[kPlantedRandom]);
    if (here.t > kThreshold) {
      ++findings.planted;
      if (planted.t == 0 || here.difference < planted.difference) planted = here;
    } else {
      wanted *= 2;  // there is more noise than it seemed: less is claimed
    }
    fine = planted.t > 0 && planted.difference <= kCoarsestShare * typical + kCoarsestCycles;
    if (findings.leak() || (!findings.suspicion() && findings.planted == findings.repetitions && fine)) break;
  }
  const bool seen = findings.planted == findings.repetitions || findings.planted >= kNeeded;
  const char* verdict = findings.leak() ? "leak" : !seen || !fine ? "inconclusive" : small ? "small" : "clean";
  const auto calls = static_cast<double>(subject.calls);
  std::printf(
      "%s %s samples=%zu repetitions=%d cycles=%.1f t=%.2f kind=%s difference=%.2f planted=%d planted_t=%.1f "
      "planted_cycles=%.2f planted_percent=%.4f\n",
      verdict, subject.name, count, findings.repetitions, typical / calls, worst.t, kKindNames[worst_kind],
      worst.difference / calls, findings.planted, planted.t, planted.difference / calls,
      100 * planted.difference / typical);
  std::fflush(stdout);
}

}  // namespace
}  // namespace lockstep::constant_time

int main(int count, char** arguments) {
  using namespace lockstep::constant_time;
  if (count == 2 && std::strcmp(arguments[1], "names") == 0) {
    for (const SubjectList* list = SubjectList::first(); list != nullptr; list = list->next())
      for (const Subject& subject : list->subjects()) std::puts(subject.name);
    return 0;
  }
  const bool alone = count > 1 && std::strcmp(arguments[1], "alone") == 0;
  const int first = alone ? 2 : 1;
  if (count < first + 2) return 2;
  pin(alone);
  const double step = cycles_per_step();
  for (const SubjectList* list = SubjectList::first(); list != nullptr; list = list->next())
    for (const Subject& subject : list->subjects())
      for (int i = first + 1; i < count; ++i)
        if (std::strcmp(arguments[i], subject.name) == 0) examine(subject, std::atof(arguments[first]), step);
  return 0;
}
