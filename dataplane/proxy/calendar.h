// UNIX time as text, without a time zone database.
#pragma once

#include <cstdint>

namespace lockstep::proxy {

/// A civil date and time, UTC.
struct CivilTime {
  int year;
  unsigned month;    // 1..12
  unsigned day;      // 1..31
  unsigned weekday;  // 0: Sunday
  unsigned hour;
  unsigned minute;
  unsigned second;
};

/// The civil time of `unix_seconds` (leap seconds as POSIX counts them).
CivilTime civil_time(std::int64_t unix_seconds);
/// The English name of a weekday or a month; its first three letters are the usual abbreviation.
const char* weekday_name(unsigned weekday);
const char* month_name(unsigned month);

}  // namespace lockstep::proxy
