#include "dataplane/tls/client_identity.h"

namespace lockstep::tls {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// One character of a value from the front of `text`: as it is, behind a backslash, or by two hexadecimal digits.
char take_character(std::string_view& text) {
  std::size_t size = 1;
  char c = text[0];
  if (c == '\\' && text.size() >= 2) {
    size = 2;
    c = text[1];
    const int high = hex_digit(text[1]);
    const int low = text.size() >= 3 ? hex_digit(text[2]) : -1;
    if (high >= 0 && low >= 0) {
      size = 3;
      c = static_cast<char>(high << 4 | low);
    }
  }
  text.remove_prefix(size);
  return c;
}

bool at_separator(std::string_view text) {
  return text.empty() || text[0] == ',' || text[0] == '+';
}

}  // namespace

std::string_view ClientIdentity::common_name(std::span<char, crypto::VerifyChainJob::kMaxSubject> out) const {
  constexpr std::string_view kType = "CN=";
  for (std::string_view text = subject_text(); !text.empty();) {
    const bool found = text.substr(0, kType.size()) == kType;
    if (found) text.remove_prefix(kType.size());
    std::size_t size = 0;
    while (!at_separator(text)) out[size++] = take_character(text);
    if (found) return {out.data(), size};
    if (!text.empty()) text.remove_prefix(1);
  }
  return {};
}

}  // namespace lockstep::tls
