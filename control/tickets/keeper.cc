#include "control/tickets/keeper.h"

#include "crypto/base/random.h"

namespace lockstep::tickets {
namespace {

constexpr std::size_t kShownBytes = 8;

const char* name(config::TicketSource source) {
  switch (source) {
    case config::TicketSource::random:
      return "random";
    case config::TicketSource::file:
      return "file";
    case config::TicketSource::fleet:
      break;
  }
  return "fleet";
}

std::string shown_name(const Key& key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : Bytes(key.name).first(kShownBytes)) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace

const char* name(Use use) {
  switch (use) {
    case Use::next:
      return "next";
    case Use::sealing:
      return "sealing";
    case Use::previous:
      break;
  }
  return "previous";
}

UnixTime View::sealing_since() const {
  for (const KeyView& key : keys)
    if (key.use == Use::sealing) return key.since;
  return 0;
}

std::unique_ptr<Source> make_source(config::TicketSource kind) {
  switch (kind) {
    case config::TicketSource::random:
      return make_random_source();
    case config::TicketSource::file:
      return make_file_source();
    case config::TicketSource::fleet:
      break;
  }
  return make_fleet_source();
}

Result<std::unique_ptr<Keeper>, std::string> Keeper::create(const config::Config& config, Material material,
                                                            UnixTime now) {
  std::unique_ptr<Keeper> keeper(new Keeper());
  if (!fill_from_kernel(keeper->instance_))
    return Failure{std::string("the kernel gives no random bytes; check getrandom(2)")};
  if (std::string error = keeper->configure(config, std::move(material), now); !error.empty())
    return Failure{std::move(error)};
  return keeper;
}

std::string Keeper::configure(const config::Config& config, Material material, UnixTime now) {
  if (source_ == nullptr || kind_ != config.tickets.from) source_ = make_source(config.tickets.from);
  kind_ = config.tickets.from;
  lifetime_ = config.longest_session();
  return source_->configure(config.tickets, std::move(material), lifetime_, now);
}

View Keeper::view() const {
  View view;
  view.source = name(kind_);
  view.rotations = source_->rotations();
  view.problem = source_->problem();
  const KeyRing& ring = source_->ring();
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Key& key = *ring.keys()[i];
    KeyView& shown = view.keys.emplace_back();
    shown.name = shown_name(key);
    shown.use = i < ring.sealing_index() ? Use::next : i == ring.sealing_index() ? Use::sealing : Use::previous;
    shown.since = key.since;
    if (key.ended != kOpen) shown.until = key.ended + lifetime_.ns;
  }
  return view;
}

}  // namespace lockstep::tickets
