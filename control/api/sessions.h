// Resumption as JSON, and that JSON as tables for people.
#pragma once

#include <string>

#include "control/api/view.h"

namespace lockstep::api {

/// The document of GET /sessions: for each worker its handshakes, its cache of TLS 1.2 sessions, and what became of
/// tickets and of early data.
std::string sessions_json(const View& view);
/// The tables that `lockstep sessions` prints, from that document; an empty string when `json` is no such document.
std::string sessions_table(const std::string& json);

}  // namespace lockstep::api
