// Ticket keys in the running service: polled by the main thread, asked about and rotated by the API's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "control/api/view.h"
#include "control/log/log.h"
#include "control/tickets/keeper.h"

namespace lockstep::service {

class TicketKeys {
 public:
  /// `patience`: how long `rotate` waits; less than the client of the UNIX socket does.
  explicit TicketKeys(log::Log& log, std::chrono::milliseconds patience = std::chrono::seconds(4))
      : log_(log), patience_(patience) {}

  /// Makes the first keys. An empty string, or what is wrong and what to do.
  std::string start(const config::Config& config, tickets::Material material, tickets::UnixTime now);
  /// Takes over another configuration, whose snapshot is about to be built with `keys()`.
  void configure(const config::Config& config, tickets::Material material, tickets::UnixTime now);
  std::shared_ptr<const tls::TicketKeys> keys() const { return keeper_->keys(); }

  /// Publishes a snapshot with other keys. An empty string, or why it cannot be now.
  using Publish = std::function<std::string(const std::shared_ptr<const tls::TicketKeys>&)>;
  /// To be called regularly: rotates what is due or asked for, and publishes what has changed, now or next time.
  void tick(tickets::UnixTime now, const Publish& publish);

  /// From any thread but the one that ticks.
  tickets::View view() const;
  /// Asks for a rotation and waits until it is published, or refused.
  api::Rotated rotate();

 private:
  void carry_out_request(tickets::UnixTime now);
  void answer(api::Rotated answer);
  void tell_problem();
  void show();

  log::Log& log_;
  const std::chrono::milliseconds patience_;
  std::unique_ptr<tickets::Keeper> keeper_;
  bool unpublished_ = false;
  bool told_unpublished_ = false;
  std::string told_problem_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable answered_;
  tickets::View view_;
  enum class Request : std::uint8_t { none, made, carried_out } request_ = Request::none;
  api::Rotated answer_;
  std::uint64_t answers_ = 0;
};

}  // namespace lockstep::service
