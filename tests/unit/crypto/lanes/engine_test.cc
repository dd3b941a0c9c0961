#include <gtest/gtest.h>

#include <openssl/rsa.h>

#include <algorithm>
#include <set>

#include "crypto/openssl/engine.h"
#include "crypto/openssl/key_numbers.h"
#include "tests/unit/crypto/lanes/engine_support.h"

namespace lockstep::crypto::lanes::test {
namespace {

constexpr Instant kNow = Instant{} + seconds(100);

class LanesEngine : public testing::Test {
 protected:
  std::unique_ptr<Engine> make(const Kernels& chosen = kernels(), MadeAheadOptions ahead = {}) {
    return make_lanes_engine(chosen, *libcrypto_, random_, system_nonce_source(0), ahead, counters_);
  }
  /// Jobs of one key and scheme, each over its own content.
  std::vector<std::unique_ptr<SignJob>> signatures(const PrivateKey& key, SignatureScheme scheme, std::size_t count) {
    std::vector<std::unique_ptr<SignJob>> jobs;
    for (std::size_t i = 0; i < count; ++i) {
      std::array<std::uint8_t, 130> content{};
      random_.fill(content);
      jobs.push_back(sign_job(key, scheme, content));
    }
    return jobs;
  }
  template <class T>
  static std::vector<Job*> pointers(const std::vector<std::unique_ptr<T>>& jobs) {
    std::vector<Job*> result;
    for (const auto& job : jobs) result.push_back(job.get());
    return result;
  }

  Random random_ = Random::from_number(7);
  std::unique_ptr<Engine> libcrypto_ = make_openssl_engine(random_);
  LanesCounters counters_;
};

struct Signing {
  KeyType type;
  unsigned bits;
  SignatureScheme scheme;
};
class LanesSign : public LanesEngine, public testing::WithParamInterface<Signing> {};

TEST_P(LanesSign, EveryNumberOfJobsGivesValidSignatures) {
  const auto key = make_key(GetParam().type, GetParam().bits);
  const auto engine = make();
  for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 17U}) {
    const auto jobs = signatures(*key, GetParam().scheme, count);
    run_to_end(*engine, pointers(jobs), kNow);
    for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(is_valid(*jobs[i], *key)) << i << " of " << count;
  }
  EXPECT_EQ(counters_.recomputed, 0U);
  EXPECT_EQ(counters_.passed_on, 0U);
}

TEST_P(LanesSign, LanesMayHaveDifferentKeys) {
  std::vector<std::unique_ptr<OpensslKey>> keys;
  std::vector<std::unique_ptr<SignJob>> jobs;
  for (std::size_t i = 0; i < 3; ++i) keys.push_back(make_key(GetParam().type, GetParam().bits));
  for (std::size_t i = 0; i < 8; ++i) jobs.push_back(std::move(signatures(*keys[i % 3], GetParam().scheme, 1)[0]));
  const auto engine = make();
  run_to_end(*engine, pointers(jobs), kNow);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_TRUE(is_valid(*jobs[i], *keys[i % 3])) << i;
  EXPECT_EQ(counters_.recomputed, 0U);
}

INSTANTIATE_TEST_SUITE_P(Schemes, LanesSign,
                         testing::Values(Signing{KeyType::ecdsa_p256, 256, SignatureScheme::ecdsa_secp256r1_sha256},
                                         Signing{KeyType::ecdsa_p384, 384, SignatureScheme::ecdsa_secp384r1_sha384},
                                         Signing{KeyType::ed25519, 255, SignatureScheme::ed25519},
                                         Signing{KeyType::rsa, 2048, SignatureScheme::rsa_pss_rsae_sha256},
                                         Signing{KeyType::rsa, 2048, SignatureScheme::rsa_pkcs1_sha384},
                                         Signing{KeyType::rsa, 3072, SignatureScheme::rsa_pss_rsae_sha384},
                                         Signing{KeyType::rsa, 4096, SignatureScheme::rsa_pkcs1_sha256}),
                         [](const auto& one) {
                           return "Scheme" + std::to_string(static_cast<unsigned>(one.param.scheme));
                         });

