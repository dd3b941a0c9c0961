// Keeps the OCSP responses of certificates fresh while the service runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "control/certs/loaded_certificate.h"

namespace lockstep::certs {

/// When to ask again after a response that was good: at half of its validity, give or take a tenth, so that
/// certificates issued together are not renewed together; half of what remains when that is over already. `jitter` is
/// in [0, 1).
std::int64_t refresh_time(const Staple& staple, std::int64_t now, double jitter);

/// When to ask again after the `failures`th failure in a row: after a minute, then twice as long each time, at most an
/// hour; up to a quarter longer by `jitter`.
std::int64_t retry_time(std::int64_t now, unsigned failures, double jitter);

/// What came of one attempt.
struct Fetched {
  std::string name;                // of the certificate
  std::vector<std::uint8_t> leaf;  // DER
  Staple staple;                   // of what was answered; without a response when there is none to be stapled
};

/// One thread that fetches one response at a time. Responses are verified before anybody sees them.
class Stapler {
 public:
  /// Asks the responder at `url`; as fetch_ocsp does.
  using Fetch = std::function<Result<std::vector<std::uint8_t>, std::string>(const std::string& url, Bytes request,
                                                                             const std::atomic<bool>& cancelled)>;
  explicit Stapler(Fetch fetch);
  /// Ends the thread; what it is just fetching is given up.
  ~Stapler();
  Stapler(const Stapler&) = delete;
  Stapler& operator=(const Stapler&) = delete;

  /// Looks after those of `certificates` that want it, from now on and no others; the state of those that it knew
  /// stays. The thread starts with the first one.
  void watch(const std::vector<LoadedCertificate>& certificates);
  /// What came in since the last call.
  std::vector<Fetched> take();

 private:
  struct Subject {
    std::string name;
    std::vector<std::uint8_t> leaf;
    crypto::CertificateChain chain;
    std::int64_t due = 0;  // Unix seconds
    unsigned failures = 0;
  };
  void run();
  /// The subject whose time has come first; nullptr: none yet.
  const Subject* due_subject(std::int64_t now) const;
  Staple fetch(const Subject& subject) const;
  void settle(const Subject& subject, Staple staple);
  double jitter();

  const Fetch fetch_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Subject> subjects_;
  std::vector<Fetched> fetched_;
  std::minstd_rand random_{std::random_device{}()};
  std::thread thread_;
};

/// Puts what was fetched into the certificates it belongs to, and makes their messages again where the response is
/// another one. A failure takes nothing away while the response before it is good. Whether any messages changed.
bool apply_fetched(const std::vector<Fetched>& fetched, std::vector<LoadedCertificate>& certificates);

/// Takes responses that are past their next update out of all `certificates`. Whether any messages changed.
bool expire_all(std::vector<LoadedCertificate>& certificates, std::int64_t now);

}  // namespace lockstep::certs
