#include "tests/bogo/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>

namespace lockstep::bogo {
namespace {

constexpr std::uint32_t kBudget = 1U << 20U;

crypto::Policy policy_of(crypto::Engine& engine) {
  crypto::Policy policy;
  for (auto& served : policy) served.engine = &engine;
  return policy;
}

std::array<std::uint8_t, 32> seed() {
  std::array<std::uint8_t, 32> bytes{};
  (void)fill_from_kernel(bytes);
  return bytes;
}

}  // namespace

Shared::Shared(crypto::Engine& engine)
    : random_(seed()),
      batch_(policy_of(engine)),
      core_(tls::make_core({.handshakes = 4, .record_jobs = 64}, *this, random_)) {}

Shared::~Shared() = default;

Instant Shared::now() {
  return {std::chrono::steady_clock::now().time_since_epoch().count()};
}

tls::OutputBuffer Shared::output_buffer(std::uint32_t capacity) {
  auto* const bytes = new std::uint8_t[capacity];
  return {.handle = bytes, .data = bytes, .capacity = capacity, .size = 0};
}

void Shared::release(const tls::OutputBuffer& buffer) {
  delete[] static_cast<std::uint8_t*>(buffer.handle);
}

Connection::~Connection() {
  session_.abandon();
  turn();
  close(socket_);
}

std::string Connection::play() {
  while (close_ == tls::Close::none && !broken_) {
    turn();
    if (close_ == tls::Close::none && !read_more()) {
      session_.peer_fin(Shared::now(), effects_);
      apply();
      turn();
      if (close_ == tls::Close::none) break;
    }
  }
  if (session_.info().error != tls::Error::none) return tls::name(session_.info().error);
  if (broken_) return "the connection broke";
  if (settings_.check_close_notify && !peer_closed_) return "close_notify is missing";
  return {};
}

void Connection::begin_application() {
  constexpr std::array<std::uint8_t, 5> kHello = {'h', 'e', 'l', 'l', 'o'};
  if (settings_.writes_first) plaintext_.append(kHello);
  if (!settings_.shuts_down) return;
  shut_down_ = true;
  session_.shutdown(Shared::now(), effects_);
  apply();
}

void Connection::echo(Bytes bytes) {
  std::vector<std::uint8_t> answer(bytes.begin(), bytes.end());
  for (std::uint8_t& byte : answer) byte ^= 0xffU;
  plaintext_.append(answer);
}

// Everything that can happen without the peer.
void Connection::turn() {
  bool active = true;
  while (active) {
    active = false;
    if (receive_due_ && close_ == tls::Close::none) {
      receive_due_ = false;
      active = true;
      session_.receive(input_.view(), Shared::now(), effects_);
      apply();
    }
    if (write_due_ && close_ == tls::Close::none && !plaintext_.empty()) {
      write_due_ = false;
      active = true;
      session_.write(plaintext_.view(), kBudget, Shared::now(), effects_);
      apply();
    }
    while (shared_.batch().in_flight() != 0) {
      active = true;
      crypto::JobList done;
      shared_.batch().run(Shared::now(), true, done);
      while (crypto::Job* const job = done.pop()) {
        session_.job_done(*job, Shared::now(), effects_);
        apply();
      }
    }
    if (peer_closed_ && established_ && plaintext_.empty() && !shut_down_) {
      shut_down_ = active = true;
      session_.shutdown(Shared::now(), effects_);
      apply();
    }
  }
}

void Connection::apply() {
  for (std::size_t i = 0; i < effects_.input_count; ++i) {
    const tls::Effects::Input& input = effects_.inputs[i];
    input_.take(input.count, [&](Bytes bytes) {
      if (input.deliver) echo(bytes);
    });
  }
  for (std::size_t i = 0; i < effects_.output_count; ++i) {
    const tls::OutputBuffer& buffer = effects_.outputs[i];
    broken_ = !send_all(Bytes(buffer.data, buffer.size)) || broken_;
    shared_.release(buffer);
  }
  plaintext_.take(effects_.released, [](Bytes) {});
  receive_due_ = receive_due_ || effects_.input_count != 0 || effects_.established || effects_.retry;
  write_due_ = write_due_ || effects_.output_count != 0 || effects_.input_count != 0 || effects_.established;
  peer_closed_ = peer_closed_ || effects_.peer_closed;
  if (effects_.close != tls::Close::none) close_ = effects_.close;
  const bool now_established = effects_.established;
  effects_.clear();
  if (!now_established) return;
  established_ = true;
  begin_application();
}

bool Connection::send_all(Bytes bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Connection::read_more() {
  std::array<std::uint8_t, 16384> bytes;
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  input_.append(Bytes(bytes).first(static_cast<std::size_t>(count)));
  receive_due_ = true;
  return true;
}

}  // namespace lockstep::bogo
