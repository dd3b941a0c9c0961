// Keys of a fleet's ratchet, and the file that it lives in.
#include <algorithm>

#include "control/tickets/source.h"
#include "control/tickets/state_file.h"

namespace lockstep::tickets {
namespace {

constexpr int kLockWaitMs = 200;
/// When to try again to write the file.
constexpr Duration kRetry = seconds(10);

class FleetSource final : public Source {
 public:
  std::string configure(const config::Tickets& config, Material material, Duration lifetime, UnixTime now) override;
  bool advance(UnixTime now) override;
  std::string rotate(UnixTime) override {
    return "the keys are those of the fleet's time slices (source = \"fleet\"), which all machines change together; to "
           "have all tickets refused, begin anew with 'lockstep ticket import --new' and import its export on all";
  }

 private:
  void start(std::unique_ptr<Ratchet> ratchet, UnixTime now);
  bool walk(std::uint64_t slice, UnixTime now);
  bool renew(UnixTime now);
  bool adopt(std::unique_ptr<Ratchet> found, UnixTime now);
  std::uint64_t slice_at(UnixTime now) const { return Ratchet::slice_at(now, ratchet_->length()); }

  std::string path_;
  Duration lifetime_{};
  std::unique_ptr<Ratchet> ratchet_;
  UnixTime retry_ = kOpen;  // when to write the file that could not be written
};

/// Goes on from `ratchet`, whose keys are others than ours.
void FleetSource::start(std::unique_ptr<Ratchet> ratchet, UnixTime now) {
  ring_.start(ratchet->next_key(), ratchet->key(), now);
  ratchet_ = std::move(ratchet);
}

/// On to `slice`, past the keys of all slices between: others have sealed under them. True when there were any.
bool FleetSource::walk(std::uint64_t slice, UnixTime now) {
  const std::uint64_t from = ratchet_->slice();
  while (ratchet_->slice() < slice) {
    ratchet_->step();
    ring_.advance(ratchet_->next_key());
    ring_.expire(now, lifetime_);
    ++rotations_;
  }
  return ratchet_->slice() != from;
}

/// Takes over what the file says, if that is another secret than ours at the same slice. True when keys have changed.
bool FleetSource::adopt(std::unique_ptr<Ratchet> found, UnixTime now) {
  if (!unfit(*found, ratchet_->length(), now).empty()) return false;
  const std::unique_ptr<Ratchet> there = found->copy();
  if (!there->catch_up(ratchet_->slice()).empty()) return false;
  const bool walked = walk(there->slice(), now);
  if (there->key()->name == ring_.sealing().name) return walked;
  start(std::move(found), now);
  walk(there->slice(), now);
  return true;
}

/// Brings the file up to the ratchet. What it holds meanwhile, by an import, goes first.
bool FleetSource::renew(UnixTime now) {
  retry_ = now + kRetry.ns;
  const auto lock = FolderLock::take(path_, kLockWaitMs);
  if (!lock) {
    problem_ = lock.error();
    return false;
  }
  auto found = read_state(path_);
  if (found) {
    problem_ = unfit(*found.value().ratchet, ratchet_->length(), now);
    if (!problem_.empty()) {
      problem_ = "the ticket state " + path_ + " is not used: " + problem_;
      return false;
    }
  }
  const bool changed = found && adopt(std::move(found.value().ratchet), now);
  problem_ = replace_state(path_, *ratchet_);
  if (problem_.empty()) retry_ = kOpen;
  return changed;
}

std::string FleetSource::configure(const config::Tickets& config, Material material, Duration lifetime, UnixTime now) {
  lifetime_ = lifetime;
  const bool moved = path_ != config.secret;
  path_ = config.secret;
  if (ratchet_ == nullptr || ratchet_->length() != config.slice)
    start(std::move(material.state), now);
  else
    adopt(std::move(material.state), now);
  walk(slice_at(now), now);
  if (!moved) return {};
  renew(now);
  return problem_;
}

bool FleetSource::advance(UnixTime now) {
  const std::uint64_t slice = slice_at(now);
  if (slice > ratchet_->slice() && slice - ratchet_->slice() > Ratchet::kMaxSteps) {
    problem_ = "the clock has jumped " + std::to_string(slice - ratchet_->slice()) + " slices ahead; set it right";
    retry_ = 0;  // as soon as it is right
    return false;
  }
  bool changed = walk(slice, now);
  if (changed || now >= retry_) changed = renew(now) || changed;
  return ring_.expire(now, lifetime_) || changed;
}

}  // namespace

std::unique_ptr<Source> make_fleet_source() {
  return std::make_unique<FleetSource>();
}

}  // namespace lockstep::tickets
