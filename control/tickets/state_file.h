// The file that a fleet's ratchet lives in.
#pragma once

#include <memory>
#include <string>

#include "control/tickets/ratchet.h"

namespace lockstep::tickets {

/// Keeps others from replacing files in a folder between our reading and our writing (flock on the folder itself).
class FolderLock {
 public:
  /// Waits for at most `ms`. The error says what to do.
  static Result<FolderLock, std::string> take(const std::string& file, int ms);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

/// What a state file says.
struct State {
  std::unique_ptr<Ratchet> ratchet;
  bool world_readable = false;
};
/// Reads the file. The error says what is wrong and what to do.
Result<State, std::string> read_state(const std::string& path);

/// Puts `ratchet` in the place of what the file holds, as a whole and for good (fsync), and overwrites and unlinks the
/// old content. Owner and group stay; a new file gets those of its folder. At every moment, `path` is a whole state. An
/// empty string, or what is wrong and what to do; then the old state is still there.
std::string replace_state(const std::string& path, const Ratchet& ratchet);

}  // namespace lockstep::tickets
