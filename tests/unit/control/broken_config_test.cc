// Each file of broken/ ends with what must be said of it: "# expect: LINE:COLUMN: message; remedy", one line per error,
// in order, and nothing else may be said. A "*" stands for any text.
#include <gtest/gtest.h>

#include <sstream>

#include "control/config/load.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::config {
namespace {

using tests::certificates;

/// Whether `text` is `pattern`, in which "*" stands for anything.
bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  for (std::size_t at = star; at <= text.size(); ++at)
    if (matches(pattern.substr(star + 1), text.substr(at))) return true;
  return false;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class BrokenConfiguration : public testing::TestWithParam<std::string> {};

TEST_P(BrokenConfiguration, IsToldWithPlaceAndRemedy) {
  const std::string source = std::string(SOURCE_ROOT) + "/tests/unit/control/broken/" + GetParam() + ".toml";
  const std::string text = tests::read(source);
  const std::string path = certificates().file(GetParam() + ".toml");
  tests::write(path, text);
  std::vector<std::string> expected;
  for (const std::string& line : lines_of(text))
    if (line.rfind("# expect: ", 0) == 0) expected.push_back(path + ":" + line.substr(10));
  ASSERT_FALSE(expected.empty());

  const Loaded loaded = load(path);
  EXPECT_FALSE(loaded.ok());
  const std::vector<std::string> told = lines_of(loaded.diagnostics.render_all());
  ASSERT_EQ(told.size(), expected.size()) << loaded.diagnostics.render_all();
  for (std::size_t i = 0; i < told.size(); ++i)
    EXPECT_TRUE(matches(expected[i], told[i])) << told[i] << "\nexpected " << expected[i];
  for (const Diagnostic& diagnostic : loaded.diagnostics.sorted())
    EXPECT_FALSE(diagnostic.remedy.empty()) << diagnostic.message;
}

std::vector<std::string> broken_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SOURCE_ROOT) + "/tests/unit/control/broken"))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, BrokenConfiguration, testing::ValuesIn(broken_files()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace lockstep::config
