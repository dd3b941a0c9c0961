// Where a handshake's time goes: engines that are timed by what they work on.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "crypto/batch.h"

namespace lockstep::bench {

enum class Stage : std::uint8_t {
  parse,       // reading messages and choosing, up to the first job each of them asks for
  transcript,  // running hashes
  key_share,   // ephemeral key pairs
  derive,      // shared secrets
  sign,        // the certificate's key
  schedule,    // key schedules and Finished values
  records,     // protecting and deprotecting
  refill,      // making ahead what later handshakes use
  other,       // all the rest: sessions, the batch, writing messages
};
constexpr std::size_t kStages = 9;
constexpr std::array<const char*, kStages> kStageNames = {"parse",    "transcript", "key_share", "derive", "sign",
                                                          "schedule", "records",    "refill",    "other"};

/// Processor time of this thread, in nanoseconds: unlike a wall clock it does not count other programs.
std::int64_t thread_nanoseconds();

/// Nanoseconds by stage, without what reading the clock takes (about 0.3 µs). `other` is what whole sections took less
/// the stages within them.
class StageTimes {
 public:
  StageTimes();

  /// Some of the stage's work took this long by thread_nanoseconds, within a section.
  void add(Stage stage, std::int64_t nanoseconds);
  /// A section of the server's took this long.
  void add_section(std::int64_t nanoseconds) { sections_ += nanoseconds - reading_; }
  std::int64_t of(Stage stage) const;
  void clear();

 private:
  std::int64_t reading_;  // between two readings of the clock, one behind the other
  std::array<std::int64_t, kStages> times_{};
  std::int64_t sections_ = 0;
};

/// Engines that pass everything on to those of a policy and add up the time spent there.
class TimedEngines {
 public:
  explicit TimedEngines(StageTimes& times) : times_(times) {}
  /// The same policy with a timed engine before each of its engines; valid while this object lives.
  crypto::Policy wrap(const crypto::Policy& policy);

 private:
  crypto::Engine* wrap(crypto::Engine* engine);

  StageTimes& times_;
  std::vector<std::pair<crypto::Engine*, std::unique_ptr<crypto::Engine>>> wrapped_;
};

}  // namespace lockstep::bench
