#include "tests/sim/client.h"

#include <algorithm>

#include "tests/sim/credentials.h"

namespace lockstep::sim {

namespace {

/// What a client holds back for its connection, so that memory stays small.
constexpr std::size_t kMostOutgoing = 128 * 1024;

}  // namespace

Client::Client(ClientPlan plan, Peer& peer, std::uint64_t cookie, Random& random)
    : plan_(std::move(plan)),
      peer_(peer),
      cookie_(cookie),
      conversation_(make_conversation(plan_.talk, plan_.bytes, random)) {
  if (!plan_.tls) return;
  tls_ = std::make_unique<tls::test::LibsslPeer>([this](SSL_CTX* context) {
    trust_authority(context);
    SSL_CTX_set_max_proto_version(context, plan_.tls->max_version);
    if (!plan_.tls->groups.empty()) SSL_CTX_set1_groups_list(context, plan_.tls->groups.c_str());
  });
}

void Client::begin(Instant now) {
  const auto id = peer_.stack().connect(plan_.server, cookie_, now);
  if (!id) return fail("cannot connect", now);
  id_ = *id;
  state_ = State::connecting;
}

void Client::event(const tcp::Ready& ready, Instant now) {
  if (state_ == State::done || state_ == State::waiting) return;
  if ((ready.events & tcp::Events::kConnected) != 0) state_ = State::talking;
  if ((ready.events & tcp::Events::kPeerClosed) != 0) {
    receive(now);
    fin_seen_ = true;
  }
  progress(now);
  if ((ready.events & tcp::Events::kClosed) == 0 || state_ == State::done) return;
  const auto info = peer_.stack().info(id_);
  const tcp::CloseReason reason = info ? info->close_reason : tcp::CloseReason::none;
  const bool proper = reason == tcp::CloseReason::finished && completed_;
  if (!proper) return fail(std::string("TCP ended: ") + tcp::name(reason), now);
  leave(false, now);
}

void Client::progress(Instant now) {
  if (state_ != State::talking && state_ != State::closing) return;
  receive(now);
  do {
    if (state_ == State::talking) talk();
    send(now);
  } while (state_ == State::talking && outgoing_.empty() && !nothing_to_say_);
  if (state_ == State::done) return;
  if (!conversation_->complaint().empty()) return fail(conversation_->complaint(), now);
  if (tls_ != nullptr && tls_->failed()) return fail("TLS: " + tls_->failure, now);
  if (plan_.reset_after && heard_ >= *plan_.reset_after) return leave(true, now);
  finish(now);
}

void Client::receive(Instant now) {
  const std::string bytes = peer_.take(id_, now);
  if (tls_ == nullptr) return hear(bytes);
  if (!bytes.empty()) tls_->feed({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  tls_->step();
  hear(tls_->received);
  tls_->received.clear();
}

void Client::hear(std::string_view bytes) {
  if (bytes.empty()) return;
  heard_ += bytes.size();
  conversation_->hear(bytes);
}

void Client::talk() {
  nothing_to_say_ = tls_ != nullptr && !tls_->established();
  if (nothing_to_say_) return;
  nothing_to_say_ = direction_closed_;
  while (!direction_closed_ && outgoing_.size() < kMostOutgoing) {
    const std::string text = conversation_->say(plan_.largest_write);
    if (!text.empty()) {
      put(text);
      continue;
    }
    nothing_to_say_ = true;
    if (plan_.half_close) close_direction();
    break;
  }
}

void Client::put(std::string_view plaintext) {
  said_ += plaintext.size();
  if (tls_ == nullptr) {
    outgoing_ += plaintext;
    return;
  }
  tls_->write(std::string(plaintext));
  const auto bytes = tls_->take_output();
  outgoing_.append(bytes.begin(), bytes.end());
}

void Client::close_direction() {
  if (direction_closed_) return;
  direction_closed_ = true;
  if (tls_ != nullptr && tls_->established()) tls_->close();
}

void Client::send(Instant now) {
  if (tls_ != nullptr) {
    const auto bytes = tls_->take_output();
    outgoing_.append(bytes.begin(), bytes.end());
  }
  peer_.send_front(id_, outgoing_, now);
  if (direction_closed_ && outgoing_.empty() && !fin_sent_) {
    fin_sent_ = true;
    peer_.stack().shutdown(id_, now);
  }
}

bool Client::peer_ended() const {
  return fin_seen_ && (tls_ == nullptr || tls_->peer_closed());
}

void Client::finish(Instant now) {
  if (fin_seen_ && tls_ != nullptr && !tls_->peer_closed()) return fail("FIN without close_notify", now);
  if (state_ == State::talking) {
    const bool over = conversation_->complete() && (!conversation_->server_ends() || peer_ended());
    if (!over) {
      if (peer_ended()) fail("the server ended the conversation early", now);
      return;
    }
    completed_ = true;
    state_ = State::closing;
    if (plan_.ending == Ending::reset) return leave(true, now);
    close_direction();
    send(now);
  }
  if (!fin_sent_) return;
  if (plan_.ending == Ending::leave || peer_ended()) leave(false, now);
}

void Client::leave(bool reset, Instant now) {
  if (reset) {
    peer_.stack().abort(id_, now);
  } else {
    peer_.stack().release(id_, now);
  }
  id_ = {};
  state_ = State::done;
}

void Client::fail(const std::string& why, Instant now) {
  if (!excused_ && failure_.empty()) failure_ = why + "; " + describe();
  if (id_) leave(true, now);
  state_ = State::done;
}

std::string Client::describe() const {
  static constexpr const char* kStates[] = {"waiting", "connecting", "talking", "closing", "done"};
  static constexpr const char* kTalks[] = {"echo", "http", "chargen", "daytime", "discard"};
  std::string text = std::string("client ") + std::to_string(cookie_) + " (" + kTalks[static_cast<int>(plan_.talk)] +
                     (plan_.tls ? " over TLS" : "") + " at " + plan_.server.to_string() + ", " +
                     std::to_string(plan_.bytes) + " bytes) is " + kStates[static_cast<int>(state_)] + ", said " +
                     std::to_string(said_) + ", heard " + std::to_string(heard_) + ", " +
                     std::to_string(outgoing_.size()) + " not sent";
  if (tls_ != nullptr) text += tls_->established() ? ", TLS established" : ", in the TLS handshake";
  if (fin_sent_) text += ", FIN sent";
  if (fin_seen_) text += ", FIN seen";
  if (const auto info = peer_.stack().info(id_))
    text += std::string(", TCP ") + info->state + " from port " + std::to_string(info->flow.local.port) + ", " +
            std::to_string(info->bytes_sent) + " bytes acknowledged, window " +
            std::to_string(info->congestion_window) + ", space " + std::to_string(peer_.stack().send_space(id_));
  return text;
}

}  // namespace lockstep::sim
