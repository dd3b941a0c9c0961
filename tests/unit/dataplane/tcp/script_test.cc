// Runs every script of the folder scripts/ as a test of its own.
#include "tests/unit/dataplane/tcp/script.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace lockstep::testing {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(LOCKSTEP_SOURCE_ROOT) / "tests/unit/dataplane/tcp/scripts";

std::vector<std::string> scripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    if (entry.path().extension() == ".tcp") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

class TcpScript : public ::testing::TestWithParam<std::string> {};

TEST_P(TcpScript, BehavesAsWritten) {
  std::ifstream file(kFolder / (GetParam() + ".tcp"));
  std::stringstream text;
  text << file.rdbuf();
  const std::uint32_t before = buffers_in_use();
  EXPECT_EQ(Script().run(text.str()), "") << "in " << GetParam() << ".tcp";
  EXPECT_EQ(buffers_in_use(), before) << "buffers leaked by " << GetParam() << ".tcp";
}

INSTANTIATE_TEST_SUITE_P(Scripts, TcpScript, ::testing::ValuesIn(scripts()),
                         [](const auto& test) { return test.param; });

// The runner itself must notice what it is there to notice.
TEST(ScriptRunner, FailsOnAMissingSegment) {
  EXPECT_EQ(Script().run("listen\nin S\nout SA ack 1\nout SA ack 1"), "line 4: nothing was sent");
}
TEST(ScriptRunner, FailsOnAnUnexpectedSegment) {
  EXPECT_NE(Script().run("listen\nin S\n"), "");
}
TEST(ScriptRunner, FailsOnAWrongField) {
  EXPECT_EQ(Script().run("listen\nin S\nout SA ack 2"), "line 3: acknowledgment is 1, not 2");
}
TEST(ScriptRunner, FailsOnAWrongTime) {
  EXPECT_NE(Script().run("listen\nin S\n+0.5 out SA ack 1"), "");
}

}  // namespace
}  // namespace lockstep::testing
