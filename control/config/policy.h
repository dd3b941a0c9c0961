// Named sets of TLS parameters, after the well-known guides: what a service offers unless it lists its own.
#pragma once

#include <string>
#include <vector>

#include "dataplane/tls/server_config.h"

namespace lockstep::config {

/// One version of a policy. It never changes once released: a new one gets a new version, and the name alone means the
/// newest. The tests hold a reviewed copy of each.
struct Policy {
  std::string name;                                        // "intermediate"
  std::string version;                                     // "2026"
  bool newest = false;                                     // what the name alone means
  std::vector<tls::Version> versions;                      // what may be spoken
  std::vector<tls::CipherSuite> cipher_suites;             // in order of preference
  std::vector<crypto::NamedGroup> groups;                  // in order of preference
  std::vector<crypto::SignatureScheme> signature_schemes;  // what the server signs with, in order of preference

  /// "intermediate-2026".
  std::string full_name() const { return name + "-" + version; }
};

/// All policies, the strictest first.
const std::vector<Policy>& policies();
/// intermediate, the newest.
const Policy& default_policy();

/// "1.3".
std::string version_number(tls::Version version);

/// The policy as text, one line for each of its parts: what the tests compare with the reviewed copy.
std::string describe(const Policy& policy);

}  // namespace lockstep::config
