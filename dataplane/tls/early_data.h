// Early data (RFC 8446 sections 2.3, 4.2.10 and 8): what becomes of it, and the window that keeps a hello from being
// taken twice. All questions about one hello go to one core, chosen by the hello, so that there is one answer.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/base/time.h"
#include "crypto/job.h"
#include "dataplane/tls/counters.h"

namespace lockstep::tls {

/// By how much the age that a client claims for its ticket may be off (RFC 8446 section 8.3).
constexpr Duration kEarlyDataTolerance = seconds(10);

/// What becomes of the early data that a client offers. Refused, it is passed over, and the handshake goes on with the
/// session all the same.
enum class EarlyData : std::uint8_t {
  none,         // not offered, or without a session that goes on
  accepted,     //
  not_allowed,  // by the configuration, or by the ticket
  mismatched,   // not with the first ticket, or for another suite or protocol, or without a key exchange
  retried,      // the hello was answered with a HelloRetryRequest, whatever its ticket is
  foreign,      // the ticket was issued by another machine, or before this program started
  stale,        // the hello does not come when the age it claims says
  replayed,     // the hello was seen before
  window_full,  // as many hellos are remembered as there is room for
  unavailable,  // the core that would know cannot be asked
};

/// Counts what became of early data that was offered.
void count_early_data(Counters& counters, EarlyData outcome);

/// Tells hellos apart: the front of the binder, which is a MAC over the hello (RFC 8446 section 8.2).
struct HelloId {
  static constexpr std::size_t kSize = 16;
  std::array<std::uint8_t, kSize> bytes{};

  /// From a binder that was verified: at least kSize + 4 bytes.
  static HelloId of(Bytes binder);
  bool operator==(const HelloId&) const = default;
};

/// Which of `cores` cores knows whether the hello with `binder` was seen before.
std::uint16_t owner_of_hello(Bytes binder, std::uint16_t cores);

/// Asks the core that owns a hello whether its early data may be taken.
struct AdmitEarlyData : crypto::RemoteJob {
  AdmitEarlyData() : RemoteJob(Question::admit_early_data) {}
  HelloId hello;                               // in
  Instant until;                               // in: how long the hello may be taken at all
  EarlyData outcome = EarlyData::unavailable;  // out
};

/// The hellos that one core has seen, as long as they could be taken again: a fixed number in memory taken once. A full
/// window refuses; it never forgets one that could still come back.
class EarlyDataWindow {
 public:
  /// Room for `capacity` hellos, of 40 bytes each; 0: none is admitted.
  EarlyDataWindow(std::uint32_t capacity, Random& random);

  /// Remembers `hello` until after `until`: accepted the first time; else replayed, window_full, or stale when `until`
  /// has passed. So whoever was forgotten is too late, however late the question comes.
  EarlyData admit(const HelloId& hello, Instant until, Instant now);

  std::uint32_t size() const { return size_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Slot {
    HelloId hello;
    Instant until;
    std::uint32_t next = kNone;  // of the same bucket
  };

  std::uint32_t& bucket_of(const HelloId& hello);
  void forget_oldest();

  std::vector<Slot> slots_;             // a ring in order of arrival
  std::vector<std::uint32_t> buckets_;  // first slot of each
  std::uint64_t multiplier_ = 1;        // secret, for a client that has a PSK can look for binders that it likes
  std::uint32_t shift_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t oldest_ = 0;
};

}  // namespace lockstep::tls
