// Built-in services: what answers in place of a backend. Each is a small state with one function over an input chain
// and an output chain; it knows neither TCP nor TLS.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "dataplane/base/mbuf.h"
#include "dataplane/proxy/http.h"
#include "dataplane/proxy/pattern.h"
#include "dataplane/proxy/snapshot.h"

namespace lockstep::proxy {

/// RFC 862: sends back what it receives, and ends when the client does.
struct Echo {
  AppStatus serve(Exchange& exchange);
};

/// RFC 863: throws away what it receives, and ends when the client does.
struct Discard {
  AppStatus serve(Exchange& exchange);
};

/// RFC 864: sends the rotating pattern. Endless until the client ends, or exactly `limit` bytes, whatever the client
/// does; throws away what it receives.
struct Chargen {
  std::uint64_t limit = 0;  // 0: endless
  std::uint64_t sent = 0;
  AppStatus serve(Exchange& exchange);
};

/// RFC 867: one line with date and time (UTC), then it closes first.
struct Daytime {
  AppStatus serve(Exchange& exchange);
};

using Application = std::variant<Echo, Discard, Chargen, Daytime, Http>;

/// The application that `service` names (not Builtin::none).
Application make_application(const ServiceConfig& service);

/// Lets `application` take what it can from the input and append what it can to the output.
inline AppStatus serve(Application& application, Exchange& exchange) {
  return std::visit([&](auto& one) { return one.serve(exchange); }, application);
}

}  // namespace lockstep::proxy
