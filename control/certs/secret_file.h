// A file with secrets in memory that is locked, kept out of core dumps and wiped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "crypto/base/result.h"

namespace lockstep::certs {

/// The content of a small file, in pages of its own.
class SecretFile {
 public:
  static constexpr std::size_t kMaxSize = 1U << 20U;

  /// Reads `path`. The error says what is wrong and what to do. Locking is tried, not required (RLIMIT_MEMLOCK).
  static Result<SecretFile, std::string> read(const std::string& path);
  SecretFile(SecretFile&& other) noexcept;
  SecretFile& operator=(SecretFile&&) = delete;
  ~SecretFile();

  std::string_view text() const { return {data_, size_}; }
  /// Whether users other than the owner and the group may read the file.
  bool world_readable() const { return world_readable_; }

 private:
  SecretFile() = default;
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;
  bool world_readable_ = false;
};

/// Reads a file without secrets, up to 4 MiB; the error says what is wrong and what to do.
Result<std::string, std::string> read_text_file(const std::string& path);

}  // namespace lockstep::certs
