#include "control/cli/findings.h"

#include <sys/resource.h>

#include <fstream>
#include <sstream>

#include "control/api/client.h"
#include "control/config/config.h"
#include "control/config/validate.h"
#include "control/engines.h"
#include "control/service/fleet.h"
#include "control/service/privileges.h"

#include <nlohmann/json.hpp>

namespace lockstep::cli {
namespace {

bool has_flag(const std::string& flags, const std::string& flag) {
  return (" " + flags + " ").find(" " + flag + " ") != std::string::npos;
}

/// The "flags" of the first processor in /proc/cpuinfo.
std::string processor_flags() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("flags", 0) == 0) return line.substr(line.find(':') + 1);
  return {};
}

std::string limit_text(rlim_t limit) {
  return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit / 1024) + " KiB";
}

void examine_hugepages(std::vector<Finding>& findings) {
  const std::uint64_t small = io::free_hugepages(2048);
  const std::uint64_t large = io::free_hugepages(1048576);
  const std::uint64_t needed = service::memory_needed_mb(MbufPoolSizes(), 1, 1);
  const std::string have = std::to_string(small) + " free of 2 MiB, " + std::to_string(large) + " free of 1 GiB";
  if (small * 2 + large * 1024 >= needed) {
    findings.push_back({"hugepages", State::ok, have, ""});
    return;
  }
  findings.push_back({"hugepages", State::note,
                      have + "; one worker with default limits takes " + std::to_string(needed) +
                          " MiB, so ordinary memory will be used (slower, and PCI ports need an IOMMU)",
                      "sysctl vm.nr_hugepages=" + std::to_string((needed + 1) / 2 + 32)});
}

void examine_locking(std::vector<Finding>& findings) {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  std::ifstream swaps("/proc/swaps");
  std::string line;
  std::getline(swaps, line);
  const bool swap = static_cast<bool>(std::getline(swaps, line));
  findings.push_back({"swap", swap ? State::warning : State::ok,
                      swap ? "swap is on: keys in memory that cannot be locked may reach a disk" : "swap is off",
                      swap ? "swapoff -a, or encrypt the swap device" : ""});
  if (limit.rlim_max == RLIM_INFINITY)
    findings.push_back({"memlock", State::ok, "all memory can be locked", ""});
  else
    findings.push_back({"memlock", swap ? State::warning : State::note,
                        "only " + limit_text(limit.rlim_max) + " of memory can be locked without CAP_IPC_LOCK",
                        "ulimit -l unlimited as root before starting, or LimitMEMLOCK=infinity in the systemd unit"});
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  findings.push_back(
      {"core-dumps", State::ok,
       "run and check switch core dumps off for themselves (limit here: " + limit_text(core.rlim_cur) + ")", ""});
}

}  // namespace

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

void examine_processor(std::vector<Finding>& findings) {
  const std::string flags = processor_flags();
  std::string have, lack;
  for (const char* const flag : {"aes", "pclmulqdq", "sha_ni", "avx2", "vaes", "vpclmulqdq", "avx512f", "avx512ifma"})
    (has_flag(flags, flag) ? have : lack) += std::string(" ") + flag;
  findings.push_back({"cpu", has_flag(flags, "aes") ? State::ok : State::warning,
                      "has" + have + (lack.empty() ? "" : "; lacks" + lack),
                      has_flag(flags, "aes") ? ""
                                             : "expect low rates without AES instructions; use another machine, or "
                                               "pass the host's CPU model to this guest"});
  const bool steady = has_flag(flags, "constant_tsc") && has_flag(flags, "nonstop_tsc");
  findings.push_back(
      {"tsc", steady ? State::ok : State::warning,
       steady ? "the time-stamp counter runs at a constant rate" : "the time-stamp counter may change its rate or stop",
       steady ? "" : "timers may be wrong; use a CPU model with invariant TSC"});
  const std::vector<unsigned> cores = config::allowed_cores();
  if (cores.size() == 1)
    findings.push_back({"cores", State::note, "one core: worker and control threads share it",
                        "give the service a second core for steady latency"});
  else
    findings.push_back(
        {"cores", State::ok,
         std::to_string(cores.size()) + " cores; by default one worker on core " + std::to_string(cores.back()), ""});
  if (has_flag(flags, "hypervisor"))
    findings.push_back(
        {"hypervisor", State::warning,
         "this is a virtual machine: when it is cloned, or restored from a snapshot, while the service runs, both "
         "copies "
         "have the numbers that were made ahead, and two signatures with one ECDSA nonce give the private key away",
         "where the hypervisor may do that (snapshots with memory, replication, templates of running machines; not "
         "live "
         "migration), set ecdsa_nonce_pool = \"off\" in [made_ahead]"});
}

void examine_engines(std::vector<Finding>& findings) {
  Secret<32> seed;
  if (!fill_from_kernel(seed.writable())) {
    findings.push_back(
        {"random", State::problem, "the kernel gives no random bytes", "check getrandom(2) and seccomp filters"});
    return;
  }
  Random random(seed.expose());
  const auto engines = control::make_engines(random, control::EngineOptions());
  if (!engines) {
    findings.push_back({"engines", State::problem, engines.error(), "install the package libssl3 again"});
    return;
  }
  for (const control::EngineLine& line : engines.value().table)
    findings.push_back({"engine", State::ok,
                        std::string(crypto::name(line.job_class)) + ": " + line.engine + " (" + line.why + ")", ""});
}

void examine_memory(std::vector<Finding>& findings) {
  examine_hugepages(findings);
  examine_locking(findings);
}

void examine_rights(std::vector<Finding>& findings) {
  const std::string have = service::effective_capabilities();
  const bool all = have == "all";
  const auto has = [&](const char* capability) {
    return all || ("," + have + ",").find("," + std::string(capability) + ",") != std::string::npos;
  };
  const bool admin = has("cap_net_admin"), raw = has("cap_net_raw");
  findings.push_back(
      {"capabilities", admin && raw ? State::ok : State::problem,
       std::string("to open ports: ") + (admin ? "cap_net_admin present" : "cap_net_admin missing (TAP, AF_XDP)") +
           ", " + (raw ? "cap_net_raw present" : "cap_net_raw missing (AF_PACKET)"),
       admin && raw ? "" : "run as root, or: setcap cap_net_admin,cap_net_raw,cap_ipc_lock+ep lockstep"});
  findings.push_back({"privileges", State::note,
                      "after ports are open, run drops every capability (AF_XDP keeps cap_net_admin, cap_bpf and "
                      "cap_sys_admin to take its program off again; mlx drivers keep "
                      "cap_net_admin, cap_net_raw, cap_ipc_lock), and becomes \"user\" of [general] if that is set",
                      ""});
  const Result<std::string, std::string> answer = api::get(config::General().socket, "/status");
  if (!answer) return;
  const auto document = nlohmann::json::parse(answer.value(), nullptr, false);
  if (document.is_object() && document.contains("capabilities") && document["capabilities"].is_string())
    findings.push_back({"running", State::ok,
                        "the running service (pid " + document["pid"].dump() +
                            ") has these capabilities left: " + document["capabilities"].get<std::string>(),
                        ""});
}

std::vector<Finding> examine() {
  std::vector<Finding> findings;
  examine_processor(findings);
  examine_engines(findings);
  examine_memory(findings);
  examine_devices(findings);
  examine_rights(findings);
  return findings;
}

}  // namespace lockstep::cli
