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
  for (int i = 0; i < kMostPolls && done.size() < jobs.size(); ++i) engine.poll(Instant{i + 1}, done);
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

std::string self_test(Engine& engine, Engine& reference, JobClass job_class, PrepareKey prepare_key) {
  switch (job_class) {
    case JobClass::key_share_x25519:
      return self_test_parts::key_share(engine, reference, NamedGroup::x25519);
    case JobClass::key_share_p256:
      return self_test_parts::key_share(engine, reference, NamedGroup::secp256r1);
    case JobClass::key_share_p384:
      return self_test_parts::key_share(engine, reference, NamedGroup::secp384r1);
    case JobClass::derive_x25519:
      return self_test_parts::derive(engine, NamedGroup::x25519);
    case JobClass::derive_p256:
      return self_test_parts::derive(engine, NamedGroup::secp256r1);
    case JobClass::derive_p384:
      return self_test_parts::derive(engine, NamedGroup::secp384r1);
    case JobClass::sign_p256:
      return self_test_parts::sign(engine, KeyType::ecdsa_p256, prepare_key);
    case JobClass::sign_p384:
      return self_test_parts::sign(engine, KeyType::ecdsa_p384, prepare_key);
    case JobClass::sign_ed25519:
      return self_test_parts::sign(engine, KeyType::ed25519, prepare_key);
    case JobClass::rsa_2048:
      return self_test_parts::sign(engine, KeyType::rsa, prepare_key);
    case JobClass::rsa_3072:
    case JobClass::rsa_4096:
    case JobClass::rsa_other:
    case JobClass::verify_chain:  // libcrypto's alone
    case JobClass::exporter:      // the same
      return {};
    case JobClass::verify_p256:
      return self_test_parts::verify(engine, KeyType::ecdsa_p256);
    case JobClass::verify_p384:
      return self_test_parts::verify(engine, KeyType::ecdsa_p384);
    case JobClass::verify_rsa_2048:
      return self_test_parts::verify(engine, KeyType::rsa);
    case JobClass::verify_other:
      return self_test_parts::verify(engine, KeyType::ed25519);
    case JobClass::transcript:
      return self_test_parts::transcript(engine);
    case JobClass::tls13_server_flight:
      return self_test_parts::tls13_server_flight(engine);
    case JobClass::tls13_key_update:
      return self_test_parts::tls13_key_update(engine);
    case JobClass::tls13_binder:
      return self_test_parts::tls13_binder(engine);
    case JobClass::tls13_early_data:
      return self_test_parts::tls13_early_data(engine);
    case JobClass::tls13_resumption:
      return self_test_parts::tls13_resumption(engine);
    case JobClass::tls13_client_finished:
      return self_test_parts::tls13_client_finished(engine);
    case JobClass::tls12_master_secret:
      return self_test_parts::tls12_master_secret(engine);
    case JobClass::tls12_finished:
      return self_test_parts::tls12_finished(engine);
    case JobClass::seal:
      return self_test_parts::seal(engine, reference);
    case JobClass::open:
      return self_test_parts::open(engine, reference);
    case JobClass::cbc_seal:
      return self_test_parts::cbc_seal(engine, reference);
    case JobClass::cbc_open:
      return self_test_parts::cbc_open(engine, reference);
  }
  return "unknown class";
}

}  // namespace lockstep::crypto
