#include "tests/sim/capture.h"

namespace lockstep::sim {

void Capture::word(std::uint32_t value) {
  file_.write(reinterpret_cast<const char*>(&value), sizeof value);
}

/// The file and packet headers of draft-ietf-opsawg-pcap sections 4 and 5: nanoseconds, Ethernet.
void Capture::open(const std::string& path) {
  file_.open(path, std::ios::binary);
  for (const std::uint32_t value : {0xa1b23c4dU, 0x00040002U, 0U, 0U, 65535U, 1U}) word(value);
}

void Capture::write(const std::vector<std::uint8_t>& frame, Instant at) {
  if (!file_.is_open()) return;
  word(static_cast<std::uint32_t>(at.ns / 1'000'000'000));
  word(static_cast<std::uint32_t>(at.ns % 1'000'000'000));
  word(static_cast<std::uint32_t>(frame.size()));
  word(static_cast<std::uint32_t>(frame.size()));
  file_.write(reinterpret_cast<const char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
}

}  // namespace lockstep::sim
