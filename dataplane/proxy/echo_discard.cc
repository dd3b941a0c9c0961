#include "dataplane/proxy/application.h"

namespace lockstep::proxy {

AppStatus Echo::serve(Exchange& exchange) {
  if (exchange.input.size() <= exchange.room()) {
    exchange.output.append(std::move(exchange.input));
  } else if (!exchange.input.split_front(exchange.room(), exchange.pools, exchange.output)) {
    return AppStatus::starved;
  }
  const bool ending = exchange.input_ended || exchange.drain == Drain::when_idle;
  return ending && exchange.input.empty() ? AppStatus::finished : AppStatus::waiting;
}

AppStatus Discard::serve(Exchange& exchange) {
  exchange.input.clear();
  return exchange.input_ended || exchange.drain == Drain::when_idle ? AppStatus::finished : AppStatus::waiting;
}

}  // namespace lockstep::proxy
