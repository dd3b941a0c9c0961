#include "control/tickets/transfer.h"

#include "control/tickets/material.h"
#include "control/tickets/state_file.h"

namespace lockstep::tickets {
namespace {

constexpr int kLockWaitMs = 5000;

using Outcome = Result<std::unique_ptr<Ratchet>, std::string>;

/// An empty string, or why this configuration has no state.
std::string not_a_fleet(const config::Tickets& config) {
  if (config.from == config::TicketSource::fleet && !config.secret.empty()) return {};
  return "this configuration has no fleet's ticket keys; set source = \"fleet\" and secret = \"FILE\" in [tickets]";
}

/// Ratchets to `now` and writes the file.
Outcome write(const config::Tickets& config, std::unique_ptr<Ratchet> state, UnixTime now) {
  if (std::string error = state->catch_up(Ratchet::slice_at(now, config.slice)); !error.empty())
    return Failure{"the ticket state cannot be used: " + error};
  const auto lock = FolderLock::take(config.secret, kLockWaitMs);
  if (!lock) return Failure{lock.error()};
  if (std::string error = replace_state(config.secret, *state); !error.empty()) return Failure{std::move(error)};
  return state;
}

}  // namespace

Outcome export_state(const config::Tickets& config, UnixTime now) {
  if (std::string error = not_a_fleet(config); !error.empty()) return Failure{std::move(error)};
  auto state = read_state(config.secret);
  if (!state) return Failure{state.error()};
  std::unique_ptr<Ratchet> ratchet = std::move(state.value().ratchet);
  std::string why = unfit(*ratchet, config.slice, now);
  if (!why.empty()) return Failure{"the ticket state " + config.secret + " cannot be used: " + why};
  why = ratchet->catch_up(Ratchet::slice_at(now, config.slice));
  if (!why.empty()) return Failure{why};
  return ratchet;
}

Outcome import_state(const config::Tickets& config, std::string_view text, UnixTime now) {
  if (std::string error = not_a_fleet(config); !error.empty()) return Failure{std::move(error)};
  Outcome state = StateText::parse(text);
  if (!state) return Failure{"this is no ticket state: " + state.error()};
  if (const std::string why = unfit(*state.value(), config.slice, now); !why.empty())
    return Failure{"the ticket state cannot be used: " + why};
  return write(config, std::move(state.value()), now);
}

Outcome begin_fleet(const config::Tickets& config, UnixTime now) {
  if (std::string error = not_a_fleet(config); !error.empty()) return Failure{std::move(error)};
  Outcome state = Ratchet::make(now, config.slice);
  if (!state) return state;
  return write(config, std::move(state.value()), now);
}

}  // namespace lockstep::tickets
