// Writes the frames of a simulation to a capture file, for tcpdump and its like.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "crypto/base/time.h"

namespace lockstep::sim {

class Capture {
 public:
  /// Nothing is written until `open`.
  void open(const std::string& path);
  void write(const std::vector<std::uint8_t>& frame, Instant at);

 private:
  void word(std::uint32_t value);
  std::ofstream file_;
};

}  // namespace lockstep::sim
