// Keys from the kernel's generator, for one machine.
#include "control/config/values.h"
#include "control/tickets/source.h"
#include "crypto/base/random.h"

namespace lockstep::tickets {
namespace {

/// With this many keys accepted, there is no rotation by hand. Those by the clock add at most 64 more (validated).
constexpr std::size_t kMaxByHand = 128;

class RandomSource final : public Source {
 public:
  std::string configure(const config::Tickets& config, Material, Duration lifetime, UnixTime now) override;
  bool advance(UnixTime now) override;
  std::string rotate(UnixTime now) override;

 private:
  std::unique_ptr<Key> make_key();
  bool begin_next(UnixTime now);
  void plan();

  Duration rotate_{};
  Duration lifetime_{};
};

/// nullptr, and a problem, when the kernel gives nothing.
std::unique_ptr<Key> RandomSource::make_key() {
  Secret32 uniform;
  const bool made = fill_from_kernel(uniform.writable());
  problem_ = made ? "" : "the kernel gives no random bytes; check getrandom(2)";
  return made ? derive_key(uniform) : nullptr;
}

/// When the sealing key's time ends, and the next one's lies.
void RandomSource::plan() {
  ring_.sealing().ended = ring_.sealing().since + rotate_.ns;
  ring_.next().since = ring_.sealing().ended;
  ring_.next().ended = ring_.next().since + rotate_.ns;
}

std::string RandomSource::configure(const config::Tickets& config, Material, Duration lifetime, UnixTime now) {
  rotate_ = config.rotate;
  lifetime_ = lifetime;
  if (ring_.size() == 0) {
    std::unique_ptr<Key> sealing = make_key(), next = make_key();
    if (sealing == nullptr || next == nullptr) return problem_;
    sealing->since = now;
    ring_.start(std::move(next), std::move(sealing), now);
  }
  plan();
  return {};
}

bool RandomSource::begin_next(UnixTime now) {
  std::unique_ptr<Key> next = make_key();
  if (next == nullptr) return false;
  ring_.sealing().ended = now;
  ring_.advance(std::move(next));
  ring_.sealing().since = now;
  plan();
  ++rotations_;
  return true;
}

bool RandomSource::advance(UnixTime now) {
  if (now < ring_.sealing().since) {  // the clock was set back: a key seals for `rotate`, not until then
    ring_.sealing().since = now;
    plan();
  }
  const bool begun = now >= ring_.sealing().ended && begin_next(now);
  return ring_.expire(now, lifetime_) || begun;
}

std::string RandomSource::rotate(UnixTime now) {
  if (ring_.size() >= kMaxByHand)
    return std::to_string(ring_.size()) +
           " keys are accepted already, of which none may go before its tickets end; try again when some have gone "
           "('lockstep ticket show')";
  return begin_next(now) ? "" : problem_;
}

}  // namespace

std::unique_ptr<Source> make_random_source() {
  return std::make_unique<RandomSource>();
}

}  // namespace lockstep::tickets
