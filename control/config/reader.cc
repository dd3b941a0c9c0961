#include "control/config/reader.h"

#include <algorithm>

#include "control/config/values.h"

namespace lockstep::config {
namespace {

std::string type_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += in_quotes(words[i]);
  }
  return text;
}

template <class T, class Format>
std::string array_text(const std::vector<T>& values, Format format) {
  std::string text = "[";
  for (const T& value : values) text += (text.size() > 1 ? ", " : "") + format(value);
  return text + "]";
}

}  // namespace

Position position_of(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

Section::Section(const toml::table* table, std::string name, std::size_t index, Source& source, Reading& reading)
    : table_(table), name_(std::move(name)), index_(index), source_(source), reading_(reading) {
  if (table_ != nullptr) source_.set_section(position_of(table_->source()));
}

const toml::node* Section::node(const std::string& key, const std::string& default_value) {
  known_.push_back(key);
  const toml::node* const found = table_ == nullptr ? nullptr : table_->get(key);
  reading_.settings.push_back({name_, index_, key, default_value, default_value, found != nullptr});
  if (found != nullptr) source_.set(key, position_of(found->source()));
  return found;
}

void Section::record(std::string value) {
  reading_.settings.back().value = std::move(value);
}

void Section::wrong_type(const std::string& key, const toml::node& node, const std::string& expected) {
  reading_.diagnostics.error(position_of(node.source()), in_quotes(key) + " is " + type_of(node), "write " + expected);
}

void Section::complain(Position at, const std::string& key, const std::string& given, const std::string& expected) {
  reading_.diagnostics.error(at, in_quotes(given) + " is no value for " + in_quotes(key), "write " + expected);
}

void Section::unknown_word(Position at, const std::string& key, const std::string& word,
                           const std::vector<std::string>& words) {
  const std::string near = nearest(word, words);
  reading_.diagnostics.error(
      at, in_quotes(word) + " is no value for " + in_quotes(key),
      near.empty() ? "use " + listed(words) : "did you mean " + in_quotes(near) + "? Use " + listed(words));
}

template <class Each>
void Section::elements(const std::string& key, const toml::node& node, const std::string& expected, Each&& each) {
  const toml::array* const array = node.as_array();
  if (array == nullptr) {
    wrong_type(key, node, "an array of " + expected);
    return;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::node& element = (*array)[i];
    source_.set(key + "[" + std::to_string(i) + "]", position_of(element.source()));
    each(element, i);
  }
}

void Section::boolean(const std::string& key, bool& out) {
  const toml::node* const found = node(key, out ? "true" : "false");
  if (found == nullptr) return;
  if (const auto* const value = found->as_boolean())
    out = value->get();
  else
    wrong_type(key, *found, "true or false");
  record(out ? "true" : "false");
}

void Section::text(const std::string& key, std::string& out) {
  const toml::node* const found = node(key, in_quotes(out));
  if (found == nullptr) return;
  if (const auto* const value = found->as_string())
    out = value->get();
  else
    wrong_type(key, *found, "a string");
  record(in_quotes(out));
}

void Section::texts(const std::string& key, std::vector<std::string>& out) {
  const toml::node* const found = node(key, array_text(out, in_quotes));
  if (found == nullptr) return;
  out.clear();
  elements(key, *found, "strings", [&](const toml::node& element, std::size_t) {
    if (const auto* const value = element.as_string())
      out.push_back(value->get());
    else
      wrong_type(key, element, "strings in the array");
  });
  record(array_text(out, in_quotes));
}

void Section::duration(const std::string& key, Duration& out, Duration min, Duration max) {
  const toml::node* const found = node(key, in_quotes(format_duration(out)));
  if (found == nullptr) return;
  const auto* const value = found->as_string();
  const std::optional<Duration> parsed = value == nullptr ? std::nullopt : parse_duration(value->get());
  if (value == nullptr)
    wrong_type(key, *found, "a string with a unit, such as \"15s\", \"40ms\" or \"20us\"");
  else if (!parsed)
    complain(source_.at(key), key, value->get(), "a number with a unit: us, ms, s, min or h");
  else if (*parsed < min || *parsed > max)
    reading_.diagnostics.error(source_.at(key), in_quotes(key) + " is out of range",
                               "use " + in_quotes(format_duration(min)) + " to " + in_quotes(format_duration(max)));
  else
    out = *parsed;
  record(in_quotes(format_duration(out)));
}

void Section::size(const std::string& key, std::uint32_t& out, std::uint32_t min, std::uint32_t max) {
  const toml::node* const found = node(key, in_quotes(format_size(out)));
  if (found == nullptr) return;
  std::optional<std::uint64_t> parsed;
  if (const auto* const integer = found->as_integer())
    parsed = integer->get() < 0 ? std::nullopt : std::optional<std::uint64_t>(integer->get());
  else if (const auto* const value = found->as_string())
    parsed = parse_size(value->get());
  if (!parsed)
    wrong_type(key, *found, "a number of bytes, such as 65536, \"256KiB\" or \"4MiB\"");
  else if (*parsed < min || *parsed > max)
    reading_.diagnostics.error(source_.at(key), in_quotes(key) + " is out of range",
                               "use " + in_quotes(format_size(min)) + " to " + in_quotes(format_size(max)));
  else
    out = static_cast<std::uint32_t>(*parsed);
  record(in_quotes(format_size(out)));
}

void Section::read_integer(const std::string& key, std::int64_t& out, std::int64_t min, std::int64_t max) {
  const toml::node* const found = node(key, std::to_string(out));
  if (found == nullptr) return;
  const auto* const value = found->as_integer();
  const std::string range = std::to_string(min) + " to " + std::to_string(max);
  if (value == nullptr)
    wrong_type(key, *found, "an integer from " + range);
  else if (value->get() < min || value->get() > max)
    reading_.diagnostics.error(source_.at(key), in_quotes(key) + " is out of range", "use " + range);
  else
    out = value->get();
  record(std::to_string(out));
}

void Section::read_integers(const std::string& key, std::vector<std::int64_t>& out, std::int64_t min,
                            std::int64_t max) {
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  const toml::node* const found = node(key, array_text(out, number));
  if (found == nullptr) return;
  out.clear();
  const std::string range = std::to_string(min) + " to " + std::to_string(max);
  elements(key, *found, "integers", [&](const toml::node& element, std::size_t i) {
    const auto* const value = element.as_integer();
    if (value == nullptr)
      wrong_type(key, element, "integers from " + range);
    else if (value->get() < min || value->get() > max)
      reading_.diagnostics.error(source_.at(key, i), "a number in " + in_quotes(key) + " is out of range",
                                 "use " + range);
    else
      out.push_back(value->get());
  });
  record(array_text(out, number));
}

void Section::read_choice(const std::string& key, std::size_t& out, const std::vector<std::string>& words) {
  const toml::node* const found = node(key, in_quotes(words[out]));
  if (found == nullptr) return;
  const auto* const value = found->as_string();
  if (value == nullptr) {
    wrong_type(key, *found, listed(words));
    return;
  }
  const auto word = std::find(words.begin(), words.end(), value->get());
  if (word == words.end())
    unknown_word(source_.at(key), key, value->get(), words);
  else
    out = static_cast<std::size_t>(word - words.begin());
  record(in_quotes(words[out]));
}

void Section::read_choices(const std::string& key, std::vector<std::size_t>& out, const std::vector<std::string>& words,
                           const Words<std::size_t>& further) {
  const auto spelled = [&](std::size_t i) { return in_quotes(words[i]); };
  const toml::node* const found = node(key, array_text(out, spelled));
  if (found == nullptr) return;
  const std::vector<std::size_t> defaults = std::exchange(out, {});
  elements(key, *found, "strings", [&](const toml::node& element, std::size_t i) {
    const auto* const value = element.as_string();
    if (value == nullptr) {
      wrong_type(key, element, "strings in the array");
      return;
    }
    const auto word = std::find(words.begin(), words.end(), value->get());
    auto index = static_cast<std::size_t>(word - words.begin());
    for (const auto& [spelling, same] : further)
      if (spelling == value->get()) index = same;
    if (index == words.size())
      unknown_word(source_.at(key, i), key, value->get(), words);
    else if (std::find(out.begin(), out.end(), index) != out.end())
      reading_.diagnostics.error(source_.at(key, i), in_quotes(value->get()) + " stands twice in " + in_quotes(key),
                                 "remove one");
    else
      out.push_back(index);
  });
  if (const toml::array* const array = found->as_array(); array != nullptr && array->empty())
    reading_.diagnostics.error(source_.at(key), in_quotes(key) + " is empty",
                               "name at least one of " + listed(words) + ", or remove the key for the default");
  if (out.empty()) out = defaults;
  record(array_text(out, spelled));
}

void Section::tables(const std::string& key, const std::function<void(const toml::table&, std::size_t)>& read) {
  known_.push_back(key);
  const toml::node* const found = table_ == nullptr ? nullptr : table_->get(key);
  if (found == nullptr) return;
  const std::string header = "[[" + (name_.empty() ? key : name_ + "." + key) + "]]";
  const toml::array* const array = found->as_array();
  if (array == nullptr) {
    reading_.diagnostics.error(position_of(found->source()), in_quotes(key) + " is " + type_of(*found),
                               "write " + header + " in double brackets, once for each");
    return;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (const toml::table* const element = (*array)[i].as_table())
      read(*element, i);
    else
      wrong_type(key, (*array)[i], header + " with its keys");
  }
}

const toml::table* Section::table(const std::string& key) {
  known_.push_back(key);
  const toml::node* const found = table_ == nullptr ? nullptr : table_->get(key);
  if (found == nullptr) return nullptr;
  if (found->as_table() == nullptr)
    wrong_type(key, *found, "[" + (name_.empty() ? key : name_ + "." + key) + "] in single brackets, with its keys");
  return found->as_table();
}

void Section::require(const std::string& key, const std::string& remedy) {
  if (table_ != nullptr && !table_->contains(key))
    reading_.diagnostics.error(source_.section(), "[[" + name_ + "]] has no " + in_quotes(key), remedy);
}

void Section::finish() {
  if (table_ == nullptr) return;
  for (const auto& [key, value] : *table_) {
    const std::string name(key.str());
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string near = nearest(name, known_);
    const std::string where = name_.empty() ? "" : " in [" + name_ + "]";
    reading_.diagnostics.error(position_of(key.source()), "unknown key " + in_quotes(name) + where,
                               near.empty() ? "remove it; deploy/lockstep.example.toml shows every key"
                                            : "did you mean " + in_quotes(near) + "?");
  }
}

}  // namespace lockstep::config
