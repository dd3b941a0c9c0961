// CBC records as RFC 5246 section 6.2.3.2 and RFC 7366 want them, the same tests for every engine that has them.
#include <gtest/gtest.h>

#include <numeric>

#include "crypto/openssl/self_test_parts.h"
#include "crypto/record/engine.h"
#include "tests/unit/crypto/record/cbc_record.h"

namespace lockstep::crypto::test {
namespace {

class CbcRecords : public testing::TestWithParam<const char*> {
 protected:
  CbcRecords() {
    if (std::string_view(GetParam()) == "libcrypto") {
      engine_ = std::make_unique<LibcryptoCbcEngine>();
    } else {
      auto made = make_ipsec_mb_engine(256);
      if (made) engine_ = std::move(made.value());
    }
  }
  void SetUp() override { ASSERT_NE(engine_, nullptr); }

  template <class Body>
  static void for_each_suite(Body body) {
    for (const CbcSuite suite : kCbcSuitesUnderTest)
      for (const bool encrypt_then_mac : {false, true}) body(suite, encrypt_then_mac);
  }
  /// A record whose fragment ends with `padding`, its content chosen so that all fills blocks.
  CbcRecord record_for(CbcSuite suite, bool encrypt_then_mac, std::size_t padding, std::size_t blocks = 0) {
    const std::size_t mac = encrypt_then_mac ? 0 : mac_size(suite);
    const std::size_t total = (mac + padding + kCbcBlock - 1) / kCbcBlock + blocks;
    return {suite, encrypt_then_mac, random_, total * kCbcBlock - mac - padding};
  }

  Random random_ = Random::from_number(7);
  std::unique_ptr<Engine> engine_;
  LibcryptoCbcEngine libcrypto_;  // the other opinion
};

TEST_P(CbcRecords, SealLikeLibcryptoAtEverySize) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    std::vector<std::size_t> sizes(601);
    std::iota(sizes.begin(), sizes.end(), 0);
    for (const std::size_t power : {1024, 2048, 4096, 8192, 16384})
      for (const std::size_t size : {power - 17, power - 16, power - 1, power}) sizes.push_back(size);
    for (const std::size_t size : sizes) {
      const CbcRecord record(suite, encrypt_then_mac, random_, size);
      const Buffer sealed = record.seal(*engine_);
      ASSERT_EQ(sealed.size(), record.fragment_size());
      ASSERT_EQ(sealed, record.seal(libcrypto_)) << size;
      ASSERT_EQ(sealed, record.fragment_with(good_padding(kCbcBlock - 1 - record.inside() % kCbcBlock))) << size;
    }
  });
}

TEST_P(CbcRecords, OpenWhatLibcryptoSealedAtEverySize) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    std::vector<std::size_t> sizes(601);
    std::iota(sizes.begin(), sizes.end(), 0);
    for (const std::size_t power : {1024, 2048, 4096, 8192, 16384})
      for (const std::size_t size : {power - 17, power - 16, power - 1, power}) sizes.push_back(size);
    for (const std::size_t size : sizes) {
      const CbcRecord record(suite, encrypt_then_mac, random_, size);
      Buffer fragment = record.seal(libcrypto_);
      Buffer opened;
      ASSERT_EQ(record.open(*engine_, fragment, opened), JobStatus::ok) << size;
      ASSERT_EQ(opened, record.plaintext) << size;
    }
  });
}

TEST_P(CbcRecords, SealPiecesCutAnywhere) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    CbcRecord record(suite, encrypt_then_mac, random_, 97);
    const Buffer whole = record.seal(*engine_);
    for (std::size_t cut = 0; cut <= 97; ++cut) {
      record.cuts = {cut, 0, 97 - cut};
      ASSERT_EQ(record.seal(*engine_), whole) << cut;
    }
    record.cuts.assign(31, 3);
    record.cuts.push_back(4);
    EXPECT_EQ(record.seal(*engine_), whole);
  });
}

TEST_P(CbcRecords, OpenPiecesCutAnywhere) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    const CbcRecord record(suite, encrypt_then_mac, random_, 300);
    const Buffer sealed = record.seal(libcrypto_);
    Buffer opened;
    for (std::size_t cut = 0; cut <= sealed.size(); ++cut) {
      Buffer fragment = sealed;
      ASSERT_EQ(record.open(*engine_, fragment, opened, {cut}), JobStatus::ok) << cut;
      ASSERT_EQ(opened, record.plaintext) << cut;
      fragment = sealed;
      ASSERT_EQ(record.open(*engine_, fragment, opened, {cut / 3, cut / 2, cut}), JobStatus::ok) << cut;
      ASSERT_EQ(opened, record.plaintext) << cut;
    }
  });
}

