// One operation under test, as all four checks see it: a block of input whose first bytes are secret, a block of
// output, and a function between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#ifdef LOCKSTEP_CONSTANT_TIME_PORTABLE
#define LOCKSTEP_KERNELS(name) lockstep::crypto::lanes::name##Portable
#else
#define LOCKSTEP_KERNELS(name) lockstep::crypto::lanes::name##Ifma
#endif

namespace lockstep::constant_time {

/// What the secrets of an input are: what the classes of the timing test differ in.
enum class Secrets : std::uint8_t {
  kRandom,  // new ones for every input
  kFixed,   // always the same, made once at random
  kZero,    // 0, or the operation's own first edge
  kOne,     // 1, or its second edge
  kHighest  // n - 1, or its third edge
};
constexpr std::size_t kSecretsKinds = 5;

/// Reproducible numbers (SplitMix64); not for keys.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }
  void fill(void* target, std::size_t size) {
    auto* bytes = static_cast<std::uint8_t*>(target);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(next());
  }

 private:
  std::uint64_t state_;
};

/// Numbers for the secrets of one input: a stream of its own for kFixed, `shared` otherwise.
inline Numbers secret_numbers(Secrets secrets, Numbers& shared) {
  return Numbers(secrets == Secrets::kFixed ? 1 : shared.next());
}

/// Marks memory as secret.
using Mark = void (*)(void* data, std::size_t size);

struct Subject {
  /// The contract's own name, "p256.derive".
  const char* name;
  std::size_t input_size;
  std::size_t output_size;
  /// Writes an input. What is not secret is alike in all kinds.
  void (*fill)(std::uint8_t* input, Secrets secrets, Numbers& numbers);
  /// Marks what is secret of an input.
  void (*mark)(std::uint8_t* input, Mark mark);
  /// The operation. Branches on nothing itself; all of the output is declared public afterwards.
  void (*run)(const std::uint8_t* input, std::uint8_t* output);
  /// How many of the kinds of secrets, in their order, the operation has.
  std::size_t kinds = kSecretsKinds;
  /// Calls per timed sample: more than one for operations of a few cycles.
  std::size_t calls = 1;
  /// This subject leaks on purpose, and the checks must say so.
  bool planted = false;
};

/// Makes a subject of functions over a struct of the input, whose member `secret` is what its name says, and a struct
/// of the output.
template <typename Input, typename Output, void (*kFill)(Input&, Secrets, Numbers&),
          void (*kRun)(const Input&, Output&)>
constexpr Subject make_subject(const char* name) {
  Subject subject{};
  subject.name = name;
  subject.input_size = sizeof(Input);
  subject.output_size = sizeof(Output);
  subject.fill = [](std::uint8_t* input, Secrets secrets, Numbers& numbers) {
    kFill(*reinterpret_cast<Input*>(input), secrets, numbers);
  };
  subject.mark = [](std::uint8_t* input, Mark mark) {
    auto& secret = reinterpret_cast<Input*>(input)->secret;
    mark(&secret, sizeof secret);
  };
  subject.run = [](const std::uint8_t* input, std::uint8_t* output) {
    kRun(*reinterpret_cast<const Input*>(input), *reinterpret_cast<Output*>(output));
  };
  return subject;
}

/// Each subjects_*.cc has one of these, and the drivers walk through all that were linked.
class SubjectList {
 public:
  explicit SubjectList(std::span<const Subject> subjects) : subjects_(subjects), next_(first()) { first() = this; }
  const SubjectList* next() const { return next_; }
  std::span<const Subject> subjects() const { return subjects_; }
  static const SubjectList*& first() {
    static const SubjectList* list = nullptr;
    return list;
  }

 private:
  std::span<const Subject> subjects_;
  const SubjectList* next_;
};

}  // namespace lockstep::constant_time
