#include "tests/unit/dataplane/tcp/script.h"

#include <algorithm>
#include <cstdlib>

namespace lockstep::testing {
namespace {

using tcp::Events;
using tcp::Flags;

constexpr Duration kTolerance = milliseconds(2);
constexpr std::uint16_t kPort = 80;
constexpr std::uint16_t kPeerPort = 5000;

const std::map<std::string, std::uint8_t> kEventNames = {
    {"accepted", Events::kAccepted}, {"connected", Events::kConnected},    {"readable", Events::kReadable},
    {"writable", Events::kWritable}, {"peer-closed", Events::kPeerClosed}, {"closed", Events::kClosed}};

std::string flags_text(std::uint8_t flags) {
  std::string text;
  for (const auto& [letter, bit] : {std::pair{'S', Flags::kSyn},
                                    {'F', Flags::kFin},
                                    {'R', Flags::kRst},
                                    {'P', Flags::kPsh},
                                    {'A', Flags::kAck},
                                    {'U', Flags::kUrg},
                                    {'E', Flags::kEce},
                                    {'W', Flags::kCwr}})
    if ((flags & bit) != 0) text += letter;
  return text.empty() ? "." : text;
}

std::uint8_t flags_of(const std::string& text) {
  std::uint8_t flags = 0;
  const std::string letters = "FSRPAUEW";  // in the order of the bits
  for (const char letter : text)
    if (const std::size_t bit = letters.find(letter); bit != std::string::npos)
      flags |= static_cast<std::uint8_t>(1U << bit);
  return flags;
}

}  // namespace

std::string Script::word() {
  std::string next;
  if (!(words_ >> next)) fail("a word is missing");
  return next;
}

std::uint64_t Script::number() {
  const std::string text = word();
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text.c_str(), &end, 0);
  if (text.empty() || *end != 0) fail("not a number: " + text);
  return value;
}

bool Script::more() {
  return !(words_ >> std::ws).eof();
}

void Script::fail(const std::string& why) {
  if (error_.empty()) error_ = "line " + std::to_string(line_number_) + ": " + why;
}

std::string Script::run(const std::string& text) {
  settings_.tcp.max_connections = 8;
  std::istringstream lines(text);
  for (std::string one; error_.empty() && std::getline(lines, one);) {
    ++line_number_;
    line(one.substr(0, one.find('#')));
  }
  if (error_.empty()) expect_nothing();
  return error_;
}

void Script::line(const std::string& text) {
  words_ = std::istringstream(text);
  if (!more()) return;
  std::string verb = word();
  Duration time;
  if (verb.front() == '+') {
    time = nanoseconds(static_cast<std::int64_t>(std::strtod(verb.c_str() + 1, nullptr) * 1e9));
    verb = word();
  }
  if (verb == "config") return configure();
  if (host_ == nullptr) begin();
  const Instant due = now_ + time;
  if (verb == "out") {
    pass(time + kTolerance, true);
    return expect_segment(due);
  }
  if (time > Duration{}) pass(time, false);
  if (verb == "in") {
    expect_nothing();
    inject();
  } else if (verb == "quiet") {
    expect_nothing();
  } else if (verb == "established") {
    establish();
  } else if (!check(verb) && !owner(verb)) {
    fail("unknown command " + verb);
  }
  if (error_.empty() && more()) fail("words left over: " + word());
}

