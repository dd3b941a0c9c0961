#include "dataplane/tls/error.h"

#include <array>

namespace lockstep::tls {

namespace {

struct Entry {
  Fault fault;
  Alert alert;
  const char* name;
  const char* text;
};

constexpr std::array kEntries = {
#define LOCKSTEP_TLS_ERROR_ENTRY(name, fault, alert, text) Entry{Fault::fault, Alert::alert, #name, text},
    LOCKSTEP_TLS_ERRORS(LOCKSTEP_TLS_ERROR_ENTRY)
#undef LOCKSTEP_TLS_ERROR_ENTRY
};

const Entry& entry(Error error) {
  return kEntries[static_cast<std::size_t>(error)];
}

}  // namespace

Fault fault_of(Error error) {
  return entry(error).fault;
}

Alert alert_of(Error error) {
  return entry(error).alert;
}

const char* alert_name(std::uint8_t description) {
  switch (description) {
#define LOCKSTEP_TLS_ALERT_NAME(name, number) \
  case number:                                \
    return #name;
    LOCKSTEP_TLS_ALERTS(LOCKSTEP_TLS_ALERT_NAME)
#undef LOCKSTEP_TLS_ALERT_NAME
    default:
      return nullptr;
  }
}

const char* name(Error error) {
  return entry(error).name;
}

const char* describe(Error error) {
  return entry(error).text;
}

}  // namespace lockstep::tls
