// What scripts do on the owner's side, and what they ask it.

#include "tests/unit/dataplane/tcp/script.h"

namespace lockstep::testing {
namespace {

constexpr std::uint16_t kPort = 80;

}  // namespace

// The options written on the line are what the peer's SYN carries.
void Script::establish() {
  std::string options;
  std::string window = "win 65535";
  while (more()) {
    const std::string name = word();
    if (name == "ts") {
      peer_timestamps_ = true;
      options += " ts 1 0";
    } else if (name == "win") {
      window = "win " + word();
    } else {
      options += " " + name;
    }
  }
  const std::string stamp = peer_timestamps_ ? " ts 1 1" : "";
  for (const std::string& one : {std::string("listen"), "in S " + window + options, std::string("out SA ack 1"),
                                 "in A " + window + stamp, std::string("events accepted")})
    if (error_.empty()) line(one);
}

void Script::write(std::uint32_t count) {
  host_->stack().send(id_, pattern_chain(written_, count), now_);
  written_ += count;
}

void Script::read(std::uint32_t count, bool consume) {
  Chain* const chain = host_->stack().received(id_);
  if (chain == nullptr || chain->size() < count)
    return fail("only " + std::to_string(chain != nullptr ? chain->size() : 0) + " bytes can be read");
  std::vector<std::uint8_t> bytes(count);
  chain->copy(0, bytes);
  chain->drop_front(count);
  for (const std::uint8_t byte : bytes)
    if (byte != pattern(read_++)) return fail("a wrong byte was received at " + std::to_string(read_ - 1));
  if (consume) host_->stack().consumed(id_, count, now_);
}

void Script::icmp() {
  net::ReceivedBatch batch;
  net::IcmpError error;
  error.flow = flow_;
  const std::string kind = word();
  if (kind == "hard") error.kind = net::IcmpError::Kind::hard;
  if (kind == "toobig") {
    error.kind = net::IcmpError::Kind::packet_too_big;
    error.mtu = static_cast<std::uint16_t>(number());
  }
  word();
  error.sequence = our_isn_ + static_cast<std::uint32_t>(number());
  batch.errors.push_back(error);
  host_->stack().input(batch, now_);
}

bool Script::owner(const std::string& verb) {
  tcp::Stack& stack = host_->stack();
  if (verb == "listen") {
    const auto listener = stack.listen(flow_.local, 1);
    if (!listener) fail("listen failed");
    if (listener) listener_ = *listener;
  } else if (verb == "unlisten") {
    stack.close_listener(listener_);
  } else if (verb == "connect") {
    flow_.remote.port = kPort;
    const auto id = stack.connect(flow_.remote, 1, now_);
    if (!id) fail("connect failed");
    if (id) id_ = *id;
  } else if (verb == "write") {
    write(static_cast<std::uint32_t>(number()));
  } else if (verb == "read" || verb == "take") {
    read(static_cast<std::uint32_t>(number()), verb == "read");
  } else if (verb == "consume") {
    stack.consumed(id_, static_cast<std::uint32_t>(number()), now_);
  } else if (verb == "space") {
    if (const std::uint64_t space = stack.send_space(id_); space != number()) fail("space is " + std::to_string(space));
  } else if (verb == "shutdown") {
    stack.shutdown(id_, now_);
  } else if (verb == "release") {
    stack.release(id_, now_);
  } else if (verb == "abort") {
    stack.abort(id_, now_);
  } else if (verb == "icmp") {
    icmp();
  } else {
    return false;
  }
  turn();
  return true;
}

bool Script::check(const std::string& verb) {
  const auto same = [this](const std::string& is) {
    if (const std::string wanted = word(); is != wanted) fail("it is " + is + ", not " + wanted);
  };
  const auto info = host_->stack().info(id_);
  if (verb == "events") {
    expect_events();
  } else if (verb == "state") {
    same(info ? info->state : "gone");
  } else if (verb == "reason") {
    same(info ? name(info->close_reason) : "gone");
  } else if (verb == "connections") {
    same(std::to_string(host_->stack().connections()));
  } else if (verb == "cwnd") {
    same(info ? std::to_string(info->congestion_window) : "gone");
  } else if (verb == "counter") {
    const std::string wanted = word();
    std::string is = "unknown";
    host_->stack().counters().visit([&](CounterType, const char* counter, const char*, std::uint64_t value) {
      if (wanted == counter) is = std::to_string(value);
    });
    same(is);
  } else {
    return false;
  }
  return true;
}

}  // namespace lockstep::testing
