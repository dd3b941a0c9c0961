// The engines that tests and fuzzers lean on keep their promises.
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "crypto/batch.h"
#include "crypto/cbc_job.h"
#include "tests/support/none_engine.h"
#include "tests/support/scripted_engine.h"

namespace lockstep::test {
namespace {

using namespace crypto;

void run_alone(Engine& engine, Job& job) {
  job.status = JobStatus::waiting;
  Job* const pointer = &job;
  JobList done;
  engine.run(std::span<Job* const>(&pointer, 1), done);
  ASSERT_EQ(done.pop(), &job);
}

TEST(NoneEngine, BothSidesDeriveTheSameSecret) {
  NoneEngine engine;
  for (const NamedGroup group : {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1}) {
    KeyShareJob server;
    server.group = group;
    run_alone(engine, server);
    // A peer with another private key, in the form that this engine gives public keys.
    KeyShareJob client;
    client.group = group;
    run_alone(engine, client);
    const std::size_t offset = group == NamedGroup::x25519 ? 0 : 1;
    for (std::size_t i = 0; i < shared_secret_size(group); ++i) {
      client.private_key.writable()[i] = static_cast<std::uint8_t>(i + 1);
      client.public_key[offset + i] = static_cast<std::uint8_t>(i + 1);
    }
    DeriveJob at_server;
    DeriveJob at_client;
    at_server.group = at_client.group = group;
    at_server.private_key = &server.private_key;
    at_server.peer_public_key = client.public_key;
    at_client.private_key = &client.private_key;
    at_client.peer_public_key = server.public_key;
    run_alone(engine, at_server);
    run_alone(engine, at_client);
    EXPECT_EQ(at_server.status, JobStatus::ok);
    const Bytes secret = at_server.shared_secret.expose(shared_secret_size(group));
    EXPECT_TRUE(std::equal(secret.begin(), secret.end(), at_client.shared_secret.expose().begin()));
  }
}

TEST(NoneEngine, RefusesKeysThatRealEnginesRefuse) {
  NoneEngine engine;
  const Secret<kMaxSharedSecret> own;
  for (const NamedGroup group : {NamedGroup::x25519, NamedGroup::secp256r1}) {
    DeriveJob job;
    job.group = group;
    job.private_key = &own;
    run_alone(engine, job);
    EXPECT_EQ(job.status, JobStatus::bad_peer_key);
  }
}

class NoneRecords : public testing::Test {
 protected:
  NoneRecords() {
    keys_.key.writable()[0] = 9;
    seal_.keys = &keys_;
    seal_.nonce[11] = 1;
    seal_.aad[0] = 23;
    seal_.aad_size = 5;
    seal_.plaintext[0] = Bytes(plaintext_).first(3);
    seal_.plaintext[1] = Bytes(plaintext_).subspan(3);
    seal_.piece_count = 2;
    seal_.trailer = 23;
    seal_.has_trailer = true;
    seal_.ciphertext = record_.data();
    run_alone(engine_, seal_);

    open_.keys = &keys_;
    open_.nonce = seal_.nonce;
    open_.aad = seal_.aad;
    open_.aad_size = seal_.aad_size;
    open_.ciphertext[0] = MutableBytes(record_).first(plaintext_.size() + 1);
    open_.piece_count = 1;
    std::copy(record_.end() - kAeadTag, record_.end(), open_.tag.begin());
  }

