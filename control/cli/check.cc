#include <cstdio>

#include "control/cli/commands.h"
#include "control/cli/explain.h"
#include "control/config/load.h"
#include "control/service/privileges.h"

namespace lockstep::cli {
namespace {

std::string count(std::size_t n, const char* one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

}  // namespace

int check(const CheckOptions& options) {
  const std::string& path = options.path;
  if (const std::string error = service::harden_process(); !error.empty())
    std::fprintf(stderr, "lockstep: %s\n", error.c_str());
  const config::Loaded loaded = config::load(path);
  std::fputs(loaded.diagnostics.render_all().c_str(), stderr);
  std::size_t errors = 0, warnings = 0;
  for (const config::Diagnostic& diagnostic : loaded.diagnostics.sorted())
    ++(diagnostic.severity == config::Severity::error ? errors : warnings);
  if (!loaded.ok()) {
    std::printf("%s: %s, %s\n", path.c_str(), count(errors, "error").c_str(), count(warnings, "warning").c_str());
    return 1;
  }
  if (options.explain) {
    const std::string explained = explain_json(loaded);
    std::fputs(options.json ? explained.c_str() : explain_text(explained).c_str(), stdout);
    return 0;
  }
  std::printf("%s: ok: %s, %s, %s; %s\n", path.c_str(), count(loaded.config.ports.size(), "port").c_str(),
              count(loaded.config.certificates.size(), "certificate").c_str(),
              count(loaded.config.services.size(), "service").c_str(), count(warnings, "warning").c_str());
  return 0;
}

}  // namespace lockstep::cli
