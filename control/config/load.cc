#include "control/config/load.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>

#include "control/certs/backend_tls.h"
#include "control/certs/client_authentication.h"
#include "control/certs/secret_file.h"
#include "control/config/validate.h"

namespace lockstep::config {
namespace {

std::vector<Setting> of_section(const std::vector<Setting>& settings, std::string_view section) {
  std::vector<Setting> result;
  std::copy_if(settings.begin(), settings.end(), std::back_inserter(result), [&](const Setting& setting) {
    return setting.section == section || setting.section.rfind(std::string(section) + ".", 0) == 0;
  });
  return result;
}

/// Certificates, services, tickets and TLS defaults may change while running; the rest is built once.
void keep_running(Loaded& loaded, const Loaded& running) {
  for (const char* const section : {"general", "admin", "port", "tcp", "limits", "batch", "made_ahead"})
    if (of_section(loaded.settings, section) != of_section(running.settings, section))
      loaded.unchanged.emplace_back(section);
  Config& config = loaded.config;
  config.general = running.config.general;
  config.admin = running.config.admin;
  config.ports = running.config.ports;
  config.tcp = running.config.tcp;
  config.limits = running.config.limits;
  config.batch = running.config.batch;
  config.made_ahead = running.config.made_ahead;
  const auto restart_only = [](const Setting& setting) {
    return setting.section.rfind("certificate", 0) != 0 && setting.section.rfind("service", 0) != 0 &&
           setting.section != "tls" && setting.section != "tickets";
  };
  // What is running is compared with next time, not what was put aside.
  loaded.settings.erase(std::remove_if(loaded.settings.begin(), loaded.settings.end(), restart_only),
                        loaded.settings.end());
  std::copy_if(running.settings.begin(), running.settings.end(), std::back_inserter(loaded.settings), restart_only);
}

/// In use, of all arenas and mappings (mallinfo(3)).
std::size_t allocated_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

Loaded load(const std::string& path, const Loaded* running) {
  Loaded loaded{{}, {}, {}, 0, {}, Diagnostics(path), {}};
  const Result<std::string, std::string> text = certs::read_text_file(path);
  if (!text) {
    const std::size_t split = text.error().find("; ");
    loaded.diagnostics.error({}, text.error().substr(0, split), text.error().substr(split + 2));
    return loaded;
  }
  const std::string directory = std::filesystem::absolute(path).parent_path().string();
  Parsed parsed = parse_config(text.value(), directory, loaded.diagnostics);
  // After a syntax error nothing was read: complaints about what is missing would only mislead.
  if (parsed.settings.empty()) return loaded;
  loaded.config = std::move(parsed.config);
  loaded.settings = std::move(parsed.settings);
  if (running != nullptr) keep_running(loaded, *running);
  const std::int64_t now = std::time(nullptr);
  loaded.tickets = tickets::load(loaded.config.tickets, seconds(now).ns, loaded.diagnostics);
  const std::size_t before = allocated_bytes();
  loaded.certificates = certs::load_all(loaded.config.certificates, now, loaded.diagnostics,
                                        running == nullptr ? nullptr : &running->certificates);
  loaded.certificate_bytes = allocated_bytes() - before;
  const certs::EntryIndex by_entry = certs::by_entry(loaded.certificates);
  for (Service& service : loaded.config.services) {
    service.client_authentication = certs::load_client_authentication(service, loaded.diagnostics);
    service.proxy.backend_tls = certs::load_backend_tls(service, by_entry, loaded.diagnostics);
  }
  validate(loaded.config, loaded.certificates, loaded.diagnostics);
  return loaded;
}

}  // namespace lockstep::config
