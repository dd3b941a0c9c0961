// What the process may do, and for how long.
#pragma once

#include <string>
#include <vector>

#include "crypto/base/result.h"

namespace lockstep::service {

/// To be called first: core dumps off (RLIMIT_CORE 0, PR_SET_DUMPABLE 0: no ptrace by others of the same user), no new
/// privileges by exec. An empty string, or what failed.
std::string harden_process();

/// Keeps memory out of swap, as far as RLIMIT_MEMLOCK lets it; pages are locked as they are touched. Returns a sentence
/// for the log.
std::string lock_memory();

/// Capabilities, as libcap names them ("cap_net_admin"), that an open port of `driver` (io::PortInfo::driver) still
/// needs: none for those that only read and write their descriptors.
std::vector<std::string> capabilities_needed(const std::string& driver);

/// The user to become; both ids 0 with `change` false: stay.
struct User {
  bool change = false;
  unsigned id = 0;
  unsigned group = 0;
};
/// Looks `name` up; an empty name means to stay.
Result<User, std::string> find_user(const std::string& name);

/// Becomes `user` if asked to, and drops all capabilities but `keep` in every thread of the process. Returns what
/// remains, for the log; the error says what failed.
Result<std::string, std::string> drop_privileges(const User& user, const std::vector<std::string>& keep);

/// The effective capabilities of the calling thread: "none", "all" or a list.
std::string effective_capabilities();

}  // namespace lockstep::service