TEST_P(CbcRecords, TakeAsManyPiecesAsARecordMayHave) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    CbcRecord record(suite, encrypt_then_mac, random_, 16384);
    record.cuts.assign(32, 512);
    Buffer fragment = record.seal(*engine_);
    EXPECT_EQ(fragment, record.seal(libcrypto_));
    std::vector<std::size_t> marks;
    for (std::size_t i = 1; i < 32; ++i) marks.push_back(i * 500);
    Buffer opened;
    EXPECT_EQ(record.open(*engine_, fragment, opened, marks), JobStatus::ok);
    EXPECT_EQ(opened, record.plaintext);
  });
}

TEST_P(CbcRecords, WriteNothingBesideTheFragment) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    for (std::size_t size = 0; size < 300; size += 7) {
      const CbcRecord record(suite, encrypt_then_mac, random_, size);
      Buffer guarded(record.fragment_size() + 128, 0xa5);
      CbcSealJob sealing;
      record.fill(sealing, &guarded[64]);
      ASSERT_EQ(run_one(*engine_, sealing), JobStatus::ok);
      CbcOpenJob opening;
      record.fill(opening, MutableBytes(guarded).subspan(64, record.fragment_size()));
      ASSERT_EQ(run_one(*engine_, opening), JobStatus::ok);
      EXPECT_EQ(Buffer(guarded.begin(), guarded.begin() + 64), Buffer(64, 0xa5)) << size;
      EXPECT_EQ(Buffer(guarded.end() - 64, guarded.end()), Buffer(64, 0xa5)) << size;
    }
  });
}

TEST_P(CbcRecords, OpenEveryLengthOfPadding) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    for (std::size_t length = 0; length < 256; ++length) {
      for (const std::size_t blocks : {0, 1, 5, 20}) {
        const CbcRecord record = record_for(suite, encrypt_then_mac, length + 1, blocks);
        Buffer fragment = record.fragment_with(good_padding(length));
        Buffer opened;
        ASSERT_EQ(record.open(*engine_, fragment, opened), JobStatus::ok) << length << " " << blocks;
        ASSERT_EQ(opened, record.plaintext) << length << " " << blocks;
      }
    }
  });
}

TEST_P(CbcRecords, CheckEveryByteOfThePadding) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    const CbcRecord record = record_for(suite, encrypt_then_mac, 256, 2);
    for (std::size_t at = 0; at < 255; ++at) {
      Buffer padding = good_padding(255);
      padding[at] ^= static_cast<std::uint8_t>(1U << at % 8);
      Buffer fragment = record.fragment_with(padding);
      Buffer opened;
      ASSERT_EQ(record.open(*engine_, fragment, opened), JobStatus::bad_record) << at;
    }
  });
}

TEST_P(CbcRecords, RefuseAPaddingLengthThatIsNotThatOfThePadding) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    for (const std::size_t length : {0, 1, 15, 16, 254, 255}) {
      const CbcRecord record = record_for(suite, encrypt_then_mac, length + 1, 1);
      for (std::size_t said = 0; said < 256; ++said) {
        if (said == length) continue;
        Buffer padding = good_padding(length);
        padding.back() = static_cast<std::uint8_t>(said);
        // A length byte of 0 leaves nothing to be checked but the MAC, which encrypt-then-MAC has checked before.
        const bool shorter = encrypt_then_mac && said == 0;
        Buffer fragment = record.fragment_with(padding);
        Buffer opened;
        ASSERT_EQ(record.open(*engine_, fragment, opened), shorter ? JobStatus::ok : JobStatus::bad_record)
            << length << " " << said;
      }
    }
  });
}

