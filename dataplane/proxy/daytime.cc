#include <array>
#include <cstdio>

#include "dataplane/proxy/application.h"
#include "dataplane/proxy/calendar.h"

namespace lockstep::proxy {

AppStatus Daytime::serve(Exchange& exchange) {
  exchange.input.clear();
  const CivilTime t = civil_time(exchange.unix_seconds);
  std::array<char, 96> line{};
  const int size =
      std::snprintf(line.data(), line.size(), "%s, %s %u, %d %02u:%02u:%02u-UTC\r\n", weekday_name(t.weekday),
                    month_name(t.month), t.day, t.year, t.hour, t.minute, t.second);
  if (!append_text(exchange, std::string_view(line.data(), static_cast<std::size_t>(size)))) return AppStatus::starved;
  return AppStatus::finished;
}

}  // namespace lockstep::proxy
