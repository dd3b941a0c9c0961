#include "control/log/line.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace lockstep::log {
namespace {

bool is_harmless(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-:/@+[]*,()").find(static_cast<char>(c)) != std::string_view::npos;
}

struct TextOf {
  std::string operator()(const std::string& text) const { return escape(text); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(std::uint64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f", number);
    return text.data();
  }
};

}  // namespace

const char* name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      break;
  }
  return "error";
}

std::string escape(std::string_view value) {
  bool harmless = !value.empty();
  for (const char c : value) harmless = harmless && is_harmless(static_cast<unsigned char>(c));
  if (harmless) return std::string(value);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += "\\x";
      text += kHex[byte >> 4U];
      text += kHex[byte & 15U];
    }
  }
  return text + '"';
}

std::string timestamp(std::int64_t unix_ns) {
  const std::time_t whole = unix_ns / 1'000'000'000;
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(unix_ns / 1'000'000 % 1000));
  return text.data();
}

std::string text_line(std::int64_t unix_ns, Level level, std::string_view event, const Fields& fields) {
  std::string line = "time=" + timestamp(unix_ns) + " level=" + name(level) + " event=" + escape(event);
  for (const Field& field : fields) line += " " + field.key + "=" + std::visit(TextOf{}, field.value);
  return line;
}

std::string json_line(std::int64_t unix_ns, Level level, std::string_view event, const Fields& fields) {
  nlohmann::ordered_json object;
  object["time"] = timestamp(unix_ns);
  object["level"] = name(level);
  object["event"] = event;
  for (const Field& field : fields) std::visit([&](const auto& value) { object[field.key] = value; }, field.value);
  return object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lockstep::log
