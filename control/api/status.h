// The service as JSON, and that JSON as a table for people.
#pragma once

#include <string>

#include "control/api/view.h"

namespace lockstep::api {

/// The document of GET /status.
std::string status_json(const View& view);

/// The document of GET /certificates.
std::string certificates_json(const View& view);

/// The answer to POST /certificates/reload.
std::string reloaded_json(const Reloaded& reloaded);

/// The answer to POST /made-ahead/drop.
std::string dropped_json(const Dropped& dropped);

/// The table that `lockstep status` prints, from the document of GET /status; an empty string when `json` is no such
/// document.
std::string status_table(const std::string& json);

}  // namespace lockstep::api