TEST_P(CbcRecords, RefuseAPaddingThatIsLongerThanTheRecord) {
  for (const CbcSuite suite : kCbcSuitesUnderTest) {
    // All bytes of the record say so, so that only its size tells.
    for (std::size_t blocks = 1; blocks < 20; ++blocks) {
      for (const std::size_t extra : {0, 1, 15, 16, 200}) {
        CbcRecord record(suite, false, random_, 0);
        const std::size_t size = blocks * kCbcBlock;
        const std::size_t length = std::min<std::size_t>(255, size - 1 + extra);
        if (length + 1 + mac_size(suite) <= size) continue;
        Buffer fragment = record.encrypt(Buffer(size, static_cast<std::uint8_t>(length)));
        Buffer opened;
        ASSERT_EQ(record.open(*engine_, fragment, opened), JobStatus::bad_record) << blocks << " " << extra;
      }
    }
  }
}

TEST_P(CbcRecords, RefuseFragmentsOfImpossibleSize) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    CbcRecord record(suite, encrypt_then_mac, random_, 0);
    const std::size_t least = record.fragment_size();
    for (std::size_t size = 0; size < least + 2 * kCbcBlock; ++size) {
      Buffer fragment(size);
      random_.fill(fragment);
      Buffer opened;
      ASSERT_EQ(record.open(*engine_, fragment, opened), JobStatus::bad_record) << size;
      ASSERT_EQ(fragment, Buffer(size, 0)) << size;
    }
    const Buffer sealed = record.seal(libcrypto_);
    for (std::size_t size = 0; size < least; ++size) {
      Buffer fragment(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size));
      Buffer opened;
      ASSERT_EQ(record.open(*engine_, fragment, opened), JobStatus::bad_record) << size;
    }
    Buffer too_long(kMaxCbcFragment + kCbcBlock);
    Buffer opened;
    EXPECT_EQ(record.open(*engine_, too_long, opened), JobStatus::bad_record);
  });
}

TEST_P(CbcRecords, RefuseOneFlippedBitAnywhere) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    const CbcRecord record(suite, encrypt_then_mac, random_, 75);
    const Buffer sealed = record.seal(libcrypto_);
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
      Buffer damaged = sealed;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      Buffer opened;
      ASSERT_EQ(record.open(*engine_, damaged, opened), JobStatus::bad_record) << bit;
      ASSERT_EQ(damaged, Buffer(sealed.size(), 0)) << bit;
    }
  });
}

TEST_P(CbcRecords, CoverTheHeaderByTheMac) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    CbcRecord record(suite, encrypt_then_mac, random_, 75);
    const Buffer sealed = record.seal(libcrypto_);
    const CbcRecordHeader right = record.header;
    std::vector<CbcRecordHeader> wrong(3, right);
    wrong[0].sequence_number ^= std::uint64_t{1} << 63U;
    wrong[1].content_type ^= 1;
    wrong[2].version = 0x0302;
    for (const CbcRecordHeader& header : wrong) {
      record.header = header;
      Buffer fragment = sealed;
      Buffer opened;
      EXPECT_EQ(record.open(*engine_, fragment, opened), JobStatus::bad_record);
    }
  });
}

TEST_P(CbcRecords, RefuseARecordOfTheOtherOrderOfCipherAndMac) {
  for (const CbcSuite suite : kCbcSuitesUnderTest) {
    for (const bool encrypt_then_mac : {false, true}) {
      CbcRecord record(suite, encrypt_then_mac, random_, 200);
      Buffer fragment = record.seal(libcrypto_);
      record.keys.encrypt_then_mac = !encrypt_then_mac;
      Buffer opened;
      EXPECT_EQ(record.open(*engine_, fragment, opened), JobStatus::bad_record);
    }
  }
}

TEST_P(CbcRecords, RefuseKeysThatWereNeverSet) {
  CbcRecord record(CbcSuite::aes_128_sha1, false, random_, 20);
  Buffer fragment = record.seal(libcrypto_);
  record.keys.id = 0;
  EXPECT_EQ(record.seal(*engine_), Buffer());
  Buffer opened;
  EXPECT_EQ(record.open(*engine_, fragment, opened), JobStatus::engine_failed);
}

TEST_P(CbcRecords, SealNothingLongerThanARecord) {
  const CbcRecord record(CbcSuite::aes_128_sha1, false, random_, 16385);
  EXPECT_EQ(record.seal(*engine_), Buffer());
}

