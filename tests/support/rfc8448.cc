#include "tests/support/rfc8448.h"

namespace lockstep::test {

Rfc8448Trace::Rfc8448Trace(int section) {
  const nlohmann::json json = own_vectors("rfc8448.json");
  for (const auto& candidate : json["sections"]) {
    if (candidate["section"] == section) steps_ = candidate["steps"];
  }
}

std::vector<std::uint8_t> Rfc8448Trace::find(std::string_view role, std::string_view step, std::string_view value,
                                             int nth) const {
  for (const auto& candidate : steps_) {
    if (candidate["role"] != role || candidate["step"].get<std::string>().rfind(step, 0) != 0) continue;
    for (const auto& item : candidate["values"]) {
      if (item["name"] == value && nth-- == 0) return hex(item["hex"]);
    }
  }
  return {};
}

std::vector<std::uint8_t> Rfc8448Trace::at(std::string_view role, std::string_view step, std::string_view value,
                                           int nth) const {
  std::vector<std::uint8_t> found = find(role, step, value, nth);
  EXPECT_FALSE(found.empty()) << role << ": " << step << ": " << value;
  return found;
}

}  // namespace lockstep::test
