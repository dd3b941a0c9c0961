#include "bench/handshake/lockstep_server.h"

#include <algorithm>

#include "bench/support/keys.h"

namespace lockstep::bench {
namespace {

// As the worker's.
constexpr std::size_t kBurst = 128;
constexpr int kCryptoPasses = 4;
constexpr Duration kCryptoTurnLimit = microseconds(200);

constexpr std::size_t kBuffersPerConnection = 4;

tls::CoreLimits limits_for(std::size_t connections, std::uint32_t sessions) {
  const auto count = static_cast<std::uint32_t>(connections);
  return {.cached_sessions = sessions, .handshakes = count, .large_messages = 1, .record_jobs = 8 * count};
}

}  // namespace

LockstepServer::LockstepServer(const tls::ServerConfig& config, const crypto::Policy& policy, Random& random,
                               ServerClock& clock, std::size_t connections, std::uint32_t sessions, StageTimes* times)
    : config_(config),
      times_(times),
      clock_(clock),
      batch_(policy, kCryptoTurnLimit),
      core_(tls::make_core(limits_for(connections, sessions), *this, random)),
      connections_(connections) {
  due_.reserve(connections);
  pumped_.reserve(kBurst);
  for (std::size_t i = 0; i < kBuffersPerConnection * connections; ++i) {
    buffers_.push_back(std::make_unique<std::uint8_t[]>(tls::kMaxRecord));
    free_buffers_.push_back(buffers_.back().get());
  }
  for (Connection& connection : connections_) {
    connection.input.reserve(4096);
    connection.output.reserve(kBuffersPerConnection);
  }
}

LockstepServer::~LockstepServer() = default;

void LockstepServer::start() {
  const ServerClock::Running running(clock_);
  now_ = clock_.now();
  for (std::uint32_t i = 0; i < connections_.size(); ++i)
    connections_[i].session.emplace(*core_, config_, crypto::JobOwner{i, 1}, now_);
}

void LockstepServer::arrive(std::size_t connection, Bytes bytes) {
  Connection& c = connections_[connection];
  c.input.insert(c.input.end(), bytes.begin(), bytes.end());
  make_due(c);
}

// The worker would turn on and make something ahead when nothing is left; here that is fill_pools'.
void LockstepServer::serve() {
  const ServerClock::Running running(clock_);
  while (!due_.empty() || batch_.in_flight() != 0) {
    now_ = clock_.now();
    const bool worked = pump();
    run_batch(!worked);
  }
}

void LockstepServer::fill_pools() {
  const ServerClock::Running running(clock_);
  crypto::JobList none;
  do {
    now_ = clock_.now();
    batch_.run(now_, true, none);
  } while (batch_.deadline() <= now_);
}

bool LockstepServer::pump() {
  const std::size_t count = std::min(due_.size(), kBurst);
  pumped_.assign(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(count));
  due_.erase(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(count));
  const std::int64_t before = times_ == nullptr ? 0 : thread_nanoseconds();
  for (const std::uint32_t index : pumped_) {
    Connection& connection = connections_[index];
    connection.due = false;
    const MutableBytes unread = MutableBytes(connection.input).subspan(connection.disposed);
    connection.session->receive(std::span(&unread, unread.empty() ? 0 : 1), now_, effects_);
    apply(connection);
  }
  if (times_ != nullptr && count != 0) times_->add(Stage::parse, thread_nanoseconds() - before);
  return count != 0;
}

void LockstepServer::run_batch(bool idle) {
  for (int pass = 0; pass < kCryptoPasses; ++pass) {
    crypto::JobList done;
    if (batch_.run(now_, idle, done) == 0) return;
    while (crypto::Job* const job = done.pop()) {
      Connection& connection = connections_[job->owner.index];
      connection.session->job_done(*job, now_, effects_);
      apply(connection);
    }
  }
}

void LockstepServer::apply(Connection& connection) {
  for (std::size_t i = 0; i < effects_.input_count; ++i) connection.disposed += effects_.inputs[i].count;
  for (std::size_t i = 0; i < effects_.output_count; ++i) connection.output.push_back(effects_.outputs[i]);
  if (effects_.input_count != 0 || effects_.established || effects_.retry) make_due(connection);
  require(effects_.close == tls::Close::none, "a handshake");
  effects_.clear();
}

void LockstepServer::make_due(Connection& connection) {
  if (connection.due) return;
  connection.due = true;
  due_.push_back(static_cast<std::uint32_t>(&connection - connections_.data()));
}

tls::OutputBuffer LockstepServer::output_buffer(std::uint32_t) {
  if (free_buffers_.empty()) return {};
  std::uint8_t* const data = free_buffers_.back();
  free_buffers_.pop_back();
  return {.handle = data, .data = data, .capacity = tls::kMaxRecord, .size = 0};
}

Buffer LockstepServer::take_output(std::size_t connection) {
  Buffer output;
  for (const tls::OutputBuffer& buffer : connections_[connection].output) {
    output.insert(output.end(), buffer.data, buffer.data + buffer.size);
    release(buffer);
  }
  connections_[connection].output.clear();
  return output;
}

bool LockstepServer::established(std::size_t connection) const {
  return connections_[connection].session->established();
}

void LockstepServer::finish() {
  for (Connection& connection : connections_) {
    connection.session->abandon();
    connection.session.reset();
    connection.input.clear();
    connection.disposed = 0;
    for (const tls::OutputBuffer& buffer : connection.output) release(buffer);
    connection.output.clear();
  }
}

}  // namespace lockstep::bench
