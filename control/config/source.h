// Where a setting stands in its file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace lockstep::config {

/// Line and column, both counted from 1; 0 means the file as a whole.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  auto operator<=>(const Position&) const = default;
};

/// The positions of one section: its own and those of the values that were given ("listen", "listen[0]").
class Source {
 public:
  void set_section(Position at) { section_ = at; }
  void set(std::string key, Position at) { keys_[std::move(key)] = at; }
  Position section() const { return section_; }
  /// The value's position; the section's when the key was not given.
  Position at(std::string_view key) const {
    const auto found = keys_.find(key);
    return found == keys_.end() ? section_ : found->second;
  }
  /// The position of element `index` of the array `key`.
  Position at(std::string_view key, std::size_t index) const {
    return at(std::string(key) + "[" + std::to_string(index) + "]");
  }
  bool has(std::string_view key) const { return keys_.find(key) != keys_.end(); }

 private:
  Position section_;
  std::map<std::string, Position, std::less<>> keys_;
};

}  // namespace lockstep::config
