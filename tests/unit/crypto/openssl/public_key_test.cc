#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/openssl/engine.h"
#include "tests/support/vectors.h"
#include "tests/unit/crypto/openssl/support.h"

namespace lockstep::crypto::test {
namespace {

using lockstep::test::hex;

class PublicKey : public testing::TestWithParam<NamedGroup> {
 protected:
  Random random_ = Random::from_number(7);
  std::unique_ptr<Engine> engine_ = make_openssl_engine(random_);
};

TEST_P(PublicKey, BothSidesDeriveTheSameSecret) {
  KeyShareJob a;
  KeyShareJob b;
  a.group = b.group = GetParam();
  ASSERT_EQ(run_one(*engine_, a), JobStatus::ok);
  ASSERT_EQ(run_one(*engine_, b), JobStatus::ok);
  DeriveJob from_a;
  DeriveJob from_b;
  from_a.group = from_b.group = GetParam();
  from_a.private_key = &a.private_key;
  from_a.peer_public_key = b.public_key;
  from_b.private_key = &b.private_key;
  from_b.peer_public_key = a.public_key;
  ASSERT_EQ(run_one(*engine_, from_a), JobStatus::ok);
  ASSERT_EQ(run_one(*engine_, from_b), JobStatus::ok);
  const std::size_t size = shared_secret_size(GetParam());
  EXPECT_EQ(copy_of(from_a.shared_secret.expose(size)), copy_of(from_b.shared_secret.expose(size)));
}

TEST_P(PublicKey, EachShareIsNew) {
  KeyShareJob a;
  KeyShareJob b;
  a.group = b.group = GetParam();
  ASSERT_EQ(run_one(*engine_, a), JobStatus::ok);
  ASSERT_EQ(run_one(*engine_, b), JobStatus::ok);
  EXPECT_NE(a.public_key, b.public_key);
}

TEST_P(PublicKey, SharesComeFromTheInjectedGenerator) {
  Random again = Random::from_number(7);
  const std::unique_ptr<Engine> twin = make_openssl_engine(again);
  KeyShareJob a;
  KeyShareJob b;
  a.group = b.group = GetParam();
  ASSERT_EQ(run_one(*engine_, a), JobStatus::ok);
  ASSERT_EQ(run_one(*twin, b), JobStatus::ok);
  EXPECT_EQ(a.public_key, b.public_key);
}

INSTANTIATE_TEST_SUITE_P(Groups, PublicKey,
                         testing::Values(NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1));

TEST(Derive, RefusesTheAllZeroX25519Result) {  // RFC 7748 section 6.1
  Random random = Random::from_number(1);
  const auto engine = make_openssl_engine(random);
  Secret<kMaxSharedSecret> private_key;
  random.fill(private_key.writable());
  DeriveJob job;
  job.private_key = &private_key;
  EXPECT_EQ(run_one(*engine, job), JobStatus::bad_peer_key);
}

TEST(Derive, RefusesAPrivateKeyOfZeroAsALocalFault) {
  Random random = Random::from_number(1);
  const auto engine = make_openssl_engine(random);
  KeyShareJob peer;
  peer.group = NamedGroup::secp256r1;
  ASSERT_EQ(run_one(*engine, peer), JobStatus::ok);
  const Secret<kMaxSharedSecret> zero;
  DeriveJob job;
  job.group = NamedGroup::secp256r1;
  job.private_key = &zero;
  job.peer_public_key = peer.public_key;
  EXPECT_EQ(run_one(*engine, job), JobStatus::engine_failed);
}

TEST(Derive, RefusesCompressedAndInfinitePoints) {  // RFC 8446 section 4.2.8.2
  Random random = Random::from_number(1);
  const auto engine = make_openssl_engine(random);
  KeyShareJob own;
  own.group = NamedGroup::secp256r1;
  ASSERT_EQ(run_one(*engine, own), JobStatus::ok);
  for (const int form : {0, 2, 3, 6, 7}) {
    DeriveJob job;
    job.group = NamedGroup::secp256r1;
    job.private_key = &own.private_key;
    job.peer_public_key = own.public_key;
    job.peer_public_key[0] = static_cast<std::uint8_t>(form);
    EXPECT_EQ(run_one(*engine, job), JobStatus::bad_peer_key) << form;
  }
}

/// Right-aligned in `size` bytes; Wycheproof writes private keys as integers of any length.
std::vector<std::uint8_t> fitted(std::vector<std::uint8_t> bytes, std::size_t size) {
  while (bytes.size() > size) bytes.erase(bytes.begin());
  bytes.insert(bytes.begin(), size - bytes.size(), 0);
  return bytes;
}

void run_wycheproof(const nlohmann::json& file, const char* name, NamedGroup group) {
  Random random = Random::from_number(1);
  const auto engine = make_openssl_engine(random);
  const std::size_t size = shared_secret_size(group);
  std::size_t cases = 0;
  for (const auto& test_group : file["testGroups"]) {
    for (const auto& test : test_group["tests"]) {
      const std::vector<std::uint8_t> peer = hex(test["public"]);
      if (peer.size() != public_key_size(group)) continue;  // the protocol checks the length before it makes a job
      Secret<kMaxSharedSecret> private_key;
      private_key.assign(fitted(hex(test["private"]), size));
      DeriveJob job;
      job.group = group;
      job.private_key = &private_key;
      std::copy(peer.begin(), peer.end(), job.peer_public_key.begin());
      const JobStatus status = run_one(*engine, job);
      const std::vector<std::uint8_t> shared = hex(test["shared"]);
      const bool zero = std::all_of(shared.begin(), shared.end(), [](std::uint8_t byte) { return byte == 0; });
      const bool refused_zero = zero && group == NamedGroup::x25519;  // a curve's x coordinate may be zero
      const bool acceptable = test["result"] != "invalid" && !refused_zero;
      EXPECT_EQ(status, acceptable ? JobStatus::ok : JobStatus::bad_peer_key) << test["tcId"] << test["comment"];
      if (acceptable) {
        EXPECT_EQ(copy_of(job.shared_secret.expose(size)), shared) << test["tcId"];
      }
      ++cases;
    }
  }
  lockstep::test::report_cases(name, cases);
}

TEST(Derive, PassesWycheproofX25519) {
  LOCKSTEP_SHARED_VECTORS(json, "x25519_test.json");
  run_wycheproof(json, "x25519", NamedGroup::x25519);
}
TEST(Derive, PassesWycheproofP256) {
  LOCKSTEP_SHARED_VECTORS(json, "ecdh_secp256r1_ecpoint_test.json");
  run_wycheproof(json, "ecdh_secp256r1_ecpoint", NamedGroup::secp256r1);
}
TEST(Derive, PassesWycheproofP384) {
  LOCKSTEP_SHARED_VECTORS(json, "ecdh_secp384r1_ecpoint_test.json");
  run_wycheproof(json, "ecdh_secp384r1_ecpoint", NamedGroup::secp384r1);
}

}  // namespace
}  // namespace lockstep::crypto::test
