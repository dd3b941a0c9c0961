// Record protection, the same tests for every engine that has it.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "crypto/openssl/engine.h"
#include "crypto/record/engine.h"
#include "tests/support/vectors.h"
#include "tests/unit/crypto/record/record.h"

namespace lockstep::crypto::test {
namespace {

using lockstep::test::hex;

class Records : public testing::TestWithParam<const char*> {
 protected:
  Records() {
    if (std::string_view(GetParam()) == "libcrypto") {
      engine_ = make_openssl_engine(engine_random_);
    } else {
      auto made = make_ipsec_mb_engine(64);
      if (made) engine_ = std::move(made.value());
    }
  }
  void SetUp() override { ASSERT_NE(engine_, nullptr); }

  Random engine_random_ = Random::from_number(1);
  Random random_ = Random::from_number(2);
  std::unique_ptr<Engine> engine_;
  /// The other opinion.
  std::unique_ptr<Engine> libcrypto_ = make_openssl_engine(engine_random_);
};

TEST_P(Records, SealLikeLibcryptoInEveryPieceLayout) {
  for (const Aead aead : kAeads) {
    for (const std::size_t size : kSizes) {
      for (const std::size_t pieces : {0, 1, 2, 3, 5, 12, 31, 32}) {
        if (pieces == 0 && size != 0) continue;
        for (const bool trailer : {false, true}) {
          const Record record(aead, random_, size, pieces, trailer);
          EXPECT_EQ(record.seal(*engine_), record.seal(*libcrypto_)) << size << " " << pieces << " " << trailer;
        }
      }
    }
  }
}

TEST_P(Records, OpenWhatLibcryptoSealedInEveryPieceLayout) {
  for (const Aead aead : kAeads) {
    for (const std::size_t size : kSizes) {
      for (const std::size_t pieces : {0, 1, 2, 3, 5, 12, 31, 32}) {
        if (pieces == 0 && size != 0) continue;
        const Record record(aead, random_, size, pieces, false);
        Buffer sealed = record.seal(*libcrypto_);
        EXPECT_EQ(record.open(*engine_, sealed), JobStatus::ok) << size << " " << pieces;
        EXPECT_EQ(sealed, record.plaintext) << size << " " << pieces;
      }
    }
  }
}

TEST_P(Records, TakePiecesOfOneByte) {
  for (const Aead aead : kAeads) {
    Record record(aead, random_, 32, 1, false);
    record.cuts.assign(32, 1);
    EXPECT_EQ(record.seal(*engine_), record.seal(*libcrypto_));
    Buffer sealed = record.seal(*libcrypto_);
    EXPECT_EQ(record.open(*engine_, sealed), JobStatus::ok);
    EXPECT_EQ(sealed, record.plaintext);
  }
}

TEST_P(Records, TakeLongAndOneBytePiecesInTurn) {
  for (const Aead aead : kAeads) {
    Record record(aead, random_, 16 * 700 + 16, 1, true);
    record.cuts.clear();
    for (int i = 0; i < 16; ++i) record.cuts.insert(record.cuts.end(), {1, 700});
    EXPECT_EQ(record.seal(*engine_), record.seal(*libcrypto_));
  }
}

TEST_P(Records, TakeEmptyPiecesAnywhere) {
  for (const Aead aead : kAeads) {
    for (const std::size_t size : {std::size_t{30}, std::size_t{3000}}) {
      Record record(aead, random_, size, 1, true);
      record.cuts = {0, size / 3, 0, 0, size - size / 3, 0};
      EXPECT_EQ(record.seal(*engine_), record.seal(*libcrypto_));
      record.has_trailer = false;
      Buffer sealed = record.seal(*libcrypto_);
      EXPECT_EQ(record.open(*engine_, sealed), JobStatus::ok);
      EXPECT_EQ(sealed, record.plaintext);
    }
  }
}

TEST_P(Records, AgreeWithLibcryptoOnRandomRecords) {
  for (int round = 0; round < 600; ++round) {
    const Aead aead = kAeads[random_.below(3)];
    const std::size_t size = random_.below(random_.below(2) == 0 ? 600 : 16401);
    Record record(aead, random_, size, 1 + random_.below(32), random_.below(2) == 0);
    record.aad_size = static_cast<std::uint8_t>(random_.below(kMaxAdditionalData + 1));
    ASSERT_EQ(record.seal(*engine_), record.seal(*libcrypto_)) << round;
    record.has_trailer = false;
    Buffer sealed = record.seal(*libcrypto_);
    ASSERT_EQ(record.open(*engine_, sealed), JobStatus::ok) << round;
    ASSERT_EQ(sealed, record.plaintext) << round;
  }
}

TEST_P(Records, WriteNothingBesideTheRecord) {
  for (const Aead aead : kAeads) {
    for (const std::size_t size : kSizes) {
      const Record record(aead, random_, size, 3, true);
      const std::size_t total = size + 1 + kAeadTag;
      Buffer guarded(total + 128, 0xa5);
      SealJob job;
      record.fill(job, &guarded[64]);
      ASSERT_EQ(run_one(*engine_, job), JobStatus::ok);
      EXPECT_EQ(Buffer(guarded.begin(), guarded.begin() + 64), Buffer(64, 0xa5)) << size;
      EXPECT_EQ(Buffer(guarded.end() - 64, guarded.end()), Buffer(64, 0xa5)) << size;
    }
  }
}

TEST_P(Records, RefuseEveryDamage) {
  for (const Aead aead : kAeads) {
    const Record record(aead, random_, 100, 3, false);
    const Buffer sealed = record.seal(*libcrypto_);
    for (std::size_t at = 0; at < sealed.size(); ++at) {
      Buffer damaged = sealed;
      damaged[at] ^= static_cast<std::uint8_t>(1U << at % 8);
      EXPECT_EQ(record.open(*engine_, damaged), JobStatus::bad_record) << at;
    }
  }
}

TEST_P(Records, RefuseAnotherNonceAndOtherAdditionalData) {
  for (const Aead aead : kAeads) {
    Record record(aead, random_, 100, 3, false);
    const Buffer sealed = record.seal(*libcrypto_);
    record.nonce[11] ^= 1;
    Buffer copy = sealed;
    EXPECT_EQ(record.open(*engine_, copy), JobStatus::bad_record);
    record.nonce[11] ^= 1;
    record.aad[4] ^= 1;
    copy = sealed;
    EXPECT_EQ(record.open(*engine_, copy), JobStatus::bad_record);
    record.aad[4] ^= 1;
    copy = sealed;
    EXPECT_EQ(record.open(*engine_, copy), JobStatus::ok);
  }
}

TEST_P(Records, LeaveNothingOfABadRecordBehind) {
  for (const Aead aead : kAeads) {
    const Record record(aead, random_, 1000, 4, false);
    Buffer sealed = record.seal(*libcrypto_);
    sealed.back() ^= 1;
    ASSERT_EQ(record.open(*engine_, sealed), JobStatus::bad_record);
    EXPECT_EQ(sealed, Buffer(1000, 0));
  }
}

TEST_P(Records, RefuseKeysThatWereNeverSet) {
  Record record(Aead::aes_128_gcm, random_, 20, 1, false);
  record.keys.id = 0;
  Buffer out(20 + kAeadTag);
  SealJob sealing;
  record.fill(sealing, out.data());
  EXPECT_EQ(run_one(*engine_, sealing), JobStatus::engine_failed);
  EXPECT_EQ(record.open(*engine_, out), JobStatus::engine_failed);
}

TEST_P(Records, OpenAnyMixOfGoodAndBadInOneBatch) {
  constexpr unsigned kLanes = 7;
  for (unsigned bad = 0; bad < 1U << kLanes; ++bad) {
    std::vector<std::unique_ptr<Record>> records;
    std::vector<Buffer> sealed;
    std::vector<std::unique_ptr<OpenJob>> jobs;
    std::vector<Job*> batch;
    for (unsigned i = 0; i < kLanes; ++i) {
      records.push_back(std::make_unique<Record>(kAeads[i % 3], random_, 10 + 97 * i, 1 + i % 4, false));
      sealed.push_back(records[i]->seal(*libcrypto_));
      if ((bad >> i & 1U) != 0) sealed[i][random_.below(static_cast<std::uint32_t>(sealed[i].size()))] ^= 0x10;
      jobs.push_back(std::make_unique<OpenJob>());
      records[i]->fill(*jobs[i], sealed[i]);
      batch.push_back(jobs[i].get());
    }
    ASSERT_TRUE(run_all(*engine_, batch));
    for (unsigned i = 0; i < kLanes; ++i) {
      const bool good = (bad >> i & 1U) == 0;
      EXPECT_EQ(jobs[i]->status, good ? JobStatus::ok : JobStatus::bad_record) << bad << " " << i;
      sealed[i].resize(records[i]->plaintext.size());
      if (good) {
        EXPECT_EQ(sealed[i], records[i]->plaintext) << bad << " " << i;
      }
    }
  }
}

TEST_P(Records, HandJobsBackInOrder) {
  std::vector<std::unique_ptr<Record>> records;
  std::vector<Buffer> out(40, Buffer(200));
  std::vector<std::unique_ptr<SealJob>> jobs;
  std::vector<Job*> batch;
  for (std::size_t i = 0; i < out.size(); ++i) {
    records.push_back(std::make_unique<Record>(kAeads[i % 3], random_, i, 1, true));
    jobs.push_back(std::make_unique<SealJob>());
    records[i]->fill(*jobs[i], out[i].data());
    batch.push_back(jobs[i].get());
  }
  JobList done;
  engine_->run(batch, done);
  for (Job* const job : batch) EXPECT_EQ(done.pop(), job);
}

TEST_P(Records, StayRightWithFarMoreKeysThanTheCacheHolds) {
  std::vector<std::unique_ptr<Record>> records;
  std::vector<Buffer> expected;
  for (std::size_t i = 0; i < 500; ++i) {
    records.push_back(std::make_unique<Record>(kAeads[i % 3], random_, 60, 2, true));
    expected.push_back(records[i]->seal(*libcrypto_));
  }
  for (int round = 0; round < 100; ++round) {
    std::vector<std::unique_ptr<SealJob>> jobs;
    std::vector<Job*> batch;
    std::vector<std::size_t> chosen;
    std::vector<Buffer> out(64, Buffer(60 + 1 + kAeadTag));
    for (Buffer& each : out) {
      chosen.push_back(random_.below(500));
      jobs.push_back(std::make_unique<SealJob>());
      records[chosen.back()]->fill(*jobs.back(), each.data());
      batch.push_back(jobs.back().get());
    }
    ASSERT_TRUE(run_all(*engine_, batch));
    for (std::size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], expected[chosen[i]]) << round << " " << i;
    engine_->forget(records[random_.below(500)]->keys.id);
  }
}

TEST_P(Records, ForgetMeansThatTheNextUseTakesTheKeyAsItIsThen) {
  for (const Aead aead : kAeads) {
    Record record(aead, random_, 50, 1, false);
    const Buffer before = record.seal(*engine_);
    engine_->forget(record.keys.id);
    record.keys.key.writable()[0] ^= 1;
    const Buffer after = record.seal(*engine_);
    EXPECT_NE(before, after);
    libcrypto_->forget(record.keys.id);
    EXPECT_EQ(after, record.seal(*libcrypto_));
  }
}

Aead aead_of(const nlohmann::json& group, const char* algorithm) {
  if (std::string_view(algorithm) == "chacha20_poly1305") return Aead::chacha20_poly1305;
  return group["keySize"] == 128 ? Aead::aes_128_gcm : Aead::aes_256_gcm;
}

template <class AnyJob>
bool fill_wycheproof(AnyJob& job, RecordKeys& keys, const nlohmann::json& test) {
  const Buffer nonce = hex(test["iv"]);
  const Buffer aad = hex(test["aad"]);
  if (nonce.size() != kAeadNonce || aad.size() > job.aad.size()) return false;
  keys.key.assign(hex(test["key"]));
  job.keys = &keys;
  std::copy(nonce.begin(), nonce.end(), job.nonce.begin());
  std::copy(aad.begin(), aad.end(), job.aad.begin());
  job.aad_size = static_cast<std::uint8_t>(aad.size());
  job.piece_count = 1;
  return true;
}

void run_wycheproof(Engine& engine, const nlohmann::json& file, const char* algorithm) {
  std::size_t cases = 0;
  for (const auto& group : file["testGroups"]) {
    if (group["keySize"] == 192 || group["tagSize"] != 128) continue;
    for (const auto& test : group["tests"]) {
      RecordKeys keys;
      keys.aead = aead_of(group, algorithm);
      keys.id = new_id();
      OpenJob opening;
      SealJob sealing;
      if (!fill_wycheproof(opening, keys, test) || !fill_wycheproof(sealing, keys, test)) continue;
      const Buffer plaintext = hex(test["msg"]);
      const Buffer tag = hex(test["tag"]);
      Buffer ciphertext = hex(test["ct"]);
      Buffer sealed(plaintext.size() + kAeadTag);
      sealing.plaintext[0] = plaintext;
      sealing.ciphertext = sealed.data();
      opening.ciphertext[0] = ciphertext;
      std::copy(tag.begin(), tag.end(), opening.tag.begin());
      ASSERT_EQ(run_one(engine, sealing), JobStatus::ok);
      const bool valid = test["result"] == "valid";
      Buffer expected = ciphertext;
      expected.insert(expected.end(), tag.begin(), tag.end());
      EXPECT_EQ(sealed == expected, valid) << test["tcId"];
      EXPECT_EQ(run_one(engine, opening), valid ? JobStatus::ok : JobStatus::bad_record) << test["tcId"];
      if (valid) {
        EXPECT_EQ(ciphertext, plaintext) << test["tcId"];
      }
      ++cases;
    }
  }
  lockstep::test::report_cases(algorithm, cases);
}

TEST_P(Records, PassWycheproofAesGcm) {
  LOCKSTEP_SHARED_VECTORS(json, "aes_gcm_test.json");
  run_wycheproof(*engine_, json, "aes_gcm");
}
TEST_P(Records, PassWycheproofChaCha20Poly1305) {
  LOCKSTEP_SHARED_VECTORS(json, "chacha20_poly1305_test.json");
  run_wycheproof(*engine_, json, "chacha20_poly1305");
}

INSTANTIATE_TEST_SUITE_P(Engines, Records, testing::Values("libcrypto", "ipsec_mb"));

}  // namespace
}  // namespace lockstep::crypto::test
