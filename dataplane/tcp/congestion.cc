#include "dataplane/tcp/congestion.h"

#include <algorithm>
#include <cmath>

namespace lockstep::tcp {
namespace {

constexpr double kCubicScale = 0.4;     // C, segments per cubed second (RFC 9438 section 5.1)
constexpr double kCubicDecrease = 0.7;  // beta_cubic (section 4.6)
constexpr double kRenoDecrease = 0.5;
constexpr double kMaximumWindow = 1U << 30U;
// One ACK may stand for a burst that was coalesced, but it may not open the window without limit: RFC 9406 section 4.2
// gives 8 segments per ACK, RFC 3465 section 2.3 one after a timeout.
constexpr double kSlowStartSegments = 8;

constexpr double initial_window(double mss) {
  return std::min(10 * mss, std::max(2 * mss, 14600.0));
}
constexpr double in_seconds(Duration duration) {
  return static_cast<double>(duration.ns) * 1e-9;
}

}  // namespace

void Congestion::start(std::uint32_t mss, bool handshake_lost) {
  window_ = handshake_lost ? mss : initial_window(mss);
}

void Congestion::on_ack(std::uint32_t acknowledged, std::uint32_t mss, Duration round_trip, Instant now) {
  if (window_ < threshold_) {
    const double limit = (after_timeout_ ? 1 : kSlowStartSegments) * mss;
    window_ = std::min(window_ + std::min<double>(acknowledged, limit), kMaximumWindow);
    return;
  }
  after_timeout_ = false;
  if (algorithm_ == CongestionAlgorithm::newreno) {
    window_ += std::min<double>(acknowledged, window_) * mss / window_;
  } else {
    cubic(acknowledged, mss, round_trip, now);
  }
  window_ = std::min(window_, kMaximumWindow);
}

// RFC 9438 section 4.2 to 4.5, in segments.
void Congestion::cubic(double acknowledged, double mss, Duration round_trip, Instant now) {
  double window = window_ / mss;
  const double segments = acknowledged / mss;
  if (!epoch_started_) {
    epoch_started_ = true;
    epoch_ = now;
    estimate_ = window;
    maximum_ = std::max(maximum_, window_);
    offset_ = std::cbrt((maximum_ - window_) / mss / kCubicScale);
  }
  const auto curve = [this, mss](double t) {
    const double distance = t - offset_;
    return kCubicScale * distance * distance * distance + maximum_ / mss;
  };
  const double elapsed = in_seconds(now - epoch_);
  const double friendly = estimate_ * mss < before_loss_ ? 3 * (1 - kCubicDecrease) / (1 + kCubicDecrease) : 1.0;
  estimate_ += friendly * segments / window;
  if (curve(elapsed) < estimate_) {
    window = std::max(window, estimate_);
  } else {
    const double target = std::clamp(curve(elapsed + in_seconds(round_trip)), window, 1.5 * window);
    window += (target - window) / window * segments;
  }
  window_ = window * mss;
}

void Congestion::decrease(std::uint32_t flight, std::uint32_t mss, double factor) {
  before_loss_ = window_;
  // Fast convergence (RFC 9438 section 4.7): a flow that lost before it got back to its maximum releases bandwidth.
  maximum_ = window_ < maximum_ ? window_ * (1 + kCubicDecrease) / 2 : window_;
  threshold_ = std::max(flight * factor, 2.0 * mss);
  epoch_started_ = false;
}

void Congestion::on_loss(std::uint32_t flight, std::uint32_t mss) {
  decrease(flight, mss, algorithm_ == CongestionAlgorithm::cubic ? kCubicDecrease : kRenoDecrease);
  window_ = threshold_;
  after_timeout_ = false;
  reduction_flight_ = std::max(flight, mss);
  reduction_delivered_ = reduction_sent_ = 0;
}

void Congestion::on_recovery_ack(std::uint32_t delivered, std::uint32_t flight, std::uint32_t mss, bool progress) {
  reduction_delivered_ += delivered;
  const auto ahead = static_cast<double>(reduction_delivered_) - reduction_sent_;
  double room = 0;
  if (flight > threshold_) {
    // In proportion, so that the window has come down when recovery ends.
    room = std::ceil(reduction_delivered_ * threshold_ / reduction_flight_) - reduction_sent_;
  } else {
    // Below it by losses: up again as by slow start, or by what arrived while more is being lost.
    room = std::min(threshold_ - flight, std::max<double>(ahead, delivered) + (progress ? mss : 0));
  }
  if (reduction_sent_ == 0) room = std::max<double>(room, mss);
  window_ = flight + std::max(room, 0.0);
}

void Congestion::on_timeout(std::uint32_t flight, std::uint32_t mss, bool first) {
  if (first) decrease(flight, mss, algorithm_ == CongestionAlgorithm::cubic ? kCubicDecrease : kRenoDecrease);
  maximum_ = 0;  // RFC 9438 section 4.8: the next epoch starts from its own window
  window_ = mss;
  epoch_started_ = false;
  after_timeout_ = true;
}

void Congestion::on_recovered(std::uint32_t flight, std::uint32_t mss) {
  if (after_timeout_) return;
  window_ = std::min(threshold_, static_cast<double>(std::max(flight, mss)) + mss);
}

void Congestion::on_idle(std::uint32_t mss) {
  window_ = std::min(window_, initial_window(mss));
  epoch_started_ = false;
}

}  // namespace lockstep::tcp