TEST_P(CbcRecords, ForgetMeansThatTheNextUseTakesTheKeysAsTheyAreThen) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    CbcRecord record(suite, encrypt_then_mac, random_, 50);
    const Buffer before = record.seal(*engine_);
    engine_->forget(record.keys.id);
    record.keys.key.writable()[0] ^= 1;
    record.keys.mac_key.writable()[0] ^= 1;
    Buffer after = record.seal(*engine_);
    EXPECT_NE(before, after);
    EXPECT_EQ(after, record.fragment_with(good_padding(kCbcBlock - 1 - record.inside() % kCbcBlock)));
    Buffer opened;
    EXPECT_EQ(record.open(*engine_, after, opened), JobStatus::ok);
  });
}

/// Seals `records` in one batch.
std::vector<Buffer> seal_together(Engine& engine, const std::vector<std::unique_ptr<CbcRecord>>& records) {
  std::vector<Buffer> out;
  std::vector<std::unique_ptr<CbcSealJob>> jobs;
  std::vector<Job*> batch;
  out.reserve(records.size());
  for (const auto& record : records) {
    out.emplace_back(record->fragment_size());
    jobs.push_back(std::make_unique<CbcSealJob>());
    record->fill(*jobs.back(), out.back().data());
    batch.push_back(jobs.back().get());
  }
  EXPECT_TRUE(finish_all(engine, batch));
  for (const Job* const job : batch) EXPECT_EQ(job->status, JobStatus::ok);
  return out;
}

TEST_P(CbcRecords, SealEveryNumberOfRecordsTogether) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    for (std::size_t count = 1; count <= 70; ++count) {
      std::vector<std::unique_ptr<CbcRecord>> records;
      for (std::size_t i = 0; i < count; ++i)
        records.push_back(std::make_unique<CbcRecord>(suite, encrypt_then_mac, random_, random_.below(300)));
      const std::vector<Buffer> sealed = seal_together(*engine_, records);
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(sealed[i], records[i]->seal(libcrypto_)) << count << " " << i;
    }
  });
}

TEST_P(CbcRecords, SealAllSuitesAndSizesInOneBatch) {
  for (int round = 0; round < 40; ++round) {
    std::vector<std::unique_ptr<CbcRecord>> records;
    for (std::size_t i = 0; i < 64; ++i)
      records.push_back(std::make_unique<CbcRecord>(kCbcSuitesUnderTest[random_.below(5)], random_.below(2) != 0,
                                                    random_, random_.below(random_.below(3) == 0 ? 16385 : 400)));
    const std::vector<Buffer> sealed = seal_together(*engine_, records);
    for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(sealed[i], records[i]->seal(libcrypto_)) << round << i;
  }
}

