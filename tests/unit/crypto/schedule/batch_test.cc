// Many jobs in one call give what each gives in a call of its own, whatever the others are.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/cbc_job.h"
#include "crypto/schedule/schedule_engine.h"

namespace lockstep::crypto {
namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer random_bytes(Random& random, std::size_t size) {
  Buffer out(size);
  random.fill(out);
  return out;
}

Hash any_hash(Random& random) {
  return random.below(2) == 0 ? Hash::sha256 : Hash::sha384;
}

/// Outputs in a row, to be compared as a whole.
class Outputs {
 public:
  Outputs& add(Bytes bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Outputs& add(const RecordKeys& keys) { return add(keys.key.expose()).add(keys.iv.expose()); }
  Outputs& add(const CbcRecordKeys& keys) { return add(keys.key.expose()).add(keys.mac_key.expose()); }
  Outputs& add(const RunningHash& transcript) {
    std::array<std::uint8_t, kMaxDigest> digest{};
    transcript.digest(digest);
    return add(digest);
  }
  bool operator==(const Outputs&) const = default;

 private:
  Buffer bytes_;
};

/// A job of one kind, made of random numbers: from the same `random` twice comes the same job twice.
struct Flight {
  static Buffer some_psk(Random& random, Hash hash) {
    switch (random.below(4)) {
      case 0:
        return random_bytes(random, digest_size(hash));
      case 1:
        return random_bytes(random, 1 + random.below(200));  // external ones have any length
      default:
        return {};
    }
  }
  explicit Flight(Random& random)
      : hash(any_hash(random)),
        psk(some_psk(random, hash)),
        shared_secret(random_bytes(random, psk.empty() ? 32 + 16 * random.below(2) : 32 * random.below(2))),
        certificate_verify(psk.empty() ? random_bytes(random, random.below(600)) : Buffer()),
        transcript(hash) {
    transcript.update(random_bytes(random, random.below(1000)));
    random.fill(job.hello_digest);
    job.shared_secret = shared_secret;
    job.psk = psk;
    job.before_finished = certificate_verify;
    job.early_data = random.below(4) == 0;
    job.transcript = &transcript;
    for (RecordKeys& each : keys) each.aead = static_cast<Aead>(random.below(3));
    job.client_handshake_keys = keys.data();
    job.server_handshake_keys = &keys[1];
    job.client_application_keys = &keys[2];
    job.server_application_keys = &keys[3];
  }
  Outputs outputs() const {
    Outputs all;
    for (const RecordKeys& each : keys) all.add(each);
    return all.add(job.server_finished)
        .add(job.client_finished.expose())
        .add(job.client_finished_key.expose())
        .add(job.client_application_secret.expose())
        .add(job.server_application_secret.expose())
        .add(job.master_secret.expose())
        .add(transcript);
  }
  Hash hash;
  Buffer psk;
  Buffer shared_secret;
  Buffer certificate_verify;
  RunningHash transcript;
  std::array<RecordKeys, 4> keys;
  Tls13ServerFlightJob job;
};

struct KeyUpdate {
  explicit KeyUpdate(Random& random) {
    random.fill(secret.writable());
    job.hash = any_hash(random);
    job.secret = &secret;
    keys.aead = static_cast<Aead>(random.below(3));
    job.keys = &keys;
  }
  Outputs outputs() const { return Outputs().add(secret.expose()).add(keys); }
  Secret<kMaxDigest> secret;
  RecordKeys keys;
  Tls13KeyUpdateJob job;
};

struct Binder {
  explicit Binder(Random& random)
      : transcript(any_hash(random)),
        psk(random_bytes(random, digest_size(transcript.hash()))),
        hello(random_bytes(random, random.below(2000))) {
    transcript.update(random_bytes(random, random.below(300)));
    job.psk = psk;
    job.transcript = &transcript;
    job.truncated_hello = hello;
  }
  Outputs outputs() const { return Outputs().add(job.binder.expose()).add(transcript); }
  RunningHash transcript;
  Buffer psk;
  Buffer hello;
  Tls13BinderJob job;
};

struct ClientFinished {
  explicit ClientFinished(Random& random)
      : transcript(any_hash(random)), before_finished(random_bytes(random, random.below(2000))) {
    transcript.update(random_bytes(random, random.below(3000)));
    random.fill(key.writable());
    job.finished_key = &key;
    job.transcript = &transcript;
    job.before_finished = before_finished;
  }
  Outputs outputs() const { return Outputs().add(job.client_finished.expose()).add(transcript); }
  RunningHash transcript;
  Buffer before_finished;
  Secret<kMaxDigest> key;
  Tls13ClientFinishedJob job;
};

struct EarlyData {
  explicit EarlyData(Random& random)
      : transcript(any_hash(random)),
        psk(random_bytes(random, digest_size(transcript.hash()))),
        binders(random_bytes(random, random.below(200))) {
    transcript.update(random_bytes(random, random.below(600)));
    keys.aead = static_cast<Aead>(random.below(3));
    job.psk = psk;
    job.transcript = &transcript;
    job.binders = binders;
    job.keys = &keys;
  }
  Outputs outputs() const { return Outputs().add(keys).add(transcript); }
  RunningHash transcript;
  Buffer psk;
  Buffer binders;
  RecordKeys keys;
  Tls13EarlyDataJob job;
};

struct Resumption {
  explicit Resumption(Random& random)
      : transcript(any_hash(random)), finished(random_bytes(random, 4 + digest_size(transcript.hash()))) {
    transcript.update(random_bytes(random, random.below(1000)));
    random.fill(master_secret.writable());
    job.master_secret = &master_secret;
    job.transcript = &transcript;
    job.client_finished = finished;
    job.hash = transcript.hash();
    if (random.below(3) == 0) {
      job.master_secret = nullptr;
      random.fill(job.resumption_secret.writable());
    }
    job.count = static_cast<std::uint8_t>(random.below(kMaxTickets + 1));
    for (std::uint8_t i = 0; i < job.count; ++i) {
      nonces[i] = random_bytes(random, random.below(2) == 0 ? random.below(40) : random.below(256));
      job.nonces[i] = nonces[i];
    }
  }
  Outputs outputs() const {
    Outputs all;
    for (const Secret<kMaxDigest>& psk : job.psks) all.add(psk.expose());
    return all.add(job.resumption_secret.expose()).add(transcript);
  }
  RunningHash transcript;
  Buffer finished;
  std::array<Buffer, kMaxTickets> nonces;
  Secret<kMaxDigest> master_secret;
  Tls13ResumptionJob job;
};

struct MasterSecret {
  explicit MasterSecret(Random& random)
      : transcript(any_hash(random)), premaster(random_bytes(random, 32 + 16 * random.below(2))) {
    transcript.update(random_bytes(random, random.below(1000)));
    job.hash = transcript.hash();
    job.premaster = premaster;
    job.extended = random.below(3) != 0;
    job.resumed = random.below(4) == 0;
    if (job.resumed) random.fill(job.master_secret.writable());
    job.transcript = &transcript;
    random.fill(job.client_random);
    random.fill(job.server_random);
    client.aead = server.aead = static_cast<Aead>(random.below(3));
    client_cbc.suite = server_cbc.suite = static_cast<CbcSuite>(random.below(kCbcSuites));
    if (random.below(2) == 0) {
      job.client_keys = &client;
      job.server_keys = &server;
    } else {
      job.client_cbc_keys = &client_cbc;
      job.server_cbc_keys = &server_cbc;
    }
  }
  Outputs outputs() const {
    return Outputs().add(job.master_secret.expose()).add(client).add(server).add(client_cbc).add(server_cbc);
  }
  RunningHash transcript;
  Buffer premaster;
  RecordKeys client;
  RecordKeys server;
  CbcRecordKeys client_cbc;
  CbcRecordKeys server_cbc;
  Tls12MasterSecretJob job;
};

struct Finished {
  explicit Finished(Random& random)
      : transcript(any_hash(random)), between(random_bytes(random, random.below(2) * random.below(800))) {
    transcript.update(random_bytes(random, random.below(1000)));
    random.fill(master_secret.writable());
    job.master_secret = &master_secret;
    job.transcript = &transcript;
    job.server_first = random.below(2) == 0;
    job.between = between;
  }
  Outputs outputs() const { return Outputs().add(job.client_finished).add(job.server_finished).add(transcript); }
  RunningHash transcript;
  Secret<48> master_secret;
  Buffer between;
  Tls12FinishedJob job;
};

struct Transcript {
  explicit Transcript(Random& random)
      : transcript(any_hash(random)),
        first(random_bytes(random, random.below(3) * random.below(300))),
        second(random_bytes(random, random.below(3) * random.below(2000))) {
    transcript.update(random_bytes(random, random.below(300)));
    job.transcript = &transcript;
    job.append = {first, second};
  }
  Outputs outputs() const {
    const std::size_t size = digest_size(transcript.hash());
    return Outputs().add(Bytes(job.digest[0]).first(size)).add(Bytes(job.digest[1]).first(size)).add(transcript);
  }
  RunningHash transcript;
  Buffer first;
  Buffer second;
  TranscriptJob job;
};

template <class Case>
void run_together(Engine& engine, const std::vector<std::unique_ptr<Case>>& cases) {
  std::vector<Job*> jobs;
  for (const auto& each : cases) jobs.push_back(&each->job);
  JobList done;
  engine.run(jobs, done);
  ASSERT_EQ(done.size(), cases.size());
  for (const auto& each : cases) ASSERT_EQ(each->job.status, JobStatus::ok);
}

template <class Case>
std::vector<std::unique_ptr<Case>> some(std::size_t count) {
  Random random = Random::from_number(count);
  std::vector<std::unique_ptr<Case>> cases;
  for (std::size_t i = 0; i < count; ++i) cases.push_back(std::make_unique<Case>(random));
  return cases;
}

class Together : public testing::TestWithParam<sha2::Features> {
 protected:
  void SetUp() override {
    const sha2::Features here = sha2::processor_features();
    if ((GetParam().sha_ni && !here.sha_ni) || (GetParam().avx512 && !here.avx512)) GTEST_SKIP() << "this CPU has less";
  }
  /// 1 to 64 jobs in one call by this engine, one in a call by portable code.
  template <class Case>
  void check() {
    ScheduleEngine engine(GetParam());
    ScheduleEngine portable(sha2::Features{});
    for (std::size_t count = 1; count <= 64; ++count) {
      const auto together = some<Case>(count);
      run_together(engine, together);
      auto alone = some<Case>(count);
      for (std::size_t i = 0; i < count; ++i) {
        std::vector<std::unique_ptr<Case>> one;
        one.push_back(std::move(alone[i]));
        run_together(portable, one);
        ASSERT_TRUE(together[i]->outputs() == one[0]->outputs()) << i << " of " << count;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Processors, Together,
                         testing::Values(sha2::Features{false, false}, sha2::Features{true, false},
                                         sha2::Features{false, true}, sha2::Features{true, true}),
                         [](const auto& suite) {
                           return std::string(suite.param.sha_ni ? "ShaNi" : "NoShaNi") +
                                  (suite.param.avx512 ? "Avx512" : "NoAvx512");
                         });

TEST_P(Together, ServerFlightsOfBothHashesWithAndWithoutPsk) {
  check<Flight>();
}
TEST_P(Together, KeyUpdates) {
  check<KeyUpdate>();
}
TEST_P(Together, KeysOfEarlyData) {
  check<EarlyData>();
}

TEST_P(Together, Binders) {
  check<Binder>();
}
TEST_P(Together, Resumptions) {
  check<Resumption>();
}
TEST_P(Together, FinishedValuesOfClientsWithCertificates) {
  check<ClientFinished>();
}
TEST_P(Together, MasterSecretsFromSessionHashesAndRandoms) {
  check<MasterSecret>();
}
TEST_P(Together, FinishedValues) {
  check<Finished>();
}
TEST_P(Together, TranscriptsOfAnyMixOfLengths) {
  check<Transcript>();
}

}  // namespace
}  // namespace lockstep::crypto
