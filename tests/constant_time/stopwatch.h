// Cycle counts of one thread on one core.
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdint>

#include "tests/constant_time/t_test.h"

namespace lockstep::constant_time {

/// The time stamp counter, when all before is done and nothing after has begun.
inline std::uint64_t cycles() {
  _mm_lfence();
  const std::uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
}

/// How often this thread was interrupted for another one.
inline long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

/// `measure()`, a count of cycles, of a run during which no other thread had the core, if a few attempts bring one.
template <class Measure>
double undisturbed(Measure measure) {
  double taken = 0;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const long before = preemptions();
    taken = measure();
    if (preemptions() == before) break;
  }
  return taken;
}

inline double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

inline double median(Samples samples) {
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2), samples.end());
  return samples[samples.size() / 2];
}

/// Keeps the thread on the core where it is; `alone` asks that other programs keep off it.
inline void pin(bool alone) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
  // Refused to most users; the tests work without.
  const sched_param first{.sched_priority = 1};
  if (alone) sched_setscheduler(0, SCHED_FIFO, &first);
}

}  // namespace lockstep::constant_time
