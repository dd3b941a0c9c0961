// The kernel's end of a TAP port.
#pragma once

#include <string>

#include "dataplane/net/network.h"

namespace lockstep::service {

/// Gives the interface `name` the address and brings it up (ioctl SIOCSIFADDR and companions, netdevice(7)); needs
/// CAP_NET_ADMIN. An empty string, or what went wrong and what to do.
std::string set_kernel_address(const std::string& name, const net::InterfaceAddress& address);

}  // namespace lockstep::service
