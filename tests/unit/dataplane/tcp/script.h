// Scripts of TCP behaviour: what comes in, what must go out and when, and what the owner does. scripts/README.md has
// the language.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "dataplane/tcp/header.h"
#include "tests/unit/dataplane/tcp/host.h"

namespace lockstep::testing {

/// Runs one script. The error names the line; empty when all went as written.
class Script {
 public:
  std::string run(const std::string& text);

 private:
  struct Sent {
    tcp::Header header;
    std::vector<std::uint8_t> payload;
    Instant at;
    net::Ecn ecn = net::Ecn::not_capable;
  };

  // The words of a line, read one after the other.
  std::string word();
  std::uint64_t number();
  bool more();

  void line(const std::string& text);
  void begin();
  void configure();
  void pass(Duration time, bool until_sent);
  void turn();
  void collect();
  void inject();
  void expect_segment(Instant due);
  void check_options(const Sent& sent);
  void check_sack(const Sent& sent);
  void check_timestamps(const Sent& sent);
  void check_payload(const Sent& sent);
  void expect_nothing();
  void expect_events();
  void icmp();
  void establish();
  bool owner(const std::string& verb);
  bool check(const std::string& verb);
  void write(std::uint32_t count);
  void read(std::uint32_t count, bool consume);
  void fail(const std::string& why);

  std::string error_;
  std::istringstream words_;
  int line_number_ = 0;

  HostSettings settings_;
  bool v6_ = false;
  std::unique_ptr<Host> host_;
  Random random_ = Random::from_number(1);
  std::unique_ptr<net::Network> peer_;  // builds and reads the frames of the other end
  net::ReceivedBatch peer_batch_;
  std::deque<Sent> sent_;
  Instant now_ = Instant{} + seconds(1000);
  Instant start_ = now_;

  FlowTuple flow_;  // as our stack sees it
  tcp::ConnectionId id_;
  tcp::ListenerId listener_;
  std::uint8_t events_ = 0;
  std::uint32_t our_isn_ = 0;
  bool our_isn_known_ = false;
  std::uint32_t peer_isn_ = 0xfffffc00;  // so that sequence numbers wrap
  std::uint32_t timestamp_base_ = 0;
  bool timestamp_base_known_ = false;
  std::uint32_t last_timestamp_ = 0;
  bool peer_timestamps_ = false;
  std::uint64_t written_ = 0;
  std::uint64_t read_ = 0;
};

}  // namespace lockstep::testing
