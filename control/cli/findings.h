// What there is to say about this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::cli {

enum class State : std::uint8_t { ok, note, warning, problem };

struct Finding {
  std::string subject;  // one word, stable
  State state = State::ok;
  std::string text;
  std::string remedy;  // what to type or change; empty when there is nothing to do
};

/// Looks at everything that Lockstep depends on; changes nothing.
std::vector<Finding> examine();

/// The parts of it.
void examine_processor(std::vector<Finding>& findings);
void examine_engines(std::vector<Finding>& findings);
void examine_memory(std::vector<Finding>& findings);
void examine_devices(std::vector<Finding>& findings);
void examine_rights(std::vector<Finding>& findings);

/// First line of a small file, such as those of /proc and /sys; empty when it cannot be read.
std::string first_line(const std::string& path);

}  // namespace lockstep::cli
