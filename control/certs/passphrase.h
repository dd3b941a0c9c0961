// Passphrases of encrypted keys, from a command of the operator's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/result.h"
#include "crypto/base/secret.h"

namespace lockstep::certs {

/// Longest passphrase taken.
constexpr std::size_t kMaxPassphrase = 1024;

/// A passphrase; wiped when it goes.
class Passphrase {
 public:
  /// Runs `command` (the program's path and its arguments; no shell, no search in PATH) and takes what it writes to its
  /// standard output, without the line's end. The program gets an empty standard input, no standard error and no other
  /// descriptor of ours, and is ended with all that it started when it takes longer than `timeout_ms`. The error says
  /// what is wrong and what to do, never what was written.
  static Result<Passphrase, std::string> ask(const std::vector<std::string>& command, int timeout_ms = 10'000);

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_->expose().data()), size_}; }

 private:
  Passphrase() : bytes_(std::make_unique<Secret<kMaxPassphrase>>()) {}
  std::unique_ptr<Secret<kMaxPassphrase>> bytes_;
  std::size_t size_ = 0;
};

}  // namespace lockstep::certs
