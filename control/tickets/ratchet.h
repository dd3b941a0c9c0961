// The secret of a fleet, which goes forward only.
#pragma once

#include <string>

#include "control/tickets/key_ring.h"
#include "crypto/base/result.h"

namespace lockstep::tickets {

/// secret(i) of time slice i. secret(i+1) is HKDF of it; there is no way back.
class Ratchet {
 public:
  /// Most steps that are made at once: 30 years of hours, half a year of minutes. Beyond, something else is wrong.
  static constexpr std::uint64_t kMaxSteps = std::uint64_t{1} << 18U;

  /// `secret` has 32 bytes; `length` is that of a slice, in whole seconds.
  Ratchet(Bytes secret, std::uint64_t slice, Duration length);
  Ratchet(const Ratchet&) = delete;
  Ratchet& operator=(const Ratchet&) = delete;
  std::unique_ptr<Ratchet> copy() const;
  /// A new fleet's, from the kernel's generator. The error says what to do.
  static Result<std::unique_ptr<Ratchet>, std::string> make(UnixTime now, Duration length);

  std::uint64_t slice() const { return slice_; }
  Duration length() const { return length_; }
  /// The slice that `now` lies in.
  static std::uint64_t slice_at(UnixTime now, Duration length) { return static_cast<std::uint64_t>(now / length.ns); }

  /// On to the next slice; the old secret is wiped.
  void step();
  /// On to `slice`, or nothing when the ratchet is there or beyond. An empty string, or why it is too far.
  std::string catch_up(std::uint64_t slice);
  /// The ticket key of this slice, and that of the next one.
  std::unique_ptr<Key> key() const;
  std::unique_ptr<Key> next_key() const;

 private:
  Secret32 secret_;
  std::uint64_t slice_;
  Duration length_;

  friend class StateText;
};

/// A ratchet as text: what the state file holds, and export prints. Wiped with its owner.
class StateText {
 public:
  explicit StateText(const Ratchet& ratchet);
  Bytes bytes() const { return text_.expose(size_); }

  /// The ratchet that `text` stands for. The error says what is wrong and what to do, without showing the text.
  static Result<std::unique_ptr<Ratchet>, std::string> parse(std::string_view text);

 private:
  Secret<256> text_;
  std::size_t size_ = 0;
};

}  // namespace lockstep::tickets
