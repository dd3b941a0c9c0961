#include "control/certs/stapler.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>

#include "crypto/openssl/ocsp.h"

namespace lockstep::certs {
namespace {

constexpr std::int64_t kFirstRetry = 60;
constexpr std::int64_t kLastRetry = 3600;
constexpr std::int64_t kShortestWait = 5;  // a response that is hardly valid does not make us hammer its responder

std::int64_t scaled(std::int64_t seconds, double factor) {
  return static_cast<std::int64_t>(static_cast<double>(seconds) * factor);
}

}  // namespace

std::int64_t refresh_time(const Staple& staple, std::int64_t now, double jitter) {
  const double half = 0.45 + 0.1 * jitter;
  const std::int64_t wanted = staple.this_update + scaled(staple.next_update - staple.this_update, half);
  if (wanted > now) return std::max(wanted, now + kShortestWait);
  return now + std::max(scaled(staple.next_update - now, half), kShortestWait);
}

std::int64_t retry_time(std::int64_t now, unsigned failures, double jitter) {
  const std::int64_t wait = std::min(kFirstRetry << std::min(failures - 1, 6U), kLastRetry);
  return now + scaled(wait, 1 + 0.25 * jitter);
}

Stapler::Stapler(Fetch fetch) : fetch_(std::move(fetch)) {}

Stapler::~Stapler() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Stapler::watch(const std::vector<LoadedCertificate>& certificates) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = std::time(nullptr);
  const std::vector<Subject> earlier = std::exchange(subjects_, {});
  std::map<std::vector<std::uint8_t>, const Subject*> known;
  for (const Subject& subject : earlier) known.emplace(subject.leaf, &subject);
  for (const LoadedCertificate& certificate : certificates) {
    if (!certificate.fetch_ocsp) continue;
    const std::vector<std::uint8_t>& leaf = certificate.chain.der.front();
    Subject subject{certificate.name, leaf, certificate.chain, now, 0};
    if (const auto before = known.find(leaf); before != known.end()) {
      subject.due = before->second->due;
      subject.failures = before->second->failures;
    } else if (!certificate.staple.response.empty()) {
      subject.due = refresh_time(certificate.staple, now, jitter());
    }
    subjects_.push_back(std::move(subject));
  }
  if (!subjects_.empty() && !thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

std::vector<Fetched> Stapler::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(fetched_, {});
}

double Stapler::jitter() {
  return std::uniform_real_distribution<>(0, 1)(random_);
}

const Stapler::Subject* Stapler::due_subject(std::int64_t now) const {
  const auto first = std::min_element(subjects_.begin(), subjects_.end(),
                                      [](const Subject& a, const Subject& b) { return a.due < b.due; });
  return first == subjects_.end() || first->due > now ? nullptr : &*first;
}

void Stapler::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const Subject* const due = due_subject(std::time(nullptr));
    if (due == nullptr) {
      changed_.wait_for(lock, std::chrono::seconds(1));
      continue;
    }
    const Subject subject = *due;  // the list may change while we ask
    lock.unlock();
    Staple staple = fetch(subject);
    lock.lock();
    if (!stopping_) settle(subject, std::move(staple));
  }
}

Staple Stapler::fetch(const Subject& subject) const {
  Staple failed;
  const std::vector<std::uint8_t> request = crypto::make_ocsp_request(subject.leaf, subject.chain.issuer_der);
  for (const std::string& url : subject.chain.ocsp_urls) {
    const auto response = fetch_(url, request, stopping_);
    if (!response) {
      failed.problem = response.error();
      continue;
    }
    Staple staple = make_staple(response.value(), subject.chain, std::time(nullptr));
    if (!staple.response.empty() || staple.revoked) return staple;
    failed = std::move(staple);
  }
  return failed;
}

void Stapler::settle(const Subject& subject, Staple staple) {
  const auto found = std::find_if(subjects_.begin(), subjects_.end(),
                                  [&](const Subject& other) { return other.leaf == subject.leaf; });
  if (found == subjects_.end()) return;
  const std::int64_t now = std::time(nullptr);
  const bool good = !staple.response.empty();
  found->failures = good ? 0 : found->failures + 1;
  found->due = good ? refresh_time(staple, now, jitter()) : retry_time(now, found->failures, jitter());
  fetched_.push_back({subject.name, subject.leaf, std::move(staple)});
}

bool apply_fetched(const std::vector<Fetched>& fetched, std::vector<LoadedCertificate>& certificates) {
  bool changed = false;
  for (const Fetched& each : fetched) {
    for (LoadedCertificate& certificate : certificates) {
      if (!certificate.fetch_ocsp || certificate.chain.der.front() != each.leaf) continue;
      const bool failed = each.staple.response.empty() && !each.staple.revoked;
      if (failed && !certificate.staple.response.empty()) continue;
      const bool differs = certificate.staple.response != each.staple.response;
      certificate.staple = each.staple;
      if (!differs) continue;
      certificate.make_messages();
      changed = true;
    }
  }
  return changed;
}

bool expire_all(std::vector<LoadedCertificate>& certificates, std::int64_t now) {
  bool changed = false;
  for (LoadedCertificate& certificate : certificates) {
    if (!expire(certificate.staple, now)) continue;
    certificate.make_messages();
    changed = true;
  }
  return changed;
}

}  // namespace lockstep::certs
