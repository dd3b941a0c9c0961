#include "control/tickets/material.h"

#include <algorithm>

#include "control/certs/secret_file.h"
#include "control/config/values.h"
#include "control/tickets/state_file.h"

namespace lockstep::tickets {
namespace {

using config::Diagnostics;
using config::Position;

/// Errors are "what is wrong; what to do" already; those of the content do not name the file yet.
void report(Diagnostics& diagnostics, Position at, const std::string& file, const std::string& error) {
  const std::size_t split = error.find("; ");
  const std::string what = error.substr(0, split);
  diagnostics.error(at, what.find(file) == std::string::npos ? "the ticket key file " + file + ": " + what : what,
                    split == std::string::npos ? "" : error.substr(split + 2));
}

void warn_if_readable(bool world_readable, Position at, const std::string& file, Diagnostics& diagnostics) {
  if (world_readable) diagnostics.warning(at, "every user can read the ticket keys in " + file, "chmod 600 " + file);
}

/// Adds the keys of a file behind `all`, those that are there already aside.
void append(FileKeys& all, FileKeys more, Position at, const std::string& file, Diagnostics& diagnostics) {
  if (all.keys.empty()) all.sealing = more.sealing;
  for (std::size_t i = 0; i < more.keys.size(); ++i) {
    std::unique_ptr<Key>& key = more.keys[i];
    const bool twice =
        std::any_of(all.keys.begin(), all.keys.end(), [&](const auto& other) { return other->name == key->name; });
    if (!twice) {
      all.keys.push_back(std::move(key));
      continue;
    }
    diagnostics.error(at, "a key in " + file + " stands twice", "remove one, or make a new key");
    return;
  }
}

FileKeys load_files(const config::Tickets& config, Diagnostics& diagnostics) {
  FileKeys all;
  for (std::size_t i = 0; i < config.files.size(); ++i) {
    const std::string& file = config.files[i];
    const Position at = config.source.at("files", i);
    const auto text = certs::SecretFile::read(file);
    if (!text) {
      report(diagnostics, at, file, text.error());
      continue;
    }
    warn_if_readable(text.value().world_readable(), at, file, diagnostics);
    auto found = parse_key_file(text.value().text(), config.files.size() == 1);
    if (found)
      append(all, std::move(found.value()), at, file, diagnostics);
    else
      report(diagnostics, at, file, found.error());
  }
  return all;
}

std::unique_ptr<Ratchet> load_state(const config::Tickets& config, UnixTime now, Diagnostics& diagnostics) {
  if (config.secret.empty()) return nullptr;  // said when validating
  const Position at = config.source.at("secret");
  auto state = read_state(config.secret);
  if (!state) {
    report(diagnostics, at, config.secret, state.error());
    return nullptr;
  }
  warn_if_readable(state.value().world_readable, at, config.secret, diagnostics);
  if (const std::string why = unfit(*state.value().ratchet, config.slice, now); !why.empty()) {
    report(diagnostics, at, config.secret, "the ticket state " + config.secret + " cannot be used: " + why);
    return nullptr;
  }
  return std::move(state.value().ratchet);
}

}  // namespace

std::string unfit(const Ratchet& state, Duration slice, UnixTime now) {
  if (state.length() != slice)
    return "its slices are " + config::format_duration(state.length()) + " long, those configured are " +
           config::format_duration(slice) + "; all machines of a fleet need the same \"slice\" in [tickets]";
  const std::uint64_t current = Ratchet::slice_at(now, slice);
  if (state.slice() > current + 1)
    return "it is " + std::to_string(state.slice() - current) +
           " slices ahead of this machine's clock; set the clock, or import the state of a machine whose clock is "
           "right";
  if (current > state.slice() && current - state.slice() > Ratchet::kMaxSteps)
    return "it is " + std::to_string(current - state.slice()) +
           " slices behind this machine's clock; set the clock, or import a state of today";
  return {};
}

Material load(const config::Tickets& config, UnixTime now, Diagnostics& diagnostics) {
  Material material;
  if (config.from == config::TicketSource::file) material.files = load_files(config, diagnostics);
  if (config.from == config::TicketSource::fleet) material.state = load_state(config, now, diagnostics);
  return material;
}

}  // namespace lockstep::tickets
