#include "control/tickets/key_files.h"

#include <algorithm>
#include <optional>

namespace lockstep::tickets {
namespace {

// Name, AES-128 key and HMAC key; or name, HMAC key and AES-256 key.
constexpr std::size_t kShort = 48;
constexpr std::size_t kLong = 80;
/// Of HAProxy: TLS_TICKETS_NO.
constexpr std::size_t kLines = 3;
constexpr const char* kForms =
    "; write 48 or 80 random bytes (\"openssl rand 80\"), or lines of them in base64 as HAProxy takes them "
    "(\"openssl rand 80 | openssl base64 -A; echo\")";

bool is_key_size(std::size_t size) {
  return size == kShort || size == kLong;
}

/// A file of zeros, or another pattern of one byte, is nobody's key.
bool is_constant(Bytes key) {
  return std::all_of(key.begin(), key.end(), [&](std::uint8_t byte) { return byte == key.front(); });
}

/// The formats of these bytes are others' formats; to us they are keying material, all of them.
std::unique_ptr<Key> key_of(Bytes bytes) {
  Secret32 uniform;
  extract("lockstep ticket key file", bytes, uniform);
  return derive_key(uniform);
}

std::optional<std::uint8_t> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint8_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint8_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0' + 52);
  if (c == '+') return std::uint8_t{62};
  if (c == '/') return std::uint8_t{63};
  return std::nullopt;
}

/// RFC 4648 section 4, padding included; the size, or 0 when `text` is no base64 of at most kLong bytes.
std::size_t decode(std::string_view text, Secret<kLong>& out) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > (kLong + 2) / 3 * 4) return 0;
  const std::size_t padding = text[text.size() - 1] != '=' ? 0 : text[text.size() - 2] != '=' ? 1 : 2;
  const std::size_t size = text.size() / 4 * 3 - padding;
  if (size > kLong) return 0;
  const MutableBytes bytes = out.writable();
  std::uint32_t bits = 0;
  std::size_t held = 0, at = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const std::optional<std::uint8_t> digit = base64_digit(c);
    if (!digit) return 0;
    bits = bits << 6U | *digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = static_cast<std::uint8_t>(bits >> held);
  }
  const bool canonical = (bits & ((1U << held) - 1)) == 0;
  bits = 0;
  return canonical ? size : 0;
}

struct Line {
  std::string_view text;
  std::size_t number;
};

/// The lines that are not empty.
std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) lines.push_back({line, number});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Result<FileKeys, std::string> parse_lines(std::string_view text) {
  const std::vector<Line> lines = lines_of(text);
  std::size_t first_size = 0;
  FileKeys found;
  for (const Line& line : lines) {
    Secret<kLong> bytes;
    const std::size_t size = decode(line.text, bytes);
    const std::string where = "line " + std::to_string(line.number);
    // Without a single good line it is no such file at all.
    if (!is_key_size(size) && first_size == 0)
      return Failure{"it has neither 48 nor 80 bytes, nor lines of base64" + std::string(kForms)};
    if (!is_key_size(size)) return Failure{where + " is no base64 of 48 or 80 bytes" + std::string(kForms)};
    if (first_size != 0 && size != first_size)
      return Failure{where + " has " + std::to_string(size) + " bytes, the lines before it " +
                     std::to_string(first_size) + "; HAProxy refuses a mixture too: use one size"};
    first_size = size;
    if (is_constant(bytes.expose(size))) return Failure{where + " repeats one byte" + std::string(kForms)};
    found.keys.insert(found.keys.begin(), key_of(bytes.expose(size)));
  }
  if (found.keys.size() < kLines)
    return Failure{"it has " + std::to_string(found.keys.size()) + (found.keys.size() == 1 ? " line" : " lines") +
                   ", HAProxy's form needs at least three: previous, current and next key; append lines"};
  found.keys.resize(kLines);
  found.sealing = 1;
  return found;
}

}  // namespace

Result<FileKeys, std::string> parse_key_file(std::string_view text, bool alone) {
  if (is_key_size(text.size())) {
    if (is_constant(text_bytes(text))) return Failure{"it repeats one byte" + std::string(kForms)};
    FileKeys found;
    found.keys.push_back(key_of(text_bytes(text)));
    return found;
  }
  Result<FileKeys, std::string> found = parse_lines(text);
  if (found.ok() && !alone)
    return Failure{
        std::string("it has HAProxy's form, which says by itself which key seals; name it alone in \"files\"")};
  return found;
}

}  // namespace lockstep::tickets
