#include "control/log/key_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace lockstep::log {

namespace {

constexpr mode_t kPermissions = 07777;
constexpr mode_t kOwnerOnly = 0600;

const char* label(tls::SecretName name) {
  switch (name) {
    case tls::SecretName::client_random:
      return "CLIENT_RANDOM";
    case tls::SecretName::client_early_traffic_secret:
      return "CLIENT_EARLY_TRAFFIC_SECRET";
    case tls::SecretName::client_handshake_traffic_secret:
      return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    case tls::SecretName::server_handshake_traffic_secret:
      return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    case tls::SecretName::client_traffic_secret_0:
      return "CLIENT_TRAFFIC_SECRET_0";
    case tls::SecretName::server_traffic_secret_0:
      return "SERVER_TRAFFIC_SECRET_0";
    case tls::SecretName::exporter_secret:
      return "EXPORTER_SECRET";
  }
  return "";
}

void append_hex(std::string& line, Bytes bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  line += ' ';
  for (const std::uint8_t byte : bytes) {
    line += kDigits[byte >> 4U];
    line += kDigits[byte & 15U];
  }
}

std::string system_error() {
  return std::generic_category().message(errno);
}

/// What is wrong with an open file; empty: nothing.
std::string complaint_about(int file) {
  struct stat status{};
  if (fstat(file, &status) != 0) return system_error();
  if (!S_ISREG(status.st_mode)) return "it is no regular file";
  if (status.st_uid != geteuid()) return "somebody else owns it";
  if ((status.st_mode & kPermissions) != kOwnerOnly) return "its mode is not 0600";
  return status.st_nlink == 1 ? "" : "it has a second name";
}

}  // namespace

std::string key_log_line(const proxy::KeyLogEvent& event) {
  std::string line = label(event.name);
  append_hex(line, event.client_random);
  append_hex(line, Bytes(event.secret).first(std::min<std::size_t>(event.secret_size, event.secret.size())));
  return line;
}

KeyLog::~KeyLog() {
  if (file_ >= 0) close(file_);
}

std::string KeyLog::open(const std::string& path) {
  // What is not a regular file must not block either.
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  const int file = ::open(path.c_str(), flags, kOwnerOnly);
  if (file < 0)
    return "key log " + path + ": " + (errno == ELOOP ? std::string("it is a symbolic link") : system_error());
  if (const std::string complaint = complaint_about(file); !complaint.empty()) {
    close(file);
    return "key log " + path + ": " + complaint;
  }
  if (file_ >= 0) close(file_);
  file_ = file;
  return {};
}

bool KeyLog::write(const proxy::KeyLogEvent& event) {
  if (file_ < 0) return false;
  std::string line = key_log_line(event);
  line += '\n';
  const ssize_t written = ::write(file_, line.data(), line.size());
  const bool whole = written == static_cast<ssize_t>(line.size());
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(line.data()), line.size()));
  return whole;
}

}  // namespace lockstep::log
