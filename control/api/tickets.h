// Ticket keys as JSON, and that JSON as a table for people.
#pragma once

#include <string>

#include "control/api/view.h"

namespace lockstep::api {

/// The document of GET /tickets.
std::string tickets_json(const tickets::View& tickets);
/// The table that `lockstep ticket show` prints, from that document; an empty string when `json` is no such document.
std::string tickets_table(const std::string& json);

/// The answer to POST /tickets/rotate that was carried out.
std::string rotated_json(const Rotated& rotated);

}  // namespace lockstep::api
