// Words that one core writes and anybody may read.
#pragma once

#include <atomic>
#include <cstdint>

namespace lockstep {

/// A counter or gauge with one writer.
class Counter {
 public:
  void add(std::uint64_t n = 1) { word_.store(value() + n, std::memory_order_relaxed); }
  void subtract(std::uint64_t n = 1) { word_.store(value() - n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { word_.store(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return word_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> word_{0};
};

enum class CounterType : std::uint8_t { counter, gauge };

}  // namespace lockstep

/// Declares a struct of counters from a list macro `LIST(X)` of X(type, name, help): the members, and
/// `visit(f)` which calls f(CounterType, "name", "help", value) for each, so that none can be forgotten in the metrics.
#define LOCKSTEP_COUNTER_MEMBER(type, name, help) ::lockstep::Counter name;
#define LOCKSTEP_COUNTER_VISIT(type, name, help) visitor(::lockstep::CounterType::type, #name, help, (name).value());
#define LOCKSTEP_COUNTERS(Struct, LIST)   \
  struct Struct {                         \
    LIST(LOCKSTEP_COUNTER_MEMBER)         \
    template <class Visitor>              \
    void visit(Visitor&& visitor) const { \
      LIST(LOCKSTEP_COUNTER_VISIT)        \
    }                                     \
  }
