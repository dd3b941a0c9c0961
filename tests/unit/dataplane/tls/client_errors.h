// Servers on the engine without security that make our client fail.
#pragma once

#include <vector>

#include "tests/unit/dataplane/tls/client_scene.h"

namespace lockstep::tls::test {

struct ClientRow {
  Error error;
  const char* what;
  void (*play)(ClientScene&);
  bool alert = true;  // the server gets one
};

/// What a server may do wrong, up to the end of the handshake.
std::vector<ClientRow> client_errors();

}  // namespace lockstep::tls::test
