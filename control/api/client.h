// Asks a running service over its UNIX socket.
#pragma once

#include <string>

#include "crypto/base/result.h"

namespace lockstep::api {

/// The body of GET `path` at the UNIX socket `socket`. The error says what is wrong and what to do.
Result<std::string, std::string> get(const std::string& socket, const std::string& path);
/// The same of POST `path`, without a body.
Result<std::string, std::string> post(const std::string& socket, const std::string& path);

}  // namespace lockstep::api
