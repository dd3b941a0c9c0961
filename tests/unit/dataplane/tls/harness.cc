#include "tests/unit/dataplane/tls/harness.h"

#include <gtest/gtest.h>

namespace lockstep::tls::test {

std::string pattern_text(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('!' + (i * 7 + i / 251) % 93);
  return text;
}

crypto::Policy policy_of(crypto::Engine& engine) {
  crypto::Policy policy;
  for (auto& kind : policy) kind.engine = &engine;
  return policy;
}

Driver::Driver(crypto::Engine& engine, const DriverOptions& options)
    : random_(Random::from_number(options.seed)),
      batch_(std::make_unique<crypto::Batch>(policy_of(engine))),
      core_(make_core(options.limits, *this, random_)),
      options_(options) {}

Driver::Driver(const ServerConfig& config, crypto::Engine& engine, const DriverOptions& options)
    : Driver(engine, options) {
  session_ = std::make_unique<Session>(*core_, config, options.owner, now);
}

Driver::Driver(const ClientConfig& config, crypto::Engine& engine, const DriverOptions& options)
    : Driver(engine, options) {
  session_ = std::make_unique<Session>(*core_, config, options.server, options.owner, now);
  receive_due_ = true;
}

Driver::~Driver() {
  abandon();
  session_.reset();
  EXPECT_EQ(buffers_out, 0U);
  EXPECT_EQ(core_->open_records.in_use(), 0U);
  EXPECT_EQ(core_->seal_records.in_use(), 0U);
  EXPECT_EQ(core_->handshakes.in_use(), 0U);
  EXPECT_EQ(core_->client_handshakes.in_use(), 0U);
  EXPECT_EQ(core_->large_messages.in_use(), 0U);
  EXPECT_EQ(core_->client_identities.in_use(), 0U);
  EXPECT_EQ(core_->exporters.in_use(), 0U);
  EXPECT_EQ(core_->ticket_receivers.in_use(), 0U);
  EXPECT_EQ(core_->client_sessions.in_use(), core_->client_sessions.size());
  EXPECT_EQ(counters().handshakes_in_progress.value(), 0U);
}

void Driver::abandon() {
  session_->abandon();
  for (int turns = 0; !session_->idle(); ++turns) {
    ASSERT_LT(turns, 10000) << "jobs do not come back";
    crypto::JobList done = std::exchange(answered_, {});
    batch_->run(now, true, done);
    while (crypto::Job* const job = done.pop()) session_->job_done(*job, now, effects_);
  }
}

void Driver::restart(const ServerConfig& config) {
  end();
  session_ = std::make_unique<Session>(*core_, config, options_.owner, now);
}

void Driver::restart(const ClientConfig& config) {
  end();
  session_ = std::make_unique<Session>(*core_, config, options_.server, options_.owner, now);
  receive_due_ = true;
}

void Driver::end() {
  abandon();
  effects_.clear();
  input_.clear();
  plaintext_.clear();
  output_.clear();
  received.clear();
  established = peer_closed = output_ended = receive_due_ = write_due_ = false;
  close = Close::none;
  session_.reset();
}

void Driver::feed(Bytes bytes) {
  constexpr std::size_t kRoom = 2048;
  const std::size_t largest = options_.piece == 0 ? bytes.size() : options_.piece;
  while (!bytes.empty()) {
    if (!options_.join || input_.empty() || input_.back().size == input_.back().capacity) {
      Piece fresh;
      fresh.capacity = options_.join ? kRoom : std::min(largest, bytes.size());
      fresh.bytes = std::make_unique<std::uint8_t[]>(fresh.capacity);
      input_.push_back(std::move(fresh));
    }
    Piece& piece = input_.back();
    const std::size_t size = std::min(piece.capacity - piece.size, bytes.size());
    std::memcpy(piece.bytes.get() + piece.size, bytes.data(), size);
    piece.size += size;
    bytes = bytes.subspan(size);
  }
  receive_due_ = true;
}

void Driver::fin() {
  session_->peer_fin(now, effects_);
  apply();
}

void Driver::send(const std::string& plaintext, std::size_t piece_size) {
  const std::size_t largest = piece_size == 0 ? plaintext.size() : piece_size;
  for (std::size_t at = 0; at < plaintext.size(); at += largest) {
    const std::size_t size = std::min(largest, plaintext.size() - at);
    Piece piece;
    piece.size = size;
    piece.bytes = std::make_unique<std::uint8_t[]>(size);
    std::memcpy(piece.bytes.get(), plaintext.data() + at, size);
    plaintext_.push_back(std::move(piece));
  }
  write_due_ = true;
}

void Driver::shutdown() {
  session_->shutdown(now, effects_);
  apply();
}

void Driver::timeout(Instant at) {
  now = at;
  session_->timeout(now, effects_);
  apply();
}

void Driver::run() {
  for (int turns = 0; step(); ++turns) ASSERT_LT(turns, 1'000'000) << "no end";
}

bool Driver::step() {
  bool active = false;
  if (receive_due_ && close == Close::none) {
    receive_due_ = false;
    active = true;
    std::vector<MutableBytes> unread;
    for (const Piece& piece : input_) unread.emplace_back(piece.bytes.get() + piece.gone, piece.size - piece.gone);
    session_->receive(unread, now, effects_);
    apply();
  }
  if (write_due_ && close == Close::none && !plaintext_.empty()) {
    write_due_ = false;
    active = true;
    std::vector<MutableBytes> pending;
    for (const Piece& piece : plaintext_) pending.emplace_back(piece.bytes.get() + piece.gone, piece.size - piece.gone);
    session_->write(pending, options_.budget, now, effects_);
    apply();
  }
  crypto::JobList done = std::exchange(answered_, {});
  active = active || !done.empty();
  if (batch_->in_flight() != 0) {
    batch_->run(now, true, done);
    active = true;
  }
  while (crypto::Job* const job = done.pop()) {
    EXPECT_EQ(job->owner.index, options_.owner.index);
    EXPECT_EQ(job->owner.generation, options_.owner.generation);
    session_->job_done(*job, now, effects_);
    apply();
  }
  return active;
}

void Driver::take_input(Effects::Input input) {
  while (input.count != 0) {
    if (input_.empty()) {
      ADD_FAILURE() << "more input disposed of than there is";
      return;
    }
    Piece& piece = input_.front();
    const std::size_t size = std::min<std::size_t>(input.count, piece.size - piece.gone);
    if (input.deliver) received.append(reinterpret_cast<const char*>(piece.bytes.get() + piece.gone), size);
    piece.gone += size;
    input.count -= static_cast<std::uint32_t>(size);
    if (piece.gone == piece.size) input_.pop_front();
  }
}

void Driver::apply() {
  for (std::size_t i = 0; i < effects_.input_count; ++i) take_input(effects_.inputs[i]);
  for (std::size_t i = 0; i < effects_.output_count; ++i) {
    const OutputBuffer& buffer = effects_.outputs[i];
    EXPECT_LE(buffer.size, buffer.capacity);
    output_.insert(output_.end(), buffer.data, buffer.data + buffer.size);
    release(buffer);
  }
  for (std::uint32_t left = effects_.released; left != 0;) {
    Piece& piece = plaintext_.front();
    const std::size_t size = std::min<std::size_t>(left, piece.size - piece.gone);
    piece.gone += size;
    left -= static_cast<std::uint32_t>(size);
    if (piece.gone == piece.size) plaintext_.pop_front();
  }
  if (effects_.input_count != 0 || effects_.established || effects_.retry) receive_due_ = true;
  if (effects_.output_count != 0 || effects_.established || effects_.retry) write_due_ = true;
  established = established || effects_.established;
  peer_closed = peer_closed || effects_.peer_closed;
  output_ended = output_ended || effects_.output_ended;
  if (effects_.close != Close::none) {
    EXPECT_EQ(close, Close::none) << "closed twice";
    close = effects_.close;
  }
  effects_.clear();
}

Buffer Driver::take_output() {
  return std::exchange(output_, {});
}

void Driver::submit(crypto::Job& job) {
  batch_->submit(job, now);
}

OutputBuffer Driver::output_buffer(std::uint32_t capacity) {
  EXPECT_LE(capacity, kMaxRecord);
  if (output_buffers_left == 0) return {};
  --output_buffers_left;
  ++buffers_out;
  OutputBuffer buffer;
  buffer.data = new std::uint8_t[capacity];
  buffer.handle = buffer.data;
  buffer.capacity = capacity;
  return buffer;
}

void Driver::release(const OutputBuffer& buffer) {
  delete[] static_cast<std::uint8_t*>(buffer.handle);
  --buffers_out;
  ++output_buffers_left;
}

bool Driver::ask(crypto::RemoteJob& job) {
  if (!other_core || !other_core(job)) return false;
  job.status = crypto::JobStatus::ok;
  answered_.push(job);
  return true;
}

void Driver::forget(std::uint64_t record_keys_id) {
  forgotten.insert(record_keys_id);
  batch_->forget(record_keys_id);
}

void Driver::log_secret(SecretName name, Bytes client_random, Bytes secret) {
  logged.push_back({name, {client_random.begin(), client_random.end()}, {secret.begin(), secret.end()}});
}

std::size_t Driver::undisposed() const {
  std::size_t size = 0;
  for (const Piece& piece : input_) size += piece.size - piece.gone;
  return size;
}

std::size_t Driver::unreleased() const {
  std::size_t size = 0;
  for (const Piece& piece : plaintext_) size += piece.size - piece.gone;
  return size;
}

}  // namespace lockstep::tls::test