TEST_F(LanesEngine, PassesOnWhatLanesDoNotHave) {
  const auto key = make_key(KeyType::rsa, 2048);
  const auto engine = make();
  auto jobs = signatures(*key, SignatureScheme::rsa_pss_rsae_sha512, 2);
  jobs.push_back(std::move(signatures(*key, SignatureScheme::rsa_pss_rsae_sha256, 1)[0]));
  run_to_end(*engine, pointers(jobs), kNow);
  for (const auto& job : jobs) EXPECT_TRUE(is_valid(*job, *key));
  EXPECT_EQ(counters_.passed_on, 2U);
}

TEST_F(LanesEngine, PassesOnKeysThatAreNotPrepared) {
  const auto key = OpensslKey::prepare(UniquePkey(EVP_RSA_gen(2048)), KeyType::rsa, 2048);
  const auto engine = make();
  const auto jobs = signatures(*key, SignatureScheme::rsa_pss_rsae_sha256, 1);
  run_to_end(*engine, pointers(jobs), kNow);
  EXPECT_TRUE(is_valid(*jobs[0], *key));
  EXPECT_EQ(counters_.passed_on, 1U);
}

TEST_F(LanesEngine, AWrongLaneOfEcdsaIsSignedAgainByLibcrypto) {
  static P256Kernels faulty = *kernels().p256;
  faulty.sign = [](std::uint8_t(*signature)[64], const NoncePair<32>* pair, const std::uint8_t(*private_key)[32],
                   const std::uint8_t(*digest)[32]) -> LaneMask {
    return kernels().p256->sign(signature, pair, private_key, digest) & 0xfbU;
  };
  Kernels chosen = kernels();
  chosen.p256 = &faulty;
  const auto key = make_key(KeyType::ecdsa_p256);
  const auto engine = make(chosen);
  const auto jobs = signatures(*key, SignatureScheme::ecdsa_secp256r1_sha256, 8);
  run_to_end(*engine, pointers(jobs), kNow);
  for (const auto& job : jobs) EXPECT_TRUE(is_valid(*job, *key));
  EXPECT_EQ(counters_.recomputed, 1U);
}

TEST_F(LanesEngine, AWrongLaneOfRsaIsComputedAgainByLibcryptoAndNeverLeaves) {
  static RsaKernels faulty[kRsaSizes];
  std::copy_n(kernels().rsa, kRsaSizes, faulty);
  faulty[0].finish = [](void* state, std::uint8_t* const* output) -> LaneMask {
    return kernels().rsa[0].finish(state, output) & 0xfeU;
  };
  Kernels chosen = kernels();
  chosen.rsa = faulty;
  const auto key = make_key(KeyType::rsa, 2048);
  const auto engine = make(chosen);
  const auto jobs = signatures(*key, SignatureScheme::rsa_pkcs1_sha256, 3);
  run_to_end(*engine, pointers(jobs), kNow);
  for (const auto& job : jobs) EXPECT_TRUE(is_valid(*job, *key));
  EXPECT_EQ(counters_.recomputed, 1U);
}

TEST_F(LanesEngine, RsaGoesInSlicesOneInEachTurn) {
  const auto key = make_key(KeyType::rsa, 2048);
  const auto engine = make();
  const auto jobs = signatures(*key, SignatureScheme::rsa_pkcs1_sha256, 8);
  JobList done;
  engine->poll(kNow, done);
  engine->run(pointers(jobs), done);
  EXPECT_EQ(done.size(), 0U);
  EXPECT_EQ(engine->in_flight(), 8U);
  EXPECT_TRUE(engine->has_slices());
  int turns = 0;
  for (; done.size() == 0 && turns < 1000; ++turns) {
    engine->poll(kNow + nanoseconds(turns + 1), done);
    for (int again = 0; again < 50 && done.size() == 0; ++again) engine->poll(kNow + nanoseconds(turns + 1), done);
  }
  EXPECT_GE(turns, 4);
  EXPECT_LE(turns, 40);
  EXPECT_EQ(done.size(), 8U);
  EXPECT_FALSE(engine->has_slices());
}

