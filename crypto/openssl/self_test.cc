#include "crypto/openssl/self_test.h"

#include <algorithm>

#include "crypto/openssl/self_test_parts.h"

namespace lockstep::crypto {
namespace self_test_parts {

bool run(Engine& engine, std::span<Job* const> jobs) {
  constexpr int kMostPolls = 100'000;
  JobList done;
  for (Job* const job : jobs) job->status = JobStatus::waiting;
  engine.run(jobs, done);
  for (int i = 0; i < kMostPolls && done.size() < jobs.size(); ++i) engine.poll(done);
  return done.size() == jobs.size();
}

bool succeeds(Engine& engine, Job& job) {
  const std::array<Job*, 1> jobs = {&job};
  return run(engine, jobs) && job.status == JobStatus::ok;
}

std::vector<std::uint8_t> pattern(unsigned start, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(start + i);
  return bytes;
}

std::vector<std::uint8_t> from_hex(std::string_view digits) {
  const auto value = [](char c) { return static_cast<unsigned>(c >= 'a' ? c - 'a' + 10 : c - '0'); };
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(value(digits[i]) << 4U | value(digits[i + 1])));
  return bytes;
}

bool equal(Bytes a, Bytes b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace self_test_parts

std::string self_test(Engine& engine, Engine& reference, JobKind kind) {
  switch (kind) {
    case JobKind::key_share:
      return self_test_parts::key_share(engine, reference);
    case JobKind::derive:
      return self_test_parts::derive(engine);
    case JobKind::sign:
      return self_test_parts::sign(engine);
    case JobKind::transcript:
      return self_test_parts::transcript(engine);
    case JobKind::tls13_server_flight:
      return self_test_parts::tls13_server_flight(engine);
    case JobKind::tls13_key_update:
      return self_test_parts::tls13_key_update(engine);
    case JobKind::tls12_master_secret:
      return self_test_parts::tls12_master_secret(engine);
    case JobKind::tls12_finished:
      return self_test_parts::tls12_finished(engine);
    case JobKind::seal:
      return self_test_parts::seal(engine, reference);
    case JobKind::open:
      return self_test_parts::open(engine, reference);
  }
  return "unknown kind";
}

}  // namespace lockstep::crypto
