#include "control/config/diagnostics.h"

#include <algorithm>

namespace lockstep::config {
namespace {

/// Keeps a hostile file from writing control characters to the operator's terminal.
std::string printable(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      result += c;
    } else {
      result += "\\x";
      result += kHex[byte >> 4U];
      result += kHex[byte & 15U];
    }
  }
  return result;
}

}  // namespace

void Diagnostics::error(Position at, std::string message, std::string remedy) {
  all_.push_back({Severity::error, at, std::move(message), std::move(remedy)});
}

void Diagnostics::warning(Position at, std::string message, std::string remedy) {
  all_.push_back({Severity::warning, at, std::move(message), std::move(remedy)});
}

bool Diagnostics::ok() const {
  return std::none_of(all_.begin(), all_.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> result = all_;
  std::stable_sort(result.begin(), result.end(), [](const Diagnostic& a, const Diagnostic& b) { return a.at < b.at; });
  return result;
}

std::string Diagnostics::render(const Diagnostic& diagnostic) const {
  std::string line =
      file_ + ":" + std::to_string(diagnostic.at.line) + ":" + std::to_string(diagnostic.at.column) + ": ";
  if (diagnostic.severity == Severity::warning) line += "warning: ";
  line += diagnostic.message;
  if (!diagnostic.remedy.empty()) line += "; " + diagnostic.remedy;
  return printable(line);
}

std::string Diagnostics::render_all() const {
  std::string text;
  for (const Diagnostic& diagnostic : sorted()) text += render(diagnostic) + "\n";
  return text;
}

}  // namespace lockstep::config
