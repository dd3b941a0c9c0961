// A folder with everything needed to try Lockstep: certificates of a demo authority and a configuration.
#pragma once

#include <string>
#include <vector>

#include "crypto/base/result.h"

namespace lockstep::cli {

struct DemoOptions {
  std::string directory = "lockstep-demo";
  std::string device = "net_tap0,iface=lockstep0";
  std::string address = "198.18.0.2/24";         // ours; 198.18.0.0/15 is for benchmarks (RFC 2544)
  std::string kernel_address = "198.18.0.1/24";  // of a TAP's other end
  std::string backend;                           // "ADDRESS:PORT"; empty: built-in services only
  bool run = false;
};

struct Demo {
  std::string config_path;
  std::string banner;  // what it is, where it listens, what to try
};

/// The name that the certificates are for, besides localhost.
constexpr const char* kDemoName = "demo.lockstep.test";

/// Makes the folder, or brings it up to date: certificates that are still good are kept, the configuration is written
/// anew. Refuses to overwrite a configuration that it did not make. The error says what to do.
Result<Demo, std::string> make_demo(const DemoOptions& options);

/// `lockstep demo`.
int demo(const DemoOptions& options);

}  // namespace lockstep::cli