void Script::configure() {
  const std::string name = word();
  tcp::Config& config = settings_.tcp;
  const std::map<std::string, Duration*> times = {{"delayed_ack", &config.delayed_ack},
                                                  {"time_wait", &config.time_wait},
                                                  {"fin_wait_2", &config.fin_wait_2},
                                                  {"keepalive_idle", &config.keepalive_idle},
                                                  {"keepalive_interval", &config.keepalive_interval},
                                                  {"min_rto", &config.min_rto},
                                                  {"initial_rto", &config.initial_rto},
                                                  {"max_rto", &config.max_rto}};
  const std::map<std::string, std::uint32_t*> sizes = {
      {"receive_buffer", &config.receive_buffer},   {"send_buffer", &config.send_buffer},
      {"max_half_open", &config.max_half_open},     {"max_half_open_per_source", &config.max_half_open_per_source},
      {"max_connections", &config.max_connections}, {"max_time_wait", &config.max_time_wait}};
  const std::map<std::string, std::uint8_t*> counts = {{"syn_retries", &config.syn_retries},
                                                       {"data_retries", &config.data_retries},
                                                       {"keepalive_probes", &config.keepalive_probes}};
  if (name == "ipv6") {
    v6_ = true;
  } else if (name == "ecn_request") {
    config.ecn_request = true;
  } else if (name == "no_ecn") {
    config.ecn = false;
  } else if (name == "newreno") {
    config.congestion = tcp::CongestionAlgorithm::newreno;
  } else if (name == "mtu") {
    settings_.mtu = static_cast<std::uint16_t>(number());
  } else if (times.contains(name)) {
    *times.at(name) = milliseconds(static_cast<std::int64_t>(number()));
  } else if (sizes.contains(name)) {
    *sizes.at(name) = static_cast<std::uint32_t>(number());
  } else if (counts.contains(name)) {
    *counts.at(name) = static_cast<std::uint8_t>(number());
  } else {
    fail("unknown setting " + name);
  }
}

void Script::begin() {
  host_ = std::make_unique<Host>(settings_, now_);
  net::InterfaceConfig config;
  config.name = "peer";
  config.mac = {2, 0, 0, 0, 0, 2};
  config.addresses = {{Host::v4(2), 24}, {Host::v6(2), 64}};
  config.neighbours = {{Host::v4(1), {2, 0, 0, 0, 0, 1}}, {Host::v6(1), {2, 0, 0, 0, 0, 1}}};
  peer_ = std::make_unique<net::Network>(std::vector{config}, pools(), random_, 64, now_);
  const auto address = [this](unsigned host) { return v6_ ? Host::v6(host) : Host::v4(host); };
  flow_ = {{address(1), kPort}, {address(2), kPeerPort}};
}

// Lets `time` pass, or until something is sent.
void Script::pass(Duration time, bool until_sent) {
  const Instant end = now_ + time;
  turn();
  while (!(until_sent && !sent_.empty())) {
    const Instant next = std::max(host_->stack().next(), now_ + microseconds(500));
    if (next > end) break;
    now_ = next;
    turn();
  }
  if (until_sent && !sent_.empty()) {
    now_ = std::max(now_, sent_.front().at);
  } else {
    now_ = end;
    turn();
  }
}

void Script::turn() {
  host_->stack().advance(now_);
  host_->stack().output(now_);
  collect();
  while (const auto ready = host_->stack().next_ready()) {
    id_ = ready->id;
    events_ |= ready->events;
  }
}

void Script::collect() {
  host_->transmit([this](MbufPtr frame) {
    MbufPtr copy = copy_frame(*frame);
    rte_mbuf* raw = copy.release();
    peer_->receive(0, {&raw, 1}, now_, peer_batch_);
  });
  for (const net::TcpSegment& segment : peer_batch_.segments) {
    Sent sent;
    sent.at = now_;
    sent.ecn = segment.ecn;
    const Bytes bytes = bytes_of(*segment.mbuf);
    if (!tcp::parse_header(bytes, sent.header)) fail("a malformed header was sent");
    sent.payload.assign(bytes.begin() + sent.header.length, bytes.end());
    if (segment.flow.remote != flow_.local) flow_.local = segment.flow.remote;
    sent_.push_back(std::move(sent));
  }
  peer_batch_.segments.clear();
}

