#include "dataplane/io/packet_socket.h"

#include <dirent.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>

namespace lockstep::io {

namespace {

bool is_packet_socket_of(int descriptor, unsigned interface) {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_PACKET) return false;
  sockaddr_ll address{};
  size = sizeof address;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  return address.sll_ifindex >= 0 && static_cast<unsigned>(address.sll_ifindex) == interface;
}

}  // namespace

int packet_socket_of(unsigned interface) {
  if (interface == 0) return -1;
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  int found = -1;
  int count = 0;
  // The stream is this function's own, which is what readdir asks for.
  while (const dirent* entry = readdir(folder)) {  // NOLINT(concurrency-mt-unsafe)
    int descriptor = -1;
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, descriptor).ec != std::errc()) continue;
    if (!is_packet_socket_of(descriptor, interface)) continue;
    found = descriptor;
    ++count;
  }
  closedir(folder);
  return count == 1 ? found : -1;
}

}  // namespace lockstep::io
