// One simulated client connection: TCP of a peer, TLS of libssl, and a conversation.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tests/sim/conversation.h"
#include "tests/sim/peer.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"

namespace lockstep::sim {

/// How a client ends a conversation that is complete.
enum class Ending : std::uint8_t {
  graceful,  // closes its direction and waits for the server's end
  leave,     // closes and forgets
  reset,     // RST
};

struct TlsPlan {
  int max_version = 0x0304;
  std::string groups;  // empty: libssl's own
};

struct ClientPlan {
  SocketAddress server;
  Talk talk = Talk::echo;
  std::uint32_t bytes = 0;
  std::optional<TlsPlan> tls;
  Instant start;
  Ending ending = Ending::graceful;
  bool half_close = false;  // closes its direction when all is said, before all is heard
  std::uint32_t largest_write = 65536;
  std::optional<std::uint64_t> reset_after;  // RST after so many bytes heard
};

class Client {
 public:
  Client(ClientPlan plan, Peer& peer, std::uint64_t cookie, Random& random);

  /// Starts when its time has come.
  void begin(Instant now);
  void event(const tcp::Ready& ready, Instant now);
  /// Moves what can be moved.
  void progress(Instant now);
  /// Ends without a word to anybody; the host's cable is pulled.
  void vanish() { state_ = State::done; }
  /// From now on the connection may fail.
  void excuse() { excused_ = true; }

  bool done() const { return state_ == State::done; }
  Instant start() const { return state_ == State::waiting ? plan_.start : Instant::never(); }
  /// What went wrong; empty when nothing did.
  const std::string& failure() const { return failure_; }
  /// For the report of a client that does not end.
  std::string describe() const;
  const ClientPlan& plan() const { return plan_; }
  bool completed() const { return completed_; }
  /// Plaintext bytes.
  std::uint64_t said() const { return said_; }
  std::uint64_t heard() const { return heard_; }

 private:
  enum class State : std::uint8_t { waiting, connecting, talking, closing, done };
  void receive(Instant now);
  void hear(std::string_view bytes);
  void talk();
  void put(std::string_view plaintext);
  void send(Instant now);
  void close_direction();
  void finish(Instant now);
  void fail(const std::string& why, Instant now);
  void leave(bool reset, Instant now);
  bool peer_ended() const;

  ClientPlan plan_;
  Peer& peer_;
  std::uint64_t cookie_;
  std::unique_ptr<Conversation> conversation_;
  std::unique_ptr<tls::test::LibsslPeer> tls_;
  tcp::ConnectionId id_;
  State state_ = State::waiting;
  std::string outgoing_;  // of TCP
  bool nothing_to_say_ = false;
  bool direction_closed_ = false;
  bool fin_sent_ = false;
  bool fin_seen_ = false;
  bool completed_ = false;
  bool excused_ = false;
  std::uint64_t said_ = 0;
  std::uint64_t heard_ = 0;
  std::string failure_;
};

}  // namespace lockstep::sim
