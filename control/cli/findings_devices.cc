#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "control/cli/findings.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) result.push_back(entry.path());
  std::sort(result.begin(), result.end());
  return result;
}

std::string link_name(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? "" : target.filename().string();
}

void examine_tap(std::vector<Finding>& findings) {
  const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    close(fd);
    findings.push_back({"tap", State::ok, "/dev/net/tun can be opened: net_tap ports work", ""});
    return;
  }
  const std::string reason = std::generic_category().message(errno);
  findings.push_back({"tap", State::warning, "/dev/net/tun cannot be opened (" + reason + "): no net_tap ports",
                      errno == ENOENT || errno == ENODEV
                          ? "modprobe tun; in a container, pass --device /dev/net/tun"
                          : "run as root, or in a container pass --device /dev/net/tun --cap-add NET_ADMIN"});
}

void examine_iommu(std::vector<Finding>& findings) {
  const bool iommu = !entries("/sys/kernel/iommu_groups").empty();
  std::error_code error;
  const bool vfio = fs::exists("/dev/vfio/vfio", error);
  if (iommu && vfio) {
    findings.push_back({"iommu", State::ok, "an IOMMU is on and vfio is there: PCI ports work", ""});
    return;
  }
  findings.push_back({"iommu", State::note,
                      std::string(iommu ? "an IOMMU is on" : "no IOMMU is on") +
                          (vfio ? ", vfio is there" : ", vfio is not loaded") + ": matters for PCI ports only",
                      iommu ? "modprobe vfio-pci"
                            : "switch VT-d or AMD-Vi on in the firmware and boot with intel_iommu=on or amd_iommu=on, "
                              "then modprobe vfio-pci"});
}

/// The kernel's interfaces of a PCI device, also where a virtio device stands between.
std::string interfaces_of(const fs::path& device) {
  std::vector<fs::path> found = entries(device / "net");
  for (const fs::path& child : entries(device))
    if (child.filename().string().rfind("virtio", 0) == 0)
      for (const fs::path& interface : entries(child / "net")) found.push_back(interface);
  std::string names;
  for (const fs::path& interface : found) names += (names.empty() ? "" : ",") + interface.filename().string();
  return names;
}

void examine_cards(std::vector<Finding>& findings) {
  bool any = false;
  for (const fs::path& device : entries("/sys/bus/pci/devices")) {
    // PCI base class 02: network controllers.
    if (first_line((device / "class").string()).rfind("0x02", 0) != 0) continue;
    any = true;
    const std::string address = device.filename().string();
    const std::string driver = link_name(device / "driver");
    const std::string interfaces = interfaces_of(device);
    const bool ready =
        driver == "vfio-pci" || driver == "uio_pci_generic" || driver == "igb_uio" || driver.rfind("mlx", 0) == 0;
    findings.push_back({"nic", ready ? State::ok : State::note,
                        address + " is bound to " + (driver.empty() ? "no driver" : driver) +
                            (interfaces.empty() ? "" : " as " + interfaces) +
                            (ready ? ": ready for a port" : ": the kernel's, not ready for a port"),
                        ready ? ""
                              : "when nothing else needs it: ip link set " +
                                    (interfaces.empty() ? "DEVICE" : interfaces) +
                                    " down; dpdk-devbind.py --bind=vfio-pci " + address});
  }
  if (!any) findings.push_back({"nic", State::note, "no network card on the PCI bus: virtual ports only", ""});
}

}  // namespace

void examine_devices(std::vector<Finding>& findings) {
  examine_tap(findings);
  examine_iommu(findings);
  examine_cards(findings);
}

}  // namespace lockstep::cli
