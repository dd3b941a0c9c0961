#include "control/service/ticket_keys.h"

namespace lockstep::service {

std::string TicketKeys::start(const config::Config& config, tickets::Material material, tickets::UnixTime now) {
  auto keeper = tickets::Keeper::create(config, std::move(material), now);
  if (!keeper) return keeper.error();
  keeper_ = std::move(keeper.value());
  show();
  return {};
}

void TicketKeys::configure(const config::Config& config, tickets::Material material, tickets::UnixTime now) {
  // What is wrong now is the source's problem from now on, and told as such.
  (void)keeper_->configure(config, std::move(material), now);
  show();
}

void TicketKeys::tick(tickets::UnixTime now, const Publish& publish) {
  unpublished_ = keeper_->advance(now) || unpublished_;
  carry_out_request(now);
  tell_problem();
  if (!unpublished_) return;
  const std::string error = publish(keeper_->keys());
  unpublished_ = !error.empty();
  show();
  if (unpublished_) {
    if (!told_unpublished_)
      log_.warning("ticket_keys_wait", {{"reason", error}, {"message", "new ticket keys are published later"}});
    told_unpublished_ = true;
    return;
  }
  told_unpublished_ = false;
  const tickets::View now_published = keeper_->view();
  std::string sealing;
  for (const tickets::KeyView& key : now_published.keys)
    if (key.use == tickets::Use::sealing) sealing = key.name;
  log_.info("ticket_keys", {{"source", now_published.source},
                            {"sealing", sealing},
                            {"keys", now_published.keys.size()},
                            {"rotations", now_published.rotations}});
  const std::unique_lock lock(mutex_);
  if (request_ != Request::carried_out) return;
  request_ = Request::none;
  answer({.outcome = api::Rotated::Outcome::published, .sealing = sealing, .reason = {}});
}

void TicketKeys::carry_out_request(tickets::UnixTime now) {
  const std::unique_lock lock(mutex_);
  if (request_ != Request::made || unpublished_) return;
  const std::string refused = keeper_->rotate(now);
  request_ = refused.empty() ? Request::carried_out : Request::none;
  unpublished_ = refused.empty();
  if (!refused.empty()) answer({.outcome = api::Rotated::Outcome::refused, .sealing = {}, .reason = refused});
}

/// The lock is held.
void TicketKeys::answer(api::Rotated answer) {
  answer_ = std::move(answer);
  ++answers_;
  answered_.notify_all();
}

void TicketKeys::tell_problem() {
  const std::string problem = keeper_->view().problem;
  if (problem == told_problem_) return;
  if (problem.empty())
    log_.info("ticket_keys_problem_over", {{"was", told_problem_}});
  else
    log_.error("ticket_keys_problem", {{"message", problem}});
  told_problem_ = problem;
  show();
}

void TicketKeys::show() {
  tickets::View view = keeper_->view();
  const std::lock_guard lock(mutex_);
  view_ = std::move(view);
}

tickets::View TicketKeys::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

api::Rotated TicketKeys::rotate() {
  std::unique_lock lock(mutex_);
  // Callers that meet share one rotation.
  if (request_ == Request::none) request_ = Request::made;
  const std::uint64_t before = answers_;
  if (answered_.wait_for(lock, patience_, [&] { return answers_ != before; })) return answer_;
  return {.outcome = api::Rotated::Outcome::waits,
          .sealing = {},
          .reason =
              "handshakes that are not over hold too many earlier configurations; the rotation is made as soon as "
              "they are, at the latest after handshake_timeout"};
}

}  // namespace lockstep::service
