#include "tests/support/vectors.h"

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace lockstep::test {

namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

nlohmann::json load(const std::filesystem::path& path) {
  std::ifstream file(path);
  nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  if (json.is_discarded()) {
    ADD_FAILURE() << "cannot load vectors from " << path;
    return nlohmann::json::object();
  }
  return json;
}

}  // namespace

std::vector<std::uint8_t> hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t') continue;
    const int value = nibble(c);
    if (value < 0) {
      ADD_FAILURE() << "not a hexadecimal digit: " << c;
      return {};
    }
    if (high < 0) {
      high = value;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + value));
      high = -1;
    }
  }
  if (high >= 0) {
    ADD_FAILURE() << "odd number of hexadecimal digits";
    return {};
  }
  return bytes;
}

std::string to_hex(Bytes bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 15U]);
  }
  return text;
}

std::optional<std::filesystem::path> shared_vectors_folder() {
  const char* const chosen = std::getenv("LOCKSTEP_VECTORS");
  std::filesystem::path folder = chosen != nullptr
                                     ? std::filesystem::path(chosen)
                                     : std::filesystem::path(LOCKSTEP_SOURCE_ROOT).parent_path() / "shared" / "vectors";
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) return std::nullopt;
  return folder;
}

std::optional<nlohmann::json> shared_vectors(std::string_view name) {
  const std::optional<std::filesystem::path> folder = shared_vectors_folder();
  if (!folder.has_value()) return std::nullopt;
  return load(*folder / name);
}

nlohmann::json own_vectors(std::string_view name) {
  return load(std::filesystem::path(LOCKSTEP_SOURCE_ROOT) / "tests" / "vectors" / name);
}

void report_cases(std::string_view name, std::size_t count) {
  EXPECT_GT(count, 0U) << name << ": no case ran";
  ::testing::Test::RecordProperty(std::string(name), static_cast<int>(count));
  std::cout << name << ": " << count << " cases\n";
}

}  // namespace lockstep::test
