// All of a worker's TCP behind `Stack`. Its functions lie in files by subject; those that may end a connection say so.
#pragma once

#include <algorithm>

#include "dataplane/base/flow_hash.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/header.h"
#include "dataplane/tcp/list.h"
#include "dataplane/tcp/listeners.h"
#include "dataplane/tcp/path_mtus.h"
#include "dataplane/tcp/range_pool.h"
#include "dataplane/tcp/source_counts.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/tcp/syn_cookies.h"
#include "dataplane/tcp/table.h"

namespace lockstep::tcp {

/// A segment on its way in: the header read, `payload` starts behind it.
struct Segment {
  Header header;
  MbufPtr payload;
  std::uint32_t length = 0;  // payload bytes
  bool congestion = false;   // a router met it on its way (RFC 3168, CE)

  std::uint32_t sequence() const { return header.sequence; }
  bool has(std::uint8_t bits) const { return header.has(bits); }
  /// Sequence numbers it takes up (RFC 9293 section 3.4, SEG.LEN).
  std::uint32_t sequence_length() const { return length + (has(Flags::kSyn) ? 1 : 0) + (has(Flags::kFin) ? 1 : 0); }
};

class Core {
 public:
  Core(const Config& config, net::Network& network, MbufPools& pools, Random& random, const Steering* steering,
       Instant now);
  ~Core();