  NoneEngine engine_;
  RecordKeys keys_;
  std::array<std::uint8_t, 10> plaintext_ = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  std::array<std::uint8_t, 10 + 1 + kAeadTag> record_{};
  SealJob seal_;
  OpenJob open_;
};

TEST_F(NoneRecords, OpensWhatItSealed) {
  run_alone(engine_, open_);
  EXPECT_EQ(open_.status, JobStatus::ok);
  EXPECT_TRUE(std::equal(plaintext_.begin(), plaintext_.end(), record_.begin()));
  EXPECT_EQ(record_[10], 23);
}

TEST_F(NoneRecords, NoticesEveryChange) {
  const auto expect_refused = [this] {
    run_alone(engine_, open_);
    EXPECT_EQ(open_.status, JobStatus::bad_record);
  };
  for (std::uint8_t* const byte : {&record_[0], &record_[10], &open_.tag[0], &open_.tag[15], &open_.nonce[11],
                                   &open_.aad[4], keys_.key.writable().data()}) {
    *byte ^= 1;
    expect_refused();
    *byte ^= 1;
  }
  open_.aad_size = 4;
  expect_refused();
}

TEST(NoneEngine, OpensCbcRecordsItSealedAndNoticesEveryChange) {
  NoneEngine engine;
  CbcRecordKeys keys;
  const std::vector<std::uint8_t> plaintext(37, 'x');
  std::vector<std::uint8_t> fragment(cbc_fragment_size(keys, plaintext.size()));
  CbcSealJob seal;
  seal.keys = &keys;
  seal.plaintext[0] = plaintext;
  seal.piece_count = 1;
  seal.fragment = fragment.data();
  run_alone(engine, seal);
  ASSERT_EQ(seal.status, JobStatus::ok);
  CbcOpenJob open;
  open.keys = &keys;
  open.fragment[0] = fragment;
  open.piece_count = 1;
  for (std::uint8_t& byte : fragment) {
    byte ^= 1;
    run_alone(engine, open);
    EXPECT_EQ(open.status, JobStatus::bad_record);
    byte ^= 1;
  }
  run_alone(engine, open);
  ASSERT_EQ(open.status, JobStatus::ok);
  EXPECT_TRUE(std::equal(plaintext.begin(), plaintext.end(), fragment.begin() + open.plaintext_offset,
                         fragment.begin() + open.plaintext_offset + open.plaintext_size));
}

TEST(NoneEngine, FlightAppendsCertificateVerifyAndFinished) {
  NoneEngine engine;
  RunningHash transcript(Hash::sha384);
  RunningHash expected = transcript;
  std::array<RecordKeys, 4> keys;
  const std::array<std::uint8_t, 5> certificate_verify = {15, 0, 0, 1, 7};
  Tls13ServerFlightJob job;
  job.transcript = &transcript;
  job.before_finished = certificate_verify;
  job.client_handshake_keys = &keys[0];
  job.server_handshake_keys = &keys[1];
  job.client_application_keys = &keys[2];
  job.server_application_keys = &keys[3];
  run_alone(engine, job);

  expected.update(certificate_verify);
  expected.update(std::array<std::uint8_t, 4>{20, 0, 0, 48});
  expected.update(std::vector<std::uint8_t>(48, kNoneServerFinished));
  std::array<std::uint8_t, 48> digest;
  std::array<std::uint8_t, 48> expected_digest;
  transcript.digest(digest);
  expected.digest(expected_digest);
  EXPECT_EQ(digest, expected_digest);
}

class ScriptedEngineTest : public testing::Test {
 protected:
  ScriptedEngineTest() {
    for (SignJob& job : jobs_) job.status = JobStatus::waiting;
  }
  void run_all(Engine& engine) {
    std::array<Job*, 6> pointers;
    for (std::size_t i = 0; i < jobs_.size(); ++i) pointers[i] = &jobs_[i];
    engine.run(pointers, done_);
  }
  // Positions of the jobs that came back, in the order in which they came.
  std::vector<std::ptrdiff_t> order() {
    std::vector<std::ptrdiff_t> positions;
    while (Job* const job = done_.pop()) positions.push_back(static_cast<SignJob*>(job) - jobs_.data());
    return positions;
  }

  NoneEngine none_;
  std::array<SignJob, 6> jobs_;
  JobList done_;
};

using Positions = std::vector<std::ptrdiff_t>;

TEST_F(ScriptedEngineTest, HoldsJobsUntilTheirRelease) {
  ScriptedEngine engine(none_);
  run_all(engine);
  engine.poll(Instant{}, done_);
  EXPECT_TRUE(done_.empty());
  EXPECT_EQ(engine.in_flight(), 6U);
  EXPECT_EQ(jobs_[0].status, JobStatus::waiting);
  engine.release(2);
  engine.poll(Instant{}, done_);
  EXPECT_EQ(order(), (Positions{0, 1}));
  EXPECT_EQ(jobs_[0].status, JobStatus::ok);
  engine.reverse();
  engine.release(1);
  engine.poll(Instant{}, done_);
  EXPECT_EQ(order(), (Positions{5}));
  engine.release_all();
  engine.poll(Instant{}, done_);
  EXPECT_EQ(order(), (Positions{4, 3, 2}));
  EXPECT_EQ(engine.in_flight(), 0U);
}

TEST_F(ScriptedEngineTest, SeedChoosesTheOrder) {
  std::vector<Positions> orders;
  for (const std::uint64_t seed : {1U, 1U, 2U}) {
    ScriptedEngine engine(none_, seed);
    run_all(engine);
    for (int polls = 0; polls < 100 && engine.in_flight() != 0; ++polls) engine.poll(Instant{}, done_);
    ASSERT_EQ(engine.in_flight(), 0U);
    orders.push_back(order());
    EXPECT_EQ(orders.back().size(), 6U);
  }
  EXPECT_EQ(orders[0], orders[1]);
  EXPECT_NE(orders[0], orders[2]);
}

TEST_F(ScriptedEngineTest, BatchHandsEveryJobBackOnce) {
  ScriptedEngine engine(none_, 3);
  Policy policy;
  policy[static_cast<std::size_t>(JobClass::sign_p256)].engine = &engine;
  Batch batch(policy);
  class TestKey final : public PrivateKey {
   public:
    TestKey() : PrivateKey(KeyType::ecdsa_p256, 256) {}
  };
  const TestKey key;
  for (SignJob& job : jobs_) {
    job.key = &key;
    batch.submit(job, Instant{});
  }
  std::size_t count = 0;
  for (int runs = 0; runs < 100 && batch.in_flight() != 0; ++runs) count += batch.run(Instant{}, false, done_);
  EXPECT_EQ(count, 6U);
  EXPECT_EQ(done_.size(), 6U);
}

}  // namespace
}  // namespace lockstep::test