void Script::inject() {
  tcp::Header header;
  header.flags = flags_of(word());
  header.window = UINT16_MAX;
  std::uint32_t sequence = header.has(Flags::kSyn) ? 0 : 1;
  std::uint32_t acknowledgment = 1;
  std::uint16_t length = 0;
  std::uint8_t turned = 0;
  FlowTuple flow = flow_;
  net::Ecn ecn = net::Ecn::not_capable;
  while (more()) {
    const std::string name = word();
    if (name == "seq") sequence = static_cast<std::uint32_t>(number());
    if (name == "ack") acknowledgment = static_cast<std::uint32_t>(number());
    if (name == "win") header.window = static_cast<std::uint16_t>(number());
    if (name == "len") length = static_cast<std::uint16_t>(number());
    if (name == "other") turned = 0xff;
    if (name == "ect") ecn = net::Ecn::capable;
    if (name == "ce") ecn = net::Ecn::congestion;
    if (name == "from") flow.remote.port = static_cast<std::uint16_t>(number());
    if (name == "mss") header.has_mss = true, header.mss = static_cast<std::uint16_t>(number());
    if (name == "ws") header.has_window_scale = true, header.window_scale = static_cast<std::uint8_t>(number());
    if (name == "sackok") header.sack_permitted = true;
    if (name == "ts") {
      header.has_timestamps = true;
      header.timestamp = static_cast<std::uint32_t>(number());
      const std::string echo = word();
      const auto value = static_cast<std::uint32_t>(std::strtoul(echo.c_str(), nullptr, 10));
      header.timestamp_echo = echo == "last" ? last_timestamp_ : value != 0 ? value + timestamp_base_ : 0;
    }
    if (name.find('-') != std::string::npos && header.sack_count < header.sack.size())
      header.sack[header.sack_count++] = {
          our_isn_ + static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10)),
          our_isn_ + static_cast<std::uint32_t>(std::strtoul(name.c_str() + name.find('-') + 1, nullptr, 10))};
  }
  header.source_port = flow.remote.port;
  header.destination_port = flow.local.port;
  header.sequence = peer_isn_ + sequence;
  if (header.has(Flags::kAck)) header.acknowledgment = our_isn_ + acknowledgment;
  if (length > MbufPools::kPacketRoom - tcp::kMaximumHeader) return fail("the segment is too long");
  MbufPtr mbuf = pools().packet();
  auto* const room = reinterpret_cast<std::uint8_t*>(
      rte_pktmbuf_append(mbuf.get(), static_cast<std::uint16_t>(tcp::kMaximumHeader + length)));
  const std::size_t size = tcp::write_header(header, {room, tcp::kMaximumHeader});
  if (size == 0) return fail("the options do not fit");
  for (std::uint16_t i = 0; i < length; ++i) room[size + i] = pattern(std::uint64_t{sequence} - 1 + i) ^ turned;
  rte_pktmbuf_trim(mbuf.get(), static_cast<std::uint16_t>(tcp::kMaximumHeader - size));
  peer_->send_tcp({flow.remote, flow.local}, std::move(mbuf), now_, ecn);
  std::vector<rte_mbuf*> frames;
  for (rte_mbuf* frame : peer_->outgoing(0)) frames.push_back(frame);
  peer_->transmitted(0, frames.size());
  if (frames.empty()) fail("the peer's network refused the segment");
  host_->receive(frames, now_);
  turn();
}

void Script::expect_segment(Instant due) {
  if (sent_.empty()) return fail("nothing was sent");
  const Sent sent = std::move(sent_.front());
  sent_.pop_front();
  if (sent.at < due) fail("sent " + std::to_string((due - sent.at).ns / 1000) + " us too early");
  now_ = std::max(due, sent.at);
  const std::uint8_t flags = flags_of(word());
  const tcp::Header& header = sent.header;
  if ((header.flags & ~Flags::kPsh) != (flags & ~Flags::kPsh))
    fail("sent " + flags_text(header.flags) + " seq " + std::to_string(header.sequence - our_isn_) + " ack " +
         std::to_string(header.acknowledgment - peer_isn_) + " len " + std::to_string(sent.payload.size()));
  if (header.has(Flags::kSyn) && !our_isn_known_) {
    our_isn_ = header.sequence;
    our_isn_known_ = true;
  }
  if (header.has_timestamps && !timestamp_base_known_) {
    timestamp_base_ = header.timestamp - static_cast<std::uint32_t>((now_ - start_).milliseconds());
    timestamp_base_known_ = true;
  }
  if (header.has_timestamps) last_timestamp_ = header.timestamp;
  check_options(sent);
}

