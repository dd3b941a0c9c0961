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

/// What a server may do wrong, TLS 1.2's included.
std::vector<ClientRow> client_errors();
std::vector<ClientRow> client_errors_tls12();

}  // namespace lockstep::tls::test