TEST_P(CbcRecords, OpenAnyMixOfGoodAndBadInOneBatch) {
  for_each_suite([&](CbcSuite suite, bool encrypt_then_mac) {
    for (std::size_t round = 0; round < 60; ++round) {
      const std::size_t count = 1 + random_.below(64);
      std::vector<std::unique_ptr<CbcRecord>> records;
      std::vector<Buffer> fragments;
      std::vector<bool> good;
      std::vector<std::unique_ptr<CbcOpenJob>> jobs;
      std::vector<Job*> batch;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t size = random_.below(random_.below(8) == 0 ? 16385 : 500);
        records.push_back(std::make_unique<CbcRecord>(suite, encrypt_then_mac, random_, size));
        fragments.push_back(records[i]->seal(libcrypto_));
        good.push_back(random_.below(2) == 0);
        Buffer& fragment = fragments[i];
        if (!good[i]) fragment[random_.below(static_cast<std::uint32_t>(fragment.size()))] ^= 0x10;
        jobs.push_back(std::make_unique<CbcOpenJob>());
        const std::size_t cut = random_.below(static_cast<std::uint32_t>(fragment.size()));
        records[i]->fill(*jobs[i], fragment,
                         random_.below(2) == 0 ? std::vector<std::size_t>{} : std::vector<std::size_t>{cut});
        batch.push_back(jobs[i].get());
      }
      ASSERT_TRUE(finish_all(*engine_, batch));
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(jobs[i]->status, good[i] ? JobStatus::ok : JobStatus::bad_record) << round << " " << i;
        if (!good[i]) {
          ASSERT_EQ(fragments[i], Buffer(fragments[i].size(), 0)) << round << " " << i;
          continue;
        }
        const auto at = fragments[i].begin() + jobs[i]->plaintext_offset;
        ASSERT_EQ(Buffer(at, at + jobs[i]->plaintext_size), records[i]->plaintext) << round << " " << i;
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, CbcRecords, testing::Values("libcrypto", "ipsec_mb"));

/// What ipsec-mb's engine does beyond that.
class CbcLanes : public testing::Test {
 protected:
  Random random_ = Random::from_number(8);
  LibcryptoCbcEngine libcrypto_;
};

TEST_F(CbcLanes, ShortRecordsDoNotWaitForLongOnes) {
  auto engine = make_ipsec_mb_engine(64);
  ASSERT_TRUE(engine) << engine.error();
  std::vector<std::unique_ptr<CbcRecord>> records;
  std::vector<Buffer> out;
  std::vector<std::unique_ptr<CbcSealJob>> jobs;
  std::vector<Job*> batch;
  for (std::size_t i = 0; i < 16; ++i) {
    records.push_back(std::make_unique<CbcRecord>(CbcSuite::aes_128_sha1, false, random_, i == 5 ? 16384 : 256 + i));
    out.emplace_back(records[i]->fragment_size());
    jobs.push_back(std::make_unique<CbcSealJob>());
    records[i]->fill(*jobs[i], out[i].data());
    batch.push_back(jobs[i].get());
  }
  for (Job* const job : batch) job->status = JobStatus::waiting;
  JobList done;
  engine.value()->run(batch, done);
  EXPECT_EQ(done.size(), 15U);
  EXPECT_EQ(jobs[5]->status, JobStatus::waiting);
  EXPECT_EQ(engine.value()->in_flight(), 1U);
  engine.value()->poll(Instant{}, done);
  EXPECT_EQ(done.size(), 16U);
  EXPECT_EQ(engine.value()->in_flight(), 0U);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(out[i], records[i]->seal(libcrypto_)) << i;
}

TEST_F(CbcLanes, LongRecordsAloneAreSealedAtOnce) {
  auto engine = make_ipsec_mb_engine(64);
  ASSERT_TRUE(engine) << engine.error();
  const CbcRecord record(CbcSuite::aes_128_sha1, false, random_, 16384);
  Buffer out(record.fragment_size());
  CbcSealJob job;
  record.fill(job, out.data());
  EXPECT_EQ(run_one(*engine.value(), job), JobStatus::ok);
}

TEST_F(CbcLanes, KeysOfOneBatchMayBeMoreThanTheCacheHolds) {
  IpsecMbInfo info;
  auto engine = make_ipsec_mb_engine(4, &info);
  ASSERT_TRUE(engine) << engine.error();
  for (const bool encrypt_then_mac : {false, true}) {
    for (int round = 0; round < 5; ++round) {
      std::vector<std::unique_ptr<CbcRecord>> records;
      for (std::size_t i = 0; i < 64; ++i)
        records.push_back(std::make_unique<CbcRecord>(CbcSuite::aes_256_sha384, encrypt_then_mac, random_, 100 + i));
      const std::vector<Buffer> sealed = seal_together(*engine.value(), records);
      for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(sealed[i], records[i]->seal(libcrypto_)) << i;
    }
  }
}

/// Passes jobs on, and spoils one result of each or takes every record for good.
class FaultyEngine final : public Engine {
 public:
  explicit FaultyEngine(Engine& engine) : engine_(engine) {}
  const char* name() const override { return "faulty"; }
  bool supports(JobClass job_class) const override { return engine_.supports(job_class); }
  void run(std::span<Job* const> jobs, JobList& done) override {
    engine_.run(jobs, done);
    for (Job* const job : jobs) {
      if (job->kind == JobKind::cbc_seal) static_cast<CbcSealJob*>(job)->fragment[16] ^= 1;
      job->status = JobStatus::ok;
    }
  }
  void poll(Instant now, JobList& done) override { engine_.poll(now, done); }

 private:
  Engine& engine_;
};

TEST_P(CbcRecords, PassTheSelfTest) {
  EXPECT_EQ(self_test_parts::cbc_seal(*engine_, libcrypto_), "");
  EXPECT_EQ(self_test_parts::cbc_open(*engine_, libcrypto_), "");
}

TEST_P(CbcRecords, FailTheSelfTestWhenTheyAreFaulty) {
  FaultyEngine faulty(*engine_);
  EXPECT_NE(self_test_parts::cbc_seal(faulty, libcrypto_), "");
  EXPECT_NE(self_test_parts::cbc_open(faulty, libcrypto_), "");
}

}  // namespace
}  // namespace lockstep::crypto::test