  // stack.cc forwards to these; Stack documents them.
  std::optional<ListenerId> listen(const SocketAddress& local, std::uint64_t cookie);
  void close_listener(ListenerId id);
  std::optional<ConnectionId> connect(const SocketAddress& remote, std::uint64_t cookie, Instant now);
  void input(net::ReceivedBatch& batch, Instant now);
  std::optional<Ready> next_ready();
  Connection* owned(ConnectionId id);
  void consumed(Connection& c, std::uint32_t count);
  std::uint32_t send_space(Connection& c) const;
  void send(Connection& c, Chain&& data);
  void shutdown(Connection& c);
  void abort(Connection& c, Instant now);
  void release(Connection& c, Instant now);
  ConnectionInfo info(const Connection& c) const;
  void advance(Instant now);
  void output(Instant now);
  Instant next() const;
  std::uint32_t connections() const { return connections_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  // input.cc: which connection, and whether the segment is acceptable.
  void process(net::TcpSegment& received, std::uint32_t hash, Instant now);
  void unknown_flow(const FlowTuple& flow, std::uint32_t hash, Segment& segment, Instant now);
  bool established_in_order(Connection& c, Segment& segment, Instant now);
  void synchronized(Connection& c, Segment& segment, Instant now);
  bool timestamp_acceptable(Connection& c, const Segment& segment, Instant now);
  void not_acceptable(Connection& c, const Segment& segment, Instant now);
  void reset_received(Connection& c, const Segment& segment, Instant now);
  void challenge(Connection& c, Instant now);
  void in_time_wait(Connection& c, Segment& segment, Instant now);

  // acknowledge.cc: what the ACK says. False when the segment is to be dropped or the connection is gone.
  bool acknowledge(Connection& c, const Segment& segment, Instant now);
  bool take_acknowledgment(Connection& c, const Segment& segment, Instant now);
  static bool acceptable_block(const Connection& c, const SequenceRange& block, std::uint32_t ack);
  void take_sack(Connection& c, const Segment& segment);
  void update_window(Connection& c, const Segment& segment);
  void window_opened(Connection& c, std::uint32_t ack);
  bool new_data_acknowledged(Connection& c, const Segment& segment, Instant now);
  void forget_acknowledged(Connection& c);
  void measure(Connection& c, const Segment& segment, std::uint32_t ack, Instant now);
  bool own_fin_acknowledged(Connection& c, Instant now);
  void duplicate_ack(Connection& c, Instant now);

  // recovery.cc: what is lost and what is on its way.
  std::uint32_t in_flight(const Connection& c) const;
  static std::uint32_t flight_at_loss(const Connection& c, std::uint32_t outstanding);
  void find_losses(Connection& c, Instant now);
  void reduce_window(Connection& c, std::uint32_t outstanding);
  static void reduced(Connection& c);
  void start_repair(Connection& c, Recovery recovery, std::uint32_t edge);
  void progress_recovery(Connection& c, std::uint32_t acknowledged);
  void end_recovery(Connection& c);
  void mark_all_lost(Connection& c);
  void retransmission_timeout(Connection& c, Instant now);

  // rack.cc: losses by time, and the tail probe.
  static Duration transmission_grain(const Connection& c);
  static bool reports_duplicate(const Segment& segment);
  static void take_duplicate_report(Connection& c, std::uint32_t ack);
  static void no_proof_below(Connection& c, std::uint32_t end);
  static void note_arrivals(Connection& c, const Segment& segment, Instant now);
  static void note_delivered(Connection& c, SequenceRange range, std::uint32_t known, const Segment& segment,
                             Instant now);
  static Duration reordering_window(const Connection& c);
  static std::uint32_t lost_edge(Connection& c, Instant now);
  static void arm_probe(Connection& c, bool sent, Instant now);
  void loss_expired(Connection& c, Instant now);
  void probe_tail(Connection& c, Instant now);
  static void tail_probe_answered(Connection& c, const Segment& segment, bool repeats);

  // congestion_notification.cc: RFC 3168.
  bool asks_for_ecn(const Header& header) const;
  static void congestion_on_the_way(Connection& c, const Segment& segment);
  void congestion_echoed(Connection& c, std::uint32_t flight);
  net::Ecn mark_data(Connection& c, bool first, std::uint8_t& flags) const;

  // receive.cc: payload, FIN and window. May end the connection.
  void accept_payload(Connection& c, Segment& segment, Instant now);
  void in_order(Connection& c, Chain&& data, Instant now);
  void out_of_order(Connection& c, std::uint32_t sequence, Chain&& data, Instant now);
  void delivered(Connection& c, std::uint32_t next, Instant now);
  void in_order_fin(Connection& c, Instant now);
  void count_memory(Connection& c);
  bool memory_short(const Connection& c) const;
  std::uint32_t receive_space(const Connection& c) const;
  std::uint32_t window_threshold(const Connection& c) const;
  std::uint16_t announce_window(Connection& c) const;

  // handshake.cc
  void syn_for_listener(const FlowTuple& flow, std::uint32_t hash, ListenerId listener, const Segment& segment,
                        std::optional<std::uint32_t> after_sequence, Instant now);
  void in_syn_sent(Connection& c, Segment& segment, Instant now);
  void syn_again(Connection& c, const Segment& segment, Instant now);
  bool complete_handshake(Connection& c, Segment& segment, Instant now);
  void negotiate(Connection& c, const Header& header);
  void begin_established(Connection& c, const Segment& segment, Instant now);
  Connection* make_passive(const FlowTuple& flow, std::uint32_t hash, ListenerId listener, const net::Route& route,
                           const Header& syn, std::uint32_t iss, Instant now);
  Connection* make_connection(const FlowTuple& flow, std::uint32_t hash, const net::Route& route, Instant now);
  std::optional<std::uint16_t> choose_port(const IpAddress& source, const SocketAddress& remote, Instant now);
  std::uint32_t initial_sequence(const FlowTuple& flow, Instant now) const;
  bool acceptable_remote(const FlowTuple& flow) const;
  static std::uint16_t link_mss(const IpAddress& remote, const net::Route& route);
  std::uint32_t timestamp_offset(const FlowTuple& flow) const;
  std::uint16_t syn_window() const {
    return static_cast<std::uint16_t>(std::min<std::uint32_t>(config_.receive_buffer, UINT16_MAX));
  }

  // backlog.cc: connections that are half open, and SYN cookies.
  bool backlog_full(const IpAddress& source) const;
  void enter_half_open(Connection& c);
  void leave_half_open(Connection& c);
  void answer_with_cookie(const FlowTuple& flow, const net::Route& route, const Header& syn, Instant now);
  bool take_cookie(const FlowTuple& flow, std::uint32_t hash, ListenerId listener, Segment& segment, Instant now);

  // output.cc: what goes out now.
  void transmit(Connection& c, Instant now);
  enum class Step : std::uint8_t { sent, nothing, stop };
  Step retransmit_next(Connection& c, std::uint32_t& flight, Instant now);
  Step send_new(Connection& c, std::uint32_t& flight, Instant now);
  bool has_unsent(const Connection& c) const;
  void arm_retransmit(Connection& c, Instant now);
  void log_transmission(Connection& c, Instant now);
  Duration timeout(const Connection& c) const;

  // segment.cc: building segments. False when there was no buffer.
  std::uint32_t send_data(Connection& c, std::uint32_t sequence, std::uint32_t length, bool with_fin,
                          bool retransmission, Instant now);
  bool send_control(Connection& c, std::uint32_t sequence, std::uint8_t flags, Instant now);
  bool send_ack(Connection& c, Instant now) { return send_control(c, ack_sequence(c), Flags::kAck, now); }
  std::uint32_t ack_sequence(const Connection& c) const;
  void send_syn(Connection& c, Instant now);
  void send_reset(Connection& c, Instant now);
  void answer_with_reset(const FlowTuple& flow, const Segment& segment, Instant now);
  Header header_for(Connection& c, std::uint32_t sequence, std::uint8_t flags, Instant now) const;
  void add_sack(Connection& c, Header& header) const;
  MbufPtr start_segment(const Header& header);
  void put_out(Connection& c, MbufPtr mbuf, std::uint8_t flags, net::Ecn ecn, Instant now);
  static std::uint32_t timestamp_clock(std::uint32_t offset, Instant now);

  // timers.cc
  void schedule(Connection& c);
  void expired(Connection& c, Instant now);
  bool retransmit_expired(Connection& c, Instant now);
  void probe_window(Connection& c, Instant now);
  bool linger_expired(Connection& c, Instant now);

  // close.cc: states and ends.
  void set_state(Connection& c, ConnectionState next);
  void post(Connection& c, std::uint8_t events);
  void touch(Connection& c) { output_.push_back(c); }
  void enter_time_wait(Connection& c, Instant now);
  void enter_fin_wait_2(Connection& c, Instant now);
  /// Ends the connection; without an owner it is gone afterwards.
  void finish(Connection& c, CloseReason reason);
  /// Takes the connection out of everything but the ready list.
  void retire(Connection& c);
  void erase(Connection& c);
  void count_end(const Connection& c, CloseReason reason);

  // icmp.cc
  void icmp_error(const net::IcmpError& error, Instant now);

  // path_mtu.cc
  static std::uint16_t payload_in(const Connection& c, std::uint16_t mtu);
  void packet_too_big(Connection& c, std::uint16_t mtu, Instant now);
  static void lower_mss(Connection& c, std::uint16_t mtu, Instant now);
  void recall_path(Connection& c, Instant now);
  static void raise_mss(Connection& c, Instant now);
  void suspect_black_hole(Connection& c, Instant now);

  Config config_;
  net::Network& network_;
  MbufPools& pools_;
  const Steering* steering_;
  FlowHash table_hash_;
  FlowHash sequence_hash_;   // RFC 6528
  FlowHash port_hash_;       // RFC 6056
  FlowHash timestamp_hash_;  // RFC 7323 section 5.4
  SynCookies cookies_;
  SourceCounts half_open_sources_;
  PathMtus path_mtus_;
  Counters counters_;
  RangePool ranges_;
  TransmissionsPool transmissions_;
  TimingWheel wheel_;
  Slab<Connection> connections_;
  Table table_;
  Listeners listeners_;
  List<Connection, &Connection::ready_link> ready_;
  List<Connection, &Connection::output_link> output_;
  List<Connection, &Connection::wait_link> half_open_;
  List<Connection, &Connection::wait_link> time_wait_;
  std::uint64_t receive_memory_ = 0;  // of all connections
  std::uint64_t memory_limit_;        // above it little more than what is next in order is accepted
  std::uint32_t next_port_ = 0;
  std::uint8_t window_shift_;
  Instant now_;
};

}  // namespace lockstep::tcp
