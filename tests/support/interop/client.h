// What the clients in C++ share: arguments, the TCP connection, the request and the check of its answer.
#pragma once

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace lockstep::interop {

struct Arguments {
  std::string address;
  std::string port;
  std::string name;
  std::string authority;  // a PEM file
  int connections;
  bool tickets;
  std::string certificate;  // PEM files of what the client shows; empty: nothing
  std::string key;
};

/// The arguments of README.md; ends the program when there are not as many.
inline Arguments read_arguments(int argc, char** argv) {
  if (argc != 7 && argc != 9) {
    std::fprintf(stderr, "usage: %s ADDRESS PORT NAME CA-FILE CONNECTIONS tickets|identifiers [CERTIFICATE KEY]\n",
                 argv[0]);
    std::exit(2);
  }
  const bool shows = argc == 9;
  return {argv[1],
          argv[2],
          argv[3],
          argv[4],
          std::atoi(argv[5]),
          std::string(argv[6]) == "tickets",
          shows ? argv[7] : "",
          shows ? argv[8] : ""};
}

/// Ends the program with `what` and the library's error code, unless `good`.
inline void require(bool good, const char* what, int code = 0) {
  if (good) return;
  std::fprintf(stderr, "%s: %d (-0x%04x)\n", what, code, static_cast<unsigned>(-code));
  std::exit(1);
}

/// As `require`, and names the alert that the server sent, if it sent one (0: none).
inline void require_no_alert(bool good, const char* what, int code, int alert) {
  const char* const name = alert == 40    ? "handshake_failure"
                           : alert == 48  ? "unknown_ca"
                           : alert == 116 ? "certificate_required"
                                          : "another";
  if (!good && alert != 0) std::fprintf(stderr, "alert %d, %s\n", alert, name);
  require(good, what, code);
}

/// A connected TCP socket; the caller closes it.
inline int connect_to(const Arguments& arguments) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  require(getaddrinfo(arguments.address.c_str(), arguments.port.c_str(), &hints, &found) == 0, "address");
  const int socket = ::socket(found->ai_family, SOCK_STREAM, 0);
  require(socket >= 0 && connect(socket, found->ai_addr, found->ai_addrlen) == 0, "connect");
  freeaddrinfo(found);
  return socket;
}

inline std::string request(const Arguments& arguments) {
  return "GET /bytes/1000 HTTP/1.1\r\nHost: " + arguments.name + "\r\nConnection: close\r\n\r\n";
}

/// Ends the program unless `answer` has the body asked for.
inline void check_answer(const std::string& answer) {
  std::string expected;
  while (expected.size() < 1000) expected += static_cast<char>('a' + expected.size() % 26);
  const std::size_t head = answer.find("\r\n\r\n");
  require(head != std::string::npos && answer.substr(head + 4) == expected, "wrong body");
}

}  // namespace lockstep::interop
