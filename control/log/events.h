// Workers' events as log lines.
#pragma once

#include <optional>
#include <string>

#include "control/log/line.h"
#include "dataplane/base/event.h"
#include "dataplane/proxy/access_event.h"

namespace lockstep::log {

struct EventLine {
  const char* event = "";
  Level level = Level::info;
  Fields fields;
};

/// The line of `event`; nullopt for kinds that are not logged.
std::optional<EventLine> event_line(const Event& event);

/// The access line of one connection.
Fields access_fields(const proxy::AccessEvent& event);

/// "TLSv1.3"; "unknown(0x....)" for others.
std::string version_name(std::uint16_t version);
std::string group_name(std::uint16_t group);
std::string signature_scheme_name(std::uint16_t scheme);

}  // namespace lockstep::log