TEST_F(LanesEngine, RsaJobsThatComeMeanwhileShareTheNextOperation) {
  const auto key = make_key(KeyType::rsa, 2048);
  const auto engine = make();
  const auto first = signatures(*key, SignatureScheme::rsa_pkcs1_sha256, 1);
  const auto second = signatures(*key, SignatureScheme::rsa_pkcs1_sha256, 2);
  JobList done;
  engine->poll(kNow, done);
  engine->run(pointers(first), done);
  engine->run(pointers(second), done);
  int turns = 0;
  int until_first = 0;
  for (; done.size() < 3 && turns < 1000; ++turns) {
    engine->poll(kNow + nanoseconds(turns + 1), done);
    if (done.size() == 0) until_first = turns;
  }
  EXPECT_EQ(done.size(), 3U);
  EXPECT_LE(turns, 2 * until_first + 4);  // two operations, not three
}

class LanesGroups : public LanesEngine, public testing::WithParamInterface<NamedGroup> {};

TEST_P(LanesGroups, SharesAndSecretsAgreeWithLibcryptosForEveryNumberOfJobs) {
  const auto engine = make();
  for (std::size_t count = 1; count <= 9; ++count) {
    std::vector<std::unique_ptr<KeyShareJob>> ours, theirs;
    std::vector<std::unique_ptr<DeriveJob>> derived, expected;
    for (std::size_t i = 0; i < count; ++i) {
      ours.emplace_back(std::make_unique<KeyShareJob>())->group = GetParam();
      theirs.emplace_back(std::make_unique<KeyShareJob>())->group = GetParam();
    }
    run_to_end(*engine, pointers(ours), kNow);
    run_to_end(*libcrypto_, pointers(theirs), kNow);
    for (std::size_t i = 0; i < count; ++i) {
      derived.push_back(std::make_unique<DeriveJob>());
      expected.push_back(std::make_unique<DeriveJob>());
      derived[i]->group = expected[i]->group = GetParam();
      derived[i]->private_key = &ours[i]->private_key;
      derived[i]->peer_public_key = theirs[i]->public_key;
      expected[i]->private_key = &theirs[i]->private_key;
      expected[i]->peer_public_key = ours[i]->public_key;
    }
    run_to_end(*engine, pointers(derived), kNow);
    run_to_end(*libcrypto_, pointers(expected), kNow);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(derived[i]->status, JobStatus::ok);
      EXPECT_EQ(expected[i]->status, JobStatus::ok);
      const std::size_t size = shared_secret_size(GetParam());
      EXPECT_TRUE(std::ranges::equal(derived[i]->shared_secret.expose(size), expected[i]->shared_secret.expose(size)));
    }
  }
}

TEST_P(LanesGroups, EveryMixOfGoodAndBadPeersIsToldApart) {
  const auto engine = make();
  KeyShareJob own;
  KeyShareJob peer;
  own.group = peer.group = GetParam();
  std::array<Job*, 2> shares = {&own, &peer};
  run_to_end(*engine, shares, kNow);
  for (unsigned bad = 0; bad < 256; ++bad) {
    std::vector<std::unique_ptr<DeriveJob>> jobs;
    for (unsigned i = 0; i < 8; ++i) {
      auto& job = *jobs.emplace_back(std::make_unique<DeriveJob>());
      job.group = GetParam();
      job.private_key = &own.private_key;
      job.peer_public_key = peer.public_key;
      if ((bad >> i & 1U) == 0) continue;
      if (GetParam() == NamedGroup::x25519)
        job.peer_public_key = {};  // the point of order 4's x
      else
        job.peer_public_key[40] ^= 1U;
    }
    run_to_end(*engine, pointers(jobs), kNow);
    for (unsigned i = 0; i < 8; ++i)
      EXPECT_EQ(jobs[i]->status, (bad >> i & 1U) != 0 ? JobStatus::bad_peer_key : JobStatus::ok);
  }
}

