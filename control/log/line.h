// One event as one line, as key=value text or as JSON, whatever bytes its values hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace lockstep::log {

enum class Level : std::uint8_t { debug, info, warning, error };
const char* name(Level level);

/// A key, which is a word of the code, and a value, which may come from anywhere.
struct Field {
  template <class T>
  Field(const char* k, const T& v) : key(k) {
    if constexpr (std::is_same_v<T, bool>)
      value = v;
    else if constexpr (std::is_floating_point_v<T>)
      value = static_cast<double>(v);
    else if constexpr (std::is_unsigned_v<T>)
      value = static_cast<std::uint64_t>(v);
    else if constexpr (std::is_integral_v<T>)
      value = static_cast<std::int64_t>(v);
    else
      value = std::string(v);
  }
  std::string key;
  std::variant<std::string, std::int64_t, std::uint64_t, double, bool> value;
};
using Fields = std::vector<Field>;

/// A value in text form: as it is when it has only harmless characters, else in double quotes with backslash escapes,
/// so that a value can neither end its line nor look like another field. Bytes outside printable ASCII become \xNN.
std::string escape(std::string_view value);

/// "time=... level=info event=started workers=2". `unix_ns`: UNIX time in nanoseconds.
std::string text_line(std::int64_t unix_ns, Level level, std::string_view event, const Fields& fields);
/// The same as a JSON object of ASCII characters; bytes that are not UTF-8 become U+FFFD.
std::string json_line(std::int64_t unix_ns, Level level, std::string_view event, const Fields& fields);

/// "2031-05-04T12:00:00.123Z" (RFC 3339).
std::string timestamp(std::int64_t unix_ns);

}  // namespace lockstep::log
