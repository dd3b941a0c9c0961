#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/cli/commands.h"
#include "control/cli/findings.h"

namespace lockstep::cli {
namespace {

const char* name(State state) {
  switch (state) {
    case State::ok:
      return "ok";
    case State::note:
      return "note";
    case State::warning:
      return "warning";
    case State::problem:
      break;
  }
  return "problem";
}

void print(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    std::printf("%-8s %-14s %s\n", name(finding.state), finding.subject.c_str(), finding.text.c_str());
    if (!finding.remedy.empty()) std::printf("%-8s %-14s -> %s\n", "", "", finding.remedy.c_str());
  }
}

}  // namespace

int doctor(bool json) {
  const std::vector<Finding> findings = examine();
  bool problem = false;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    problem = problem || finding.state == State::problem;
    list.push_back({{"subject", finding.subject},
                    {"state", name(finding.state)},
                    {"text", finding.text},
                    {"remedy", finding.remedy}});
  }
  if (json)
    std::printf("%s\n", list.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace).c_str());
  else
    print(findings);
  return problem ? 1 : 0;
}

}  // namespace lockstep::cli
