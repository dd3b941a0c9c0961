// Many independent things at the same time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace lockstep::certs {

/// Calls `work(i)` for every i below `count`, each once, on as many threads as the machine has processors and the work
/// is worth; returns when all are done.
template <class Work>
void in_parallel(std::size_t count, Work&& work) {
  constexpr std::size_t kWorthAThread = 16;
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < std::min(processors, count / kWorthAThread); ++i) others.emplace_back(run);
  run();
  for (std::thread& other : others) other.join();
}

}  // namespace lockstep::certs
