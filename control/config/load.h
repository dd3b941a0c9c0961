// A configuration file, read and checked.
#pragma once

#include <string>
#include <vector>

#include "control/certs/loaded_certificate.h"
#include "control/config/parse.h"
#include "control/tickets/material.h"

namespace lockstep::config {

struct Loaded {
  Config config;
  std::vector<Setting> settings;
  std::vector<certs::LoadedCertificate> certificates;  // in the order of config.certificates, folders spread out
  std::size_t certificate_bytes = 0;                   // memory that loading them took, as malloc counts it
  tickets::Material tickets;
  Diagnostics diagnostics;
  /// Sections whose changes were put aside because they need a restart; empty without `running`.
  std::vector<std::string> unchanged;

  bool ok() const { return diagnostics.ok(); }
};

/// Reads and validates `path`. With `running`, what only a restart can change is taken from there instead, and listed
/// in `unchanged` when the file says otherwise.
Loaded load(const std::string& path, const Loaded* running = nullptr);

}  // namespace lockstep::config
