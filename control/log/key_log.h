// The key log file: secrets of connections, for who decrypts captured ones (Wireshark's "(Pre)-Master-Secret log").
#pragma once

#include <string>

#include "dataplane/proxy/key_log_event.h"

namespace lockstep::log {

/// A line of NSS's key log format, without its end: label, client random, secret.
std::string key_log_line(const proxy::KeyLogEvent& event);

/// Appends lines to a file that is its owner's alone. Used by one thread.
class KeyLog {
 public:
  KeyLog() = default;
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;
  ~KeyLog();

  /// Opens the file at `path`, or makes it with mode 0600. An empty string, or why it cannot be: it is a symbolic link
  /// or no regular file, somebody else owns or may read it, or it has a second name.
  std::string open(const std::string& path);
  /// False when the file is not open, or the line could not be written.
  bool write(const proxy::KeyLogEvent& event);

 private:
  int file_ = -1;
};

}  // namespace lockstep::log
