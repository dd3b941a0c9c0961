#include "dataplane/tcp/syn_cookies.h"

#include <algorithm>

namespace lockstep::tcp {
namespace {

// What peers have: the smallest we send, RFC 9293's defaults for IPv4 and IPv6, tunnels, Ethernet with IPv6 and IPv4,
// jumbo frames.
constexpr std::array<std::uint16_t, 8> kSizes = {88, 536, 1024, 1220, 1360, 1440, 1460, 8940};
constexpr std::uint32_t kSizeMask = 7;
constexpr std::uint32_t kKeyBit = 8;
constexpr std::uint32_t kHashMask = ~std::uint32_t{15};
// Of the timestamp:
constexpr std::uint32_t kNoScale = 15;
constexpr std::uint32_t kSack = 16;
constexpr std::uint32_t kEcn = 32;

std::uint32_t options_of(const Header& syn) {
  return (syn.has_window_scale ? syn.window_scale : kNoScale) | (syn.sack_permitted ? kSack : 0) |
         (syn.has(Flags::kEce | Flags::kCwr) ? kEcn : 0);
}

/// What the hash authenticates besides the flow. Without timestamps there are no other options.
std::uint64_t authenticated(std::uint32_t sequence, bool timestamps, std::uint32_t options, std::uint32_t low_bits) {
  const std::uint32_t stamped = timestamps ? 0x100 | options : 0;
  return std::uint64_t{sequence} << 32U | std::uint64_t{stamped} << 8U | low_bits;
}

}  // namespace

SynCookies::SynCookies(Random& random) : random_(random), keys_{Key{FlowHash(random)}, Key{FlowHash(random)}} {}

std::uint64_t SynCookies::period(Instant now) {
  return static_cast<std::uint64_t>(now.ns / kPeriod.ns) + 2;
}

std::uint32_t SynCookies::make(const FlowTuple& flow, const Header& syn, Instant now) {
  const std::uint64_t current = period(now);
  Key& key = keys_[current & 1U];
  if (key.period != current) key = {FlowHash(random_), current};
  const std::uint16_t absent = flow.remote.ip.is_v4() ? kDefaultMssV4 : kDefaultMssV6;
  const std::uint16_t wanted = std::max(syn.has_mss ? syn.mss : absent, kSizes.front());
  const auto above = std::upper_bound(kSizes.begin(), kSizes.end(), wanted);
  const auto size = static_cast<std::uint32_t>(above - kSizes.begin() - 1);
  const std::uint32_t low_bits = size | ((current & 1U) != 0 ? kKeyBit : 0);
  const std::uint64_t data = authenticated(syn.sequence, syn.has_timestamps, options_of(syn), low_bits);
  return (static_cast<std::uint32_t>(key.hash(flow, data)) & kHashMask) | low_bits;
}

std::uint32_t SynCookies::stamp(std::uint32_t clock, const Header& syn) {
  const std::uint32_t stamped = (clock & ~kStampMask) | options_of(syn);
  return after(stamped, clock) ? stamped - (kStampMask + 1) : stamped;
}

bool SynCookies::expected(Instant now) const {
  const std::uint64_t current = period(now);
  return std::any_of(keys_.begin(), keys_.end(), [current](const Key& key) { return current - key.period <= 1; });
}

std::optional<Header> SynCookies::take(const FlowTuple& flow, const Header& segment, Instant now) const {
  const std::uint32_t number = segment.acknowledgment - 1;
  const Key& key = keys_[(number & kKeyBit) != 0 ? 1 : 0];
  if (period(now) - key.period > 1) return std::nullopt;
  const std::uint32_t options = segment.timestamp_echo & kStampMask;
  const std::uint32_t low_bits = number & ~kHashMask;
  const std::uint64_t data = authenticated(segment.sequence - 1, segment.has_timestamps, options, low_bits);
  if ((static_cast<std::uint32_t>(key.hash(flow, data)) & kHashMask) != (number & kHashMask)) return std::nullopt;

  Header syn;
  syn.flags = Flags::kSyn;
  syn.sequence = segment.sequence - 1;
  syn.window = segment.window;
  syn.has_mss = true;
  syn.mss = kSizes[number & kSizeMask];
  if (!segment.has_timestamps) return syn;
  syn.has_timestamps = true;
  syn.timestamp = segment.timestamp;
  syn.sack_permitted = (options & kSack) != 0;
  if ((options & kEcn) != 0) syn.flags |= Flags::kEce | Flags::kCwr;
  syn.window_scale = options & kNoScale;
  syn.has_window_scale = syn.window_scale != kNoScale;
  return syn;
}

}  // namespace lockstep::tcp