INSTANTIATE_TEST_SUITE_P(Groups, LanesGroups,
                         testing::Values(NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1),
                         [](const auto& one) { return "Group" + std::to_string(static_cast<unsigned>(one.param)); });

TEST_F(LanesEngine, KeyPairsMadeAheadAreHandedOutOnceAndRefilled) {
  const auto engine = make(kernels(), {.key_pairs = 16});
  JobList done;
  engine->poll(kNow, done);
  KeyShareJob first;
  EXPECT_FALSE(engine->made_ahead(first));
  while (engine->make_ahead()) {
  }
  EXPECT_TRUE(engine->made_ahead(first));
  EXPECT_EQ(counters_.ahead.key_pairs_made, 32U);  // X25519 and P-256
  std::set<std::vector<std::uint8_t>> seen;
  for (int i = 0; i < 40; ++i) {
    KeyShareJob job;
    std::array<Job*, 1> jobs = {&job};
    engine->run(jobs, done);
    EXPECT_EQ(done.pop(), &job);
    seen.emplace(job.public_key.begin(), job.public_key.end());
  }
  EXPECT_EQ(seen.size(), 40U);
  EXPECT_EQ(counters_.ahead.key_pairs_missed, 3U);  // the 17th, 25th and 33rd filled lanes for those behind them
}

TEST_F(LanesEngine, WhatWasMadeAheadIsWipedWithAge) {
  const auto engine = make(kernels(), {.key_pairs = 8, .life = seconds(2)});
  JobList done;
  engine->poll(kNow, done);
  while (engine->make_ahead()) {
  }
  KeyShareJob job;
  engine->poll(kNow + seconds(2), done);
  EXPECT_TRUE(engine->made_ahead(job));
  engine->poll(kNow + seconds(2) + nanoseconds(1), done);
  EXPECT_FALSE(engine->made_ahead(job));
  EXPECT_EQ(counters_.ahead.expired, 16U);
}

TEST_F(LanesEngine, DropThrowsAwayWhatWasMadeAhead) {
  const auto engine = make(kernels(), {.key_pairs = 8});
  while (engine->make_ahead()) {
  }
  engine->drop_ahead();
  EXPECT_FALSE(engine->made_ahead(KeyShareJob()));
  EXPECT_EQ(counters_.ahead.dropped, 16U);
}

/// What a client could send instead of a premaster secret, encrypted to `key`; the first is good.
std::vector<std::vector<std::uint8_t>> key_exchanges(const OpensslKey& key) {
  const std::size_t size = key.bits() / 8;
  std::vector<std::vector<std::uint8_t>> all;
  const UniquePkey peer = import_peer_key(peer_key(key));
  const auto encrypted = [&](std::size_t place, std::uint8_t value) {
    std::vector<std::uint8_t> block(size, 0x11), out(size);
    block[0] = 0;
    block[1] = 2;
    block[size - 49] = 0;
    block[size - 48] = block[size - 47] = 3;
    block[place] = value;
    const UniquePkeyContext context(EVP_PKEY_CTX_new(peer.get(), nullptr));
    std::size_t written = size;
    EXPECT_EQ(EVP_PKEY_encrypt_init(context.get()), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_encrypt(context.get(), out.data(), &written, block.data(), size), 1);
    return out;
  };
  all.push_back(encrypted(1, 2));
  all.push_back(encrypted(1, 1));          // block type 1
  all.push_back(encrypted(10, 0));         // separator too early
  all.push_back(encrypted(size - 49, 1));  // no separator
  all.push_back(encrypted(size - 47, 4));  // another version
  all.emplace_back(size, 0xff);            // not below the modulus
  all.emplace_back(size, 0x00);
  all.emplace_back(size - 1, 0x01);
  all.emplace_back(size + 1, 0x01);
  all.emplace_back();
  return all;
}

