// Congestion window: slow start and congestion avoidance by CUBIC (RFC 9438) or NewReno (RFC 5681, RFC 6582).
#pragma once

#include <cstdint>

#include "crypto/base/time.h"

namespace lockstep::tcp {

enum class CongestionAlgorithm : std::uint8_t { cubic, newreno };

/// The window of one connection, in bytes. When it is used, and what is lost, is decided elsewhere.
class Congestion {
 public:
  explicit Congestion(CongestionAlgorithm algorithm = CongestionAlgorithm::cubic) : algorithm_(algorithm) {}

  /// Starts with the initial window of RFC 6928, or one segment when the handshake was lost more than once (its section
  /// 2).
  void start(std::uint32_t mss, bool handshake_lost);
  std::uint32_t window() const { return static_cast<std::uint32_t>(window_); }
  std::uint32_t threshold() const { return static_cast<std::uint32_t>(threshold_); }

  /// `acknowledged` new bytes arrived while the window was in full use.
  void on_ack(std::uint32_t acknowledged, std::uint32_t mss, Duration round_trip, Instant now);
  /// A loss found by duplicate ACKs with `flight` bytes outstanding: multiplicative decrease.
  void on_loss(std::uint32_t flight, std::uint32_t mss);
  /// The first expiry of a retransmission timer with `flight` bytes outstanding (RFC 5681 section 3.1); later ones of
  /// the same segment only restart from one segment.
  void on_timeout(std::uint32_t flight, std::uint32_t mss, bool first);
  /// Proportional rate reduction (RFC 9937 section 6) while what `on_loss` was told of is repaired: of `delivered`
  /// bytes an ACK tells, `flight` are on their way. `progress`: SND.UNA moved and nothing more was found lost.
  void on_recovery_ack(std::uint32_t delivered, std::uint32_t flight, std::uint32_t mss, bool progress);
  /// `bytes` were sent meanwhile.
  void on_recovery_sent(std::uint32_t bytes) { reduction_sent_ += bytes; }
  /// A repair begins, or a timer found more to repair, with `flight` bytes on their way: one segment goes out, and what
  /// arrives says how many follow.
  void on_repair(std::uint32_t flight, std::uint32_t mss) { window_ = flight + mss; }
  /// What proportional rate reduction was for is repaired.
  void on_repaired() { window_ = threshold_; }
  /// Recovery is over; `flight` bytes are outstanding (RFC 6582 section 3.2: no burst after it).
  void on_recovered(std::uint32_t flight, std::uint32_t mss);
  /// Nothing was sent for longer than a retransmission timeout (RFC 5681 section 4.1).
  void on_idle(std::uint32_t mss);
  /// The sender did not use the window: growth pauses (RFC 9438 section 5.8).
  void on_application_limited() { epoch_started_ = false; }

 private:
  void decrease(std::uint32_t flight, std::uint32_t mss, double factor);
  void cubic(double acknowledged, double mss, Duration round_trip, Instant now);

  double window_ = 0;
  double threshold_ = 4294967295.0;
  double maximum_ = 0;                     // W_max: the window before the last decrease, 0 when unknown
  double estimate_ = 0;                    // W_est: what Reno would have
  double offset_ = 0;                      // K, seconds
  double before_loss_ = 0;                 // cwnd_prior
  std::uint32_t reduction_flight_ = 0;     // RecoverFS
  std::uint32_t reduction_delivered_ = 0;  // prr_delivered
  std::uint32_t reduction_sent_ = 0;       // prr_out
  Instant epoch_;
  bool epoch_started_ = false;
  bool after_timeout_ = false;
  CongestionAlgorithm algorithm_;
};

}  // namespace lockstep::tcp
