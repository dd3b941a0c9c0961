// Plays the proxy's part for one session: keeps input in pieces, applies effects, runs jobs, collects output.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crypto/batch.h"
#include "dataplane/tls/core.h"
#include "dataplane/tls/session.h"
#include "tests/unit/dataplane/tls/bytes.h"

namespace lockstep::tls::test {

struct DriverOptions {
  std::uint64_t seed = 1;  // of the session's randomness
  // A core is made for each: as small as the tests allow.
  CoreLimits limits = {.cached_sessions = 100,
                       .early_data_hellos = 100,
                       .handshakes = 4,
                       .client_handshakes = 4,
                       .client_sessions = 40,
                       .ticket_receivers = 4,
                       .exporters = 4,
                       .client_identities = 4,
                       .large_messages = 2,
                       .record_jobs = 64};
  std::size_t piece = 0;             // largest piece of input; 0: as fed
  bool join = false;                 // small pieces are appended to the last one, as TCP does
  std::uint32_t budget = 1U << 20U;  // of each write
  crypto::JobOwner owner = {.index = 7, .generation = 3};
  std::uint32_t server = 1;  // a client's number of it
};

/// Calls the session exactly as session.h asks for and no more often, so that a session that needs one more call hangs
/// the test. Input pieces are freed when they are disposed of, output buffers when they are emitted.
class Driver final : public Environment {
 public:
  Driver(const ServerConfig& config, crypto::Engine& engine, const DriverOptions& options = {});
  /// A client, which speaks first.
  Driver(const ClientConfig& config, crypto::Engine& engine, const DriverOptions& options = {});
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver() override;

  /// Bytes from the peer's TCP.
  void feed(Bytes bytes);
  /// The peer's FIN.
  void fin();
  /// Plaintext to send.
  void send(const std::string& plaintext, std::size_t piece = 0);
  void shutdown();
  /// Calls timeout at `at`.
  void timeout(Instant at);
  /// Goes on until nothing more happens.
  void run();
  /// One round of calls and one of the batch; false when nothing happened.
  bool step();
  /// Takes what was emitted.
  Buffer take_output();

  // Environment.
  void submit(crypto::Job& job) override;
  OutputBuffer output_buffer(std::uint32_t capacity) override;
  void release(const OutputBuffer& buffer) override;
  bool ask(crypto::RemoteJob& job) override;
  void forget(std::uint64_t record_keys_id) override;
  void log_secret(SecretName name, Bytes client_random, Bytes secret) override;

  Session& session() { return *session_; }
  Core& core() { return *core_; }
  const Counters& counters() const { return tls::counters(*core_); }
  std::uint64_t errors(Error error) const { return counters().errors[static_cast<std::size_t>(error)].value(); }
  std::size_t undisposed() const;
  std::size_t unreleased() const;
  /// Ends the session as a dying connection does and waits for its jobs.
  void abandon();
  /// The next connection of the same core.
  void restart(const ServerConfig& config);
  void restart(const ClientConfig& config);

  std::string received;  // plaintext delivered
  bool established = false;
  bool peer_closed = false;
  bool output_ended = false;
  Close close = Close::none;
  std::size_t output_buffers_left = 1000;  // set to 0: none is lent
  std::size_t buffers_out = 0;
  std::multiset<std::uint64_t> forgotten;
  struct LoggedSecret {
    SecretName name;
    Buffer client_random;
    Buffer secret;
  };
  std::vector<LoggedSecret> logged;
  static constexpr Instant kStart{1'000'000'000};
  Instant now = kStart;
  /// Another core: answers a question at once, or says that it cannot. Nobody is there without it.
  std::function<bool(crypto::RemoteJob&)> other_core;

 private:
  Driver(crypto::Engine& engine, const DriverOptions& options);
  void end();
  void apply();
  void take_input(Effects::Input input);

  Random random_;
  std::unique_ptr<crypto::Batch> batch_;
  std::unique_ptr<Core, void (*)(Core*)> core_;
  std::unique_ptr<Session> session_;
  DriverOptions options_;
  Effects effects_;
  struct Piece {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size = 0;
    std::size_t gone = 0;
    std::size_t capacity = 0;
  };
  std::deque<Piece> input_;
  std::deque<Piece> plaintext_;
  Buffer output_;
  crypto::JobList answered_;
  bool receive_due_ = false;
  bool write_due_ = false;
};

/// Text that differs everywhere a record could be cut.
std::string pattern_text(std::size_t size);

/// A policy in which `engine` serves every kind.
crypto::Policy policy_of(crypto::Engine& engine);

}  // namespace lockstep::tls::test