TEST_F(LanesEngine, RsaKeyExchangesGoodOrBadEndAlikeInBothEngines) {
  for (const unsigned bits : {2048U, 3072U, 4096U}) {
    const auto key = make_key(KeyType::rsa, bits);
    const auto sent = key_exchanges(*key);
    const auto engine = make();
    std::vector<std::vector<std::unique_ptr<RsaPremasterJob>>> both(2);
    for (std::size_t which = 0; which < 2; ++which) {
      for (const auto& encrypted : sent) {
        auto& job = *both[which].emplace_back(std::make_unique<RsaPremasterJob>());
        job.key = key.get();
        job.encrypted = encrypted;
        job.client_version = 0x0303;
        std::ranges::fill(job.substitute.writable(), std::uint8_t{0x77});
      }
      run_to_end(which == 0 ? *engine : *libcrypto_, pointers(both[which]), kNow);
    }
    for (std::size_t i = 0; i < sent.size(); ++i) {
      for (const auto& jobs : both) {
        EXPECT_EQ(jobs[i]->status, JobStatus::ok) << i;
        EXPECT_EQ(jobs[i]->premaster.expose()[47], i == 0 ? 0x11 : 0x77) << i;
      }
      EXPECT_TRUE(std::ranges::equal(both[0][i]->premaster.expose(), both[1][i]->premaster.expose()));
    }
  }
  EXPECT_EQ(counters_.recomputed, 0U);
}

TEST_F(LanesEngine, VerifiesWhatLibcryptoSignsAndRefusesTheRest) {
  for (const auto& [type, scheme] : {std::pair{KeyType::ecdsa_p256, SignatureScheme::ecdsa_secp256r1_sha256},
                                     std::pair{KeyType::ecdsa_p384, SignatureScheme::ecdsa_secp384r1_sha384},
                                     std::pair{KeyType::rsa, SignatureScheme::rsa_pss_rsae_sha256},
                                     std::pair{KeyType::rsa, SignatureScheme::rsa_pss_rsae_sha384},
                                     std::pair{KeyType::rsa, SignatureScheme::rsa_pkcs1_sha256}}) {
    const auto key = make_key(type);
    const PeerKey peer = peer_key(*key);
    const auto engine = make();
    const auto signed_jobs = signatures(*key, scheme, 8);
    run_to_end(*libcrypto_, pointers(signed_jobs), kNow);
    for (unsigned bad = 0; bad < 256; bad += 37) {
      std::vector<std::unique_ptr<VerifyJob>> jobs;
      for (unsigned i = 0; i < 8; ++i) {
        if ((bad >> i & 1U) != 0) signed_jobs[i]->content[3] ^= 1U;
        auto& job = *jobs.emplace_back(std::make_unique<VerifyJob>());
        job.key = &peer;
        job.scheme = scheme;
        job.content = Bytes(signed_jobs[i]->content).first(signed_jobs[i]->content_size);
        job.signature = Bytes(signed_jobs[i]->signature).first(signed_jobs[i]->signature_size);
      }
      run_to_end(*engine, pointers(jobs), kNow);
      for (unsigned i = 0; i < 8; ++i) {
        EXPECT_EQ(jobs[i]->status, (bad >> i & 1U) != 0 ? JobStatus::bad_signature : JobStatus::ok);
        if ((bad >> i & 1U) != 0) signed_jobs[i]->content[3] ^= 1U;
      }
    }
  }
}

TEST_F(LanesEngine, RefusesSignaturesOfWrongLengths) {
  const auto key = make_key(KeyType::rsa);
  const PeerKey peer = peer_key(*key);
  const auto engine = make();
  const auto good = signatures(*key, SignatureScheme::rsa_pkcs1_sha256, 1);
  run_to_end(*libcrypto_, pointers(good), kNow);
  for (const std::size_t size : {std::size_t{0}, std::size_t{255}, std::size_t{257}, std::size_t{256}}) {
    VerifyJob job;
    job.key = &peer;
    job.scheme = SignatureScheme::rsa_pkcs1_sha256;
    job.content = Bytes(good[0]->content).first(good[0]->content_size);
    job.signature = Bytes(good[0]->signature).first(size);
    std::array<Job*, 1> jobs = {&job};
    run_to_end(*engine, jobs, kNow);
    EXPECT_EQ(job.status, size == 256 ? JobStatus::ok : JobStatus::bad_signature);
  }
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test
