#include "control/service/kernel_end.h"

#include <arpa/inet.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "control/config/values.h"

namespace lockstep::service {
namespace {

std::string failure(const std::string& name, const char* what) {
  return "cannot " + std::string(what) + " the interface " + name + " (" + std::generic_category().message(errno) +
         "); run this as root or with CAP_NET_ADMIN";
}

void set_v4(sockaddr& out, std::uint32_t host_order) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host_order);
  std::memcpy(&out, &address, sizeof address);
}

bool assign_v4(int socket, ifreq request, const net::InterfaceAddress& address) {
  set_v4(request.ifr_addr, address.ip.as_v4());
  if (ioctl(socket, SIOCSIFADDR, &request) != 0) return false;
  set_v4(request.ifr_netmask, address.prefix == 0 ? 0 : 0xffffffffU << (32U - address.prefix));
  return ioctl(socket, SIOCSIFNETMASK, &request) == 0;
}

bool assign_v6(int socket, const ifreq& request, const net::InterfaceAddress& address) {
  in6_ifreq v6{};
  std::memcpy(&v6.ifr6_addr, address.ip.bytes().data(), 16);
  v6.ifr6_prefixlen = address.prefix;
  v6.ifr6_ifindex = static_cast<int>(if_nametoindex(request.ifr_name));
  return ioctl(socket, SIOCSIFADDR, &v6) == 0 || errno == EEXIST;
}

}  // namespace

std::string set_kernel_address(const std::string& name, const net::InterfaceAddress& address) {
  const bool v4 = address.ip.is_v4();
  const int socket = ::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return failure(name, "configure");
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  std::string error;
  if (!(v4 ? assign_v4(socket, request, address) : assign_v6(socket, request, address)))
    error = failure(name, ("give " + config::format_interface_address(address) + " to").c_str());
  else if (ioctl(socket, SIOCGIFFLAGS, &request) != 0)
    error = failure(name, "look at");
  else {
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    if (ioctl(socket, SIOCSIFFLAGS, &request) != 0) error = failure(name, "bring up");
  }
  close(socket);
  return error;
}

}  // namespace lockstep::service
