// [tickets]: which keys belong to which source, and how many ticket keys a session may outlive.
#include "control/config/validate.h"
#include "control/config/values.h"

namespace lockstep::config {
namespace {

/// Ticket keys that may be accepted at a time, besides those that were rotated by hand.
constexpr std::int64_t kMaxKeys = 64;

const char* name(TicketSource source) {
  switch (source) {
    case TicketSource::random:
      return "random";
    case TicketSource::file:
      return "file";
    case TicketSource::fleet:
      break;
  }
  return "fleet";
}

void check_belongs(const Tickets& tickets, const char* key, TicketSource owner, Diagnostics& diagnostics) {
  if (tickets.source.has(key) && tickets.from != owner)
    diagnostics.error(tickets.source.at(key),
                      in_quotes(key) + " is for source = " + in_quotes(name(owner)) + " only, this one is " +
                          in_quotes(name(tickets.from)),
                      "remove it, or change the source");
}

void check_lifetime(const Config& config, const char* key, Duration period, Diagnostics& diagnostics) {
  const Duration longest = config.longest_session();
  if (longest.ns / period.ns <= kMaxKeys) return;
  diagnostics.error(config.tickets.source.at(key),
                    "\"session_lifetime\" is up to " + format_duration(longest) + ", more than " +
                        std::to_string(kMaxKeys) + " times " + in_quotes(key) + " (" + format_duration(period) + ")",
                    "lengthen " + std::string(key) + " to at least " +
                        format_duration(seconds((longest.ns / kMaxKeys + seconds(1).ns - 1) / seconds(1).ns)) +
                        ", or shorten session_lifetime: every key in between has to be kept");
}

}  // namespace

void validate_tickets(const Config& config, Diagnostics& diagnostics) {
  const Tickets& tickets = config.tickets;
  check_belongs(tickets, "files", TicketSource::file, diagnostics);
  check_belongs(tickets, "secret", TicketSource::fleet, diagnostics);
  check_belongs(tickets, "rotate", TicketSource::random, diagnostics);
  check_belongs(tickets, "slice", TicketSource::fleet, diagnostics);
  if (tickets.from == TicketSource::file && tickets.files.empty())
    diagnostics.error(tickets.source.at("source"), "source is \"file\", but \"files\" names none",
                      "add files = [\"ticket.key\"]");
  if (tickets.from == TicketSource::fleet && tickets.secret.empty())
    diagnostics.error(tickets.source.at("source"), "source is \"fleet\", but there is no \"secret\"",
                      "add secret = \"/var/lib/lockstep/tickets\", the file that holds the fleet's state");
  if (tickets.from == TicketSource::random) check_lifetime(config, "rotate", tickets.rotate, diagnostics);
  if (tickets.from != TicketSource::fleet) return;
  check_lifetime(config, "slice", tickets.slice, diagnostics);
  if (tickets.slice.ns % seconds(1).ns != 0)
    diagnostics.error(tickets.source.at("slice"), "\"slice\" is no whole number of seconds", "round it");
}

}  // namespace lockstep::config