void Script::check_options(const Sent& sent) {
  const tcp::Header& header = sent.header;
  std::uint64_t length = 0;
  const auto same = [this](const char* what, std::uint64_t is) {
    if (const std::uint64_t wanted = number(); is != wanted)
      fail(std::string(what) + " is " + std::to_string(is) + ", not " + std::to_string(wanted));
  };
  const auto present = [this](const char* what, bool is, bool wanted) {
    if (is != wanted) fail(std::string(what) + (wanted ? " is missing" : " is present"));
  };
  while (more()) {
    const std::string name = word();
    if (name == "isn") {
      our_isn_ = header.sequence;
      written_ = 0;
    } else if (name == "seq") {
      same("sequence", static_cast<std::uint32_t>(header.sequence - our_isn_));
    } else if (name == "ack") {
      same("acknowledgment", static_cast<std::uint32_t>(header.acknowledgment - peer_isn_));
    } else if (name == "win") {
      same("window", header.window);
    } else if (name == "len") {
      length = number();
    } else if (name == "mss") {
      present("MSS", header.has_mss, true);
      same("MSS", header.mss);
    } else if (name == "ws") {
      present("window scale", header.has_window_scale, true);
      same("window scale", header.window_scale);
    } else if (name == "sackok") {
      present("SACK permitted", header.sack_permitted, true);
    } else if (name == "ect" || name == "noect") {
      present("ECT(0)", sent.ecn == net::Ecn::capable, name == "ect");
    } else if (name == "nomss") {
      present("MSS", header.has_mss, false);
    } else if (name == "nows") {
      present("window scale", header.has_window_scale, false);
    } else if (name == "nots") {
      present("timestamps", header.has_timestamps, false);
    } else if (name == "nosack") {
      present("SACK", header.sack_permitted || header.sack_count != 0, false);
    } else if (name == "ts") {
      check_timestamps(sent);
    } else if (name == "sack") {
      check_sack(sent);
    } else {
      fail("unknown field " + name);
    }
  }
  if (sent.payload.size() != length) fail("payload is " + std::to_string(sent.payload.size()) + " bytes");
  check_payload(sent);
}

void Script::check_sack(const Sent& sent) {
  std::string wanted;
  std::string is;
  while (more()) wanted += word() + " ";
  for (std::size_t i = 0; i < sent.header.sack_count; ++i) {
    is += std::to_string(sent.header.sack[i].start - peer_isn_);
    is += "-";
    is += std::to_string(sent.header.sack[i].end - peer_isn_);
    is += " ";
  }
  if (is != wanted) fail("SACK blocks are " + is);
}

void Script::check_timestamps(const Sent& sent) {
  const std::uint64_t value = number();
  const std::uint64_t echo = number();
  const auto is = static_cast<std::int32_t>(sent.header.timestamp - timestamp_base_);
  if (!sent.header.has_timestamps || std::abs(is - static_cast<std::int32_t>(value)) > 2)
    fail("timestamp is " + std::to_string(is));
  if (sent.header.timestamp_echo != echo) fail("echo is " + std::to_string(sent.header.timestamp_echo));
}

void Script::check_payload(const Sent& sent) {
  const std::uint32_t position = sent.header.sequence - our_isn_ - 1;
  for (std::size_t i = 0; i < sent.payload.size(); ++i)
    if (sent.payload[i] != pattern(position + i))
      return fail("a wrong byte was sent at " + std::to_string(position + i));
}

void Script::expect_nothing() {
  if (sent_.empty()) return;
  const Sent& sent = sent_.front();
  fail("unexpected segment " + flags_text(sent.header.flags) + " seq " +
       std::to_string(static_cast<std::uint32_t>(sent.header.sequence - our_isn_)) + " ack " +
       std::to_string(static_cast<std::uint32_t>(sent.header.acknowledgment - peer_isn_)) + " len " +
       std::to_string(sent.payload.size()) + " at " + std::to_string((sent.at - start_).milliseconds()) + " ms");
}

void Script::expect_events() {
  turn();
  std::uint8_t wanted = 0;
  while (more()) {
    const std::string name = word();
    if (!kEventNames.contains(name)) return fail("unknown event " + name);
    wanted |= kEventNames.at(name);
  }
  if (events_ != wanted) {
    std::string is;
    for (const auto& [name, bit] : kEventNames)
      if ((events_ & bit) != 0) is += " " + name;
    fail("events are" + is);
  }
  events_ = 0;
}

}  // namespace lockstep::testing
