// Test vectors: where they are, how they are loaded, and bytes from hexadecimal text.
#pragma once

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"

namespace lockstep::test {

/// Bytes from hexadecimal digits, white space ignored. Anything else fails the running test and gives no bytes.
std::vector<std::uint8_t> hex(std::string_view text);
/// The same for a JSON string.
template <std::same_as<nlohmann::json> Json>
std::vector<std::uint8_t> hex(const Json& text) {
  return hex(std::string_view(text.template get_ref<const std::string&>()));
}
/// Lower-case hexadecimal digits of `bytes`.
std::string to_hex(Bytes bytes);

/// The folder of shared vectors: environment variable LOCKSTEP_VECTORS, else ../shared/vectors beside the checkout;
/// nothing when it does not exist.
std::optional<std::filesystem::path> shared_vectors_folder();
/// Loads `name` from the shared folder; nothing when the folder is absent. A file that is missing in a folder that
/// exists, or that is no JSON, fails the running test.
std::optional<nlohmann::json> shared_vectors(std::string_view name);
/// Loads `name` from the project's own tests/vectors; failure fails the running test.
nlohmann::json own_vectors(std::string_view name);
/// Prints and records how many cases of `name` ran; none at all fails the running test.
void report_cases(std::string_view name, std::size_t count);

}  // namespace lockstep::test

/// Declares `name` with the content of a shared vector file. Where the folder is absent the test is skipped; the last
/// line of tests/run counts such tests, and fails where LOCKSTEP_VECTORS promised a folder.
#define LOCKSTEP_SHARED_VECTORS(name, file)                                                       \
  const std::optional<nlohmann::json> name##_or_nothing = ::lockstep::test::shared_vectors(file); \
  if (!name##_or_nothing.has_value()) {                                                           \
    if (std::getenv("LOCKSTEP_VECTORS") != nullptr) FAIL() << "LOCKSTEP_VECTORS is no folder";    \
    GTEST_SKIP() << "shared vectors are absent: " << (file);                                      \
  }                                                                                               \
  const nlohmann::json& name = *name##_or_nothing
