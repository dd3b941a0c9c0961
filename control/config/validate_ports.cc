#include <net/if.h>

#include <algorithm>
#include <array>
#include <map>

#include "control/config/validate.h"
#include "control/config/values.h"

namespace lockstep::config {
namespace {

constexpr std::array<std::string_view, 9> kVirtualDevices = {"net_tap",   "net_af_packet",   "net_af_xdp",
                                                             "net_memif", "net_ring",        "net_pcap",
                                                             "net_null",  "net_virtio_user", "net_vhost"};

/// "0000:01:00.0", RTE's full form.
bool is_pci_address(std::string_view text) {
  constexpr std::string_view kShape = "xxxx:xx:xx.x";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hex =
        (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') || (text[i] >= 'A' && text[i] <= 'F');
    if (kShape[i] == 'x' ? !hex : text[i] != kShape[i]) return false;
  }
  return true;
}

/// A known driver's name with a number behind it.
bool is_virtual_device(std::string_view name) {
  return std::any_of(kVirtualDevices.begin(), kVirtualDevices.end(), [&](std::string_view driver) {
    if (name.size() <= driver.size() || name.substr(0, driver.size()) != driver) return false;
    const std::string_view number = name.substr(driver.size());
    return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  });
}

void check_device(const Port& port, Diagnostics& diagnostics) {
  const Position at = port.source.at("device");
  const std::string& device = port.io.device;
  if (device.empty()) {
    if (port.source.has("device"))
      diagnostics.error(at, "\"device\" is empty", "name a PCI address or a virtual device");
    return;
  }
  const std::string name = port.device_name();
  if (port.is_pci() ? !is_pci_address(name) : !is_virtual_device(name))
    diagnostics.error(
        at, in_quotes(name) + " is no device",
        "use a PCI address such as \"0000:01:00.0\", or one of net_tap, net_af_packet, net_af_xdp, net_memif, "
        "net_ring, net_pcap, net_null, net_virtio_user, net_vhost with a number, such as \"net_tap0\"");
  const std::string interface = port.device_argument("iface");
  const bool is_socket = name.rfind("net_vhost", 0) == 0;  // there "iface" is a socket's path
  if (!is_socket && interface.size() >= IF_NAMESIZE)
    diagnostics.error(at, "the interface name " + in_quotes(interface) + " is too long",
                      "use at most " + std::to_string(IF_NAMESIZE - 1) + " characters");
  const bool needs_interface = name.rfind("net_af_packet", 0) == 0 || name.rfind("net_af_xdp", 0) == 0;
  if (needs_interface && interface.empty())
    diagnostics.error(at, in_quotes(name) + " needs an interface", "write device = \"" + name + ",iface=eth0\"");
  if (port.kernel_address && (name.rfind("net_tap", 0) != 0 || interface.empty()))
    diagnostics.error(port.source.at("kernel_address"), "\"kernel_address\" is for TAP ports with a named interface",
                      "write device = \"net_tap0,iface=lockstep0\", or remove kernel_address");
}

/// Whether `address` is the prefix itself or its broadcast address; /31, /32, /127 and /128 have neither.
bool is_network_or_broadcast(const net::InterfaceAddress& address) {
  if (!address.ip.is_v4() || address.prefix >= 31) return false;
  const std::uint32_t host = address.prefix == 0 ? 0xffffffffU : 0xffffffffU >> address.prefix;
  return (address.ip.as_v4() & host) == 0 || (address.ip.as_v4() & host) == host;
}

void check_address(const Port& port, const net::InterfaceAddress& address, Position at, Diagnostics& diagnostics) {
  const std::string text = format_interface_address(address);
  if (address.ip.is_any() || address.ip.is_multicast() || address.ip.is_loopback())
    diagnostics.error(at, text + " cannot be a port's address",
                      "use a unicast address of the network that the port is in");
  else if (is_network_or_broadcast(address))
    diagnostics.error(at, text + " is the network's own or its broadcast address", "use a host's address");
  if (address.prefix == 0)
    diagnostics.error(at, text + " claims the whole Internet as its network", "give the network's prefix length");
  if (port.kernel_address && port.kernel_address->ip == address.ip)
    diagnostics.error(port.source.at("kernel_address"), "\"kernel_address\" is an address of the port itself",
                      "give the kernel's end another one of the same network");
}

void check_gateway(const Port& port, const std::optional<IpAddress>& gateway, const char* key, bool v4,
                   Diagnostics& diagnostics) {
  if (!gateway) return;
  const Position at = port.source.at(key);
  const std::string text = gateway->to_string();
  if (gateway->is_v4() != v4) {
    diagnostics.error(at, text + " is of the wrong family for " + in_quotes(key),
                      v4 ? "IPv6 gateways belong to gateway_v6" : "IPv4 gateways belong to gateway");
    return;
  }
  bool on_link = !v4 && gateway->is_link_local();
  for (const net::InterfaceAddress& address : port.addresses) {
    on_link = on_link || same_prefix(address, *gateway);
    if (address.ip == *gateway)
      diagnostics.error(at, "the gateway " + text + " is an address of the port itself",
                        "name the next router's address");
    else if (address.ip.is_v4() == v4 && same_prefix(address, *gateway) &&
             is_network_or_broadcast({*gateway, address.prefix}))
      diagnostics.error(at, "the gateway " + text + " is the network's own or its broadcast address",
                        "name the next router's address");
  }
  if (!on_link)
    diagnostics.error(at, "the gateway " + text + " is in no network of the port",
                      "name a router within the prefix of one of the port's addresses");
}

void check_neighbours(const Port& port, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < port.neighbours.size(); ++i) {
    const net::StaticNeighbour& neighbour = port.neighbours[i];
    const Position at = port.source.at("neighbours", i);
    if ((neighbour.mac[0] & 1U) != 0)
      diagnostics.error(at, format_mac(neighbour.mac) + " is a multicast MAC address", "use the neighbour's own");
    const bool on_link = std::any_of(port.addresses.begin(), port.addresses.end(),
                                     [&](const net::InterfaceAddress& a) { return same_prefix(a, neighbour.ip); });
    if (!on_link && !neighbour.ip.is_link_local())
      diagnostics.error(at, "the neighbour " + neighbour.ip.to_string() + " is in no network of the port",
                        "remove it, or give the port an address of its network");
  }
}

void check_port(const Port& port, Diagnostics& diagnostics) {
  if (port.source.has("name"))
    if (const std::string fault = name_fault(port.io.name); !fault.empty())
      diagnostics.error(port.source.at("name"), "the name " + in_quotes(port.io.name) + " " + fault, "choose another");
  check_device(port, diagnostics);
  if (port.addresses.empty() && !port.source.has("addresses[0]"))
    diagnostics.error(port.source.section(), "port " + in_quotes(port.io.name) + " has no address",
                      "add addresses = [\"198.18.0.2/24\"]");
  for (std::size_t i = 0; i < port.addresses.size(); ++i)
    check_address(port, port.addresses[i], port.source.at("addresses", i), diagnostics);
  if (port.kernel_address &&
      std::none_of(port.addresses.begin(), port.addresses.end(),
                   [&](const net::InterfaceAddress& a) { return same_prefix(a, port.kernel_address->ip); }))
    diagnostics.warning(port.source.at("kernel_address"), "\"kernel_address\" is in no network of the port",
                        "the kernel will not reach the port without a route of its own");
  check_gateway(port, port.gateway, "gateway", true, diagnostics);
  check_gateway(port, port.gateway_v6, "gateway_v6", false, diagnostics);
  check_neighbours(port, diagnostics);
}

void check_pair(const Port& earlier, const Port& later, Diagnostics& diagnostics) {
  if (earlier.io.name == later.io.name)
    diagnostics.error(later.source.at("name"), "two ports are called " + in_quotes(later.io.name), "rename one");
  if (!later.io.device.empty() && earlier.device_name() == later.device_name())
    diagnostics.error(later.source.at("device"), "two ports use the device " + in_quotes(later.device_name()),
                      "use another number or address");
  for (std::size_t i = 0; i < later.addresses.size(); ++i)
    for (const net::InterfaceAddress& other : earlier.addresses) {
      const net::InterfaceAddress& address = later.addresses[i];
      const net::InterfaceAddress& wider = address.prefix < other.prefix ? address : other;
      if (address.ip == other.ip)
        diagnostics.error(later.source.at("addresses", i), "two ports have the address " + address.ip.to_string(),
                          "remove one");
      else if (same_prefix(wider, address.ip) && same_prefix(wider, other.ip))
        diagnostics.error(
            later.source.at("addresses", i),
            format_interface_address(address) + " overlaps with a network of port " + in_quotes(earlier.io.name),
            "give each port a network of its own: a destination has one way out");
    }
}

}  // namespace

void validate_ports(const Config& config, Diagnostics& diagnostics) {
  if (config.ports.empty() && diagnostics.ok())
    diagnostics.error({1, 1}, "there is no [[port]]", "add one with name, device and addresses");
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const Port& port = config.ports[i];
    check_port(port, diagnostics);
    for (std::size_t j = 0; j < i; ++j) check_pair(config.ports[j], port, diagnostics);
    for (std::size_t a = 0; a < port.addresses.size(); ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (port.addresses[a].ip == port.addresses[b].ip)
          diagnostics.error(port.source.at("addresses", a),
                            port.addresses[a].ip.to_string() + " stands twice in \"addresses\"", "remove one");
  }
}

}  // namespace lockstep::config
