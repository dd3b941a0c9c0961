#include "control/api/client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace lockstep::api {
namespace {

constexpr std::size_t kMaxAnswer = 64U << 20U;

class Connection {
 public:
  Connection() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // A reload with thousands of certificates takes seconds.
    const timeval limit{60, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (fd_ >= 0) close(fd_);
  }

  bool connect(const std::string& path) const {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.size() >= sizeof name.sun_path) {
      errno = ENAMETOOLONG;
      return false;
    }
    std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
  }
  bool send(const std::string& text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// Everything until the service closes.
  bool receive(std::string& out) const {
    std::array<char, 65536> buffer;
    for (;;) {
      const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return n == 0;
      out.append(buffer.data(), static_cast<std::size_t>(n));
      if (out.size() > kMaxAnswer) return false;
    }
  }

 private:
  int fd_;
};

/// The first line of a text.
std::string line_of(const std::string& text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

Result<std::string, std::string> ask(const std::string& socket, const std::string& request) {
  const Connection connection;
  if (!connection.connect(socket)) {
    const std::string reason = std::generic_category().message(errno);
    if (errno == EACCES)
      return Failure{"no right to use " + socket + " (" + reason + "); run this as the user of the service"};
    return Failure{"no service answers at " + socket + " (" + reason +
                   "); start one with 'lockstep run', or name its socket with --socket or --config"};
  }
  std::string answer;
  if (!connection.send(request) || !connection.receive(answer))
    return Failure{"the service at " + socket + " does not answer; look at its log"};
  const std::size_t body = answer.find("\r\n\r\n");
  if (answer.rfind("HTTP/1.", 0) != 0 || body == std::string::npos || answer.substr(8, 5) != " 200 ")
    return Failure{"the service at " + socket + " answers with an error: " + line_of(answer) +
                   (body == std::string::npos ? "" : ": " + line_of(answer.substr(body + 4)))};
  return answer.substr(body + 4);
}

}  // namespace

Result<std::string, std::string> get(const std::string& socket, const std::string& path) {
  return ask(socket, "GET " + path + " HTTP/1.0\r\nHost: lockstep\r\n\r\n");
}

Result<std::string, std::string> post(const std::string& socket, const std::string& path) {
  return ask(socket, "POST " + path + " HTTP/1.0\r\nHost: lockstep\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace lockstep::api
