// Runs simulated worlds, one test case per seed.
//
//   sim [--first F] [--seeds N] [--seed S]
//     --first F  the first seed (1)
//     --seeds N  how many seeds (100; times 8 when LOCKSTEP_TEST_FULL is set, a fifth under sanitizers)
//     --seed S   this one only, described
//     --capture FILE  writes the frames that arrive to FILE (of the last seed)
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "tests/sim/scenario.h"
#include "tests/support/eal.h"

namespace lockstep::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kSlowness = 5;
#else
constexpr std::uint64_t kSlowness = 1;
#endif
constexpr std::uint64_t kFullFactor = 8;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t seeds = 100;
  bool one = false;
  std::string capture;
};

class SeedTest : public ::testing::Test {
 public:
  SeedTest(std::uint64_t seed, const Options& options) : seed_(seed), options_(options) {}
  void TestBody() override {
    Scenario scenario(seed_);
    if (!options_.capture.empty()) scenario.capture(options_.capture);
    if (options_.one) std::cout << scenario.describe() << std::endl;
    const std::string description = scenario.describe();
    const std::string failures = scenario.run();
    EXPECT_EQ(failures, "") << description << "\nreplay: build/tests/sim/sim --seed " << seed_;
  }

 private:
  std::uint64_t seed_;
  Options options_;
};

// What a replay is worth.
TEST(Replay, TheSameSeedGivesTheSameRun) {
  for (const std::uint64_t seed : {3U, 5U, 11U, 16U, 18U, 54U}) {
    Scenario first(seed);
    (void)first.run();
    Scenario second(seed);
    (void)second.run();
    EXPECT_EQ(first.record(), second.record());
  }
}

Options parse(int argc, char** argv) {
  Options options;
  const char* const full = std::getenv("LOCKSTEP_TEST_FULL");
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--first") == 0) options.first = value;
    if (std::strcmp(argv[i], "--seeds") == 0) options.seeds = value;
    if (std::strcmp(argv[i], "--seed") == 0) {
      options.first = value;
      options.seeds = 1;
      options.one = true;
    }
    if (std::strcmp(argv[i], "--capture") == 0) options.capture = argv[i + 1];
  }
  if (options.one) return options;
  if (full != nullptr && *full != '\0') options.seeds *= kFullFactor;
  options.seeds = (options.seeds + kSlowness - 1) / kSlowness;
  return options;
}

}  // namespace
}  // namespace lockstep::sim

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  using lockstep::sim::SeedTest;
  const auto options = lockstep::sim::parse(argc, argv);
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
    const std::string name = "Seed" + std::to_string(seed);
    ::testing::RegisterTest("Seeds", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [=]() -> SeedTest* { return new SeedTest(seed, options); });
  }
  if (!GTEST_FLAG_GET(list_tests)) {
    lockstep::testing::start_eal();
    // libcrypto draws random numbers when it uses some things for the first time; no seed shall depend on being the
    // first.
    (void)lockstep::sim::Scenario(0).run();
  }
  return RUN_ALL_TESTS();
}
