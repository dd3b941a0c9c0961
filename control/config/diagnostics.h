// What is wrong with a configuration: all of it, each with its place and its remedy.
#pragma once

#include <string>
#include <vector>

#include "control/config/source.h"

namespace lockstep::config {

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  Position at;
  std::string message;  // what is wrong
  std::string remedy;   // what to do
};

/// Collects what is found in one file.
class Diagnostics {
 public:
  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  void error(Position at, std::string message, std::string remedy);
  void warning(Position at, std::string message, std::string remedy);
  /// All that `other` collected in the same file.
  void add(const Diagnostics& other) { all_.insert(all_.end(), other.all_.begin(), other.all_.end()); }
  /// No errors; warnings may exist.
  bool ok() const;
  /// In the order of the file.
  std::vector<Diagnostic> sorted() const;
  /// "FILE:LINE:COLUMN: message; remedy", with "warning: " in front of a warning's message. What came from outside is
  /// made printable.
  std::string render(const Diagnostic& diagnostic) const;
  /// All of it, one line each.
  std::string render_all() const;
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::vector<Diagnostic> all_;
};

}  // namespace lockstep::config
