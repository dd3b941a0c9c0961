// Reads one table of the file key by key: types, ranges, unknown keys, positions.
#pragma once

#include <toml++/toml.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/config/config.h"
#include "control/config/diagnostics.h"

namespace lockstep::config {

/// What all sections of one file share.
struct Reading {
  Diagnostics& diagnostics;
  std::vector<Setting>& settings;
};

/// A key's allowed words with what they mean.
template <class E>
using Words = std::vector<std::pair<std::string, E>>;

/// One table. Each method reads one key into `out`, which holds the default, and leaves it alone when the key is absent
/// or wrong; what is wrong goes to the diagnostics. `finish` then reports the keys that nobody asked for.
class Section {
 public:
  /// `table` may be nullptr: nothing was given, and every key has its default.
  Section(const toml::table* table, std::string name, std::size_t index, Source& source, Reading& reading);

  void boolean(const std::string& key, bool& out);
  void text(const std::string& key, std::string& out);
  void texts(const std::string& key, std::vector<std::string>& out);
  void duration(const std::string& key, Duration& out, Duration min, Duration max);
  /// A number of bytes: an integer, or a string such as "256KiB".
  void size(const std::string& key, std::uint32_t& out, std::uint32_t min, std::uint32_t max);
  template <class T>
  void integer(const std::string& key, T& out, std::int64_t min, std::int64_t max) {
    auto number = static_cast<std::int64_t>(out);
    read_integer(key, number, min, max);
    out = static_cast<T>(number);
  }
  template <class T>
  void integers(const std::string& key, std::vector<T>& out, std::int64_t min, std::int64_t max) {
    std::vector<std::int64_t> numbers(out.begin(), out.end());
    read_integers(key, numbers, min, max);
    out.clear();
    for (const std::int64_t number : numbers) out.push_back(static_cast<T>(number));
  }
  /// One of `words`.
  template <class E>
  void choice(const std::string& key, E& out, const Words<E>& words) {
    std::size_t index = index_of(out, words);
    read_choice(key, index, spellings(words));
    out = words[index].second;
  }
  /// A list of `words`, each at most once, at least one. `others` are further spellings of the same values.
  template <class E>
  void choices(const std::string& key, std::vector<E>& out, const Words<E>& words, const Words<E>& others = {}) {
    std::vector<std::size_t> indices;
    indices.reserve(out.size());
    for (const E& value : out) indices.push_back(index_of(value, words));
    Words<std::size_t> further;
    for (const auto& [spelling, value] : others) further.emplace_back(spelling, index_of(value, words));
    read_choices(key, indices, spellings(words), further);
    out.clear();
    for (const std::size_t index : indices) out.push_back(words[index].second);
  }
  /// A string that `parse` understands; no default. `expected` completes "is not ...".
  template <class T>
  void parsed(const std::string& key, std::optional<T>& out, std::optional<T> (*parse)(std::string_view),
              const char* expected) {
    std::string given;
    text(key, given);
    if (given.empty()) return;
    out = parse(given);
    if (!out) complain(source_.at(key), key, given, expected);
  }
  /// A list of strings that `parse` understands.
  template <class T>
  void parsed_list(const std::string& key, std::vector<T>& out, std::optional<T> (*parse)(std::string_view),
                   const char* expected) {
    std::vector<std::string> given;
    texts(key, given);
    for (std::size_t i = 0; i < given.size(); ++i) {
      const std::optional<T> value = parse(given[i]);
      if (value) {
        out.push_back(*value);
        source_.set(key + "[" + std::to_string(out.size() - 1) + "]", source_.at(key, i));
      } else {
        complain(source_.at(key, i), key, given[i], expected);
      }
    }
  }

  /// The node of `key`, for what the methods above do not fit; nullptr when absent. `default_value` and `value` are for
  /// the record.
  const toml::node* node(const std::string& key, const std::string& default_value);
  /// Calls `read` with each table of the array of tables `key`; the new section's name is this one's and `key`.
  void tables(const std::string& key, const std::function<void(const toml::table&, std::size_t)>& read);
  /// The table `key`, or nullptr.
  const toml::table* table(const std::string& key);

  /// The key must have been given.
  void require(const std::string& key, const std::string& remedy);
  /// Reports keys that nobody asked for, with the nearest known one.
  void finish();

  const std::string& name() const { return name_; }
  Diagnostics& diagnostics() { return reading_.diagnostics; }

 private:
  void read_integer(const std::string& key, std::int64_t& out, std::int64_t min, std::int64_t max);
  void read_integers(const std::string& key, std::vector<std::int64_t>& out, std::int64_t min, std::int64_t max);
  void read_choice(const std::string& key, std::size_t& out, const std::vector<std::string>& words);
  void read_choices(const std::string& key, std::vector<std::size_t>& out, const std::vector<std::string>& words,
                    const Words<std::size_t>& further);
  void wrong_type(const std::string& key, const toml::node& node, const std::string& expected);
  void complain(Position at, const std::string& key, const std::string& given, const std::string& expected);
  void unknown_word(Position at, const std::string& key, const std::string& word,
                    const std::vector<std::string>& words);
  /// The value that the last `node` call was about, in normal form.
  void record(std::string value);
  template <class Each>
  void elements(const std::string& key, const toml::node& node, const std::string& expected, Each&& each);

  template <class E>
  static std::size_t index_of(const E& value, const Words<E>& words) {
    for (std::size_t i = 0; i < words.size(); ++i)
      if (words[i].second == value) return i;
    return 0;
  }
  template <class E>
  static std::vector<std::string> spellings(const Words<E>& words) {
    std::vector<std::string> result;
    for (const auto& word : words) result.push_back(word.first);
    return result;
  }

  const toml::table* table_;
  std::string name_;
  std::size_t index_;
  Source& source_;
  Reading& reading_;
  std::vector<std::string> known_;
};

/// Where a node of the file stands.
Position position_of(const toml::source_region& region);

}  // namespace lockstep::config
