// GoogleTest's main for tests that need packet buffers.
#include <gtest/gtest.h>

#include "tests/support/eal.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!GTEST_FLAG_GET(list_tests)) lockstep::testing::start_eal();
  return RUN_ALL_TESTS();
}
