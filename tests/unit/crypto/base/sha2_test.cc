#include "crypto/base/sha2.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/base/sha2_compress.h"
#include "tests/support/vectors.h"

namespace lockstep {
namespace {

using test::to_hex;

std::vector<std::uint8_t> text(std::string_view characters) {
  return {characters.begin(), characters.end()};
}

std::string digest_hex(Hash hash, Bytes data) {
  std::vector<std::uint8_t> out(digest_size(hash));
  digest_of(hash, data, out);
  return to_hex(out);
}

std::vector<std::uint8_t> random_bytes(Random& random, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  random.fill(bytes);
  return bytes;
}

// The examples NIST publishes beside FIPS 180-4: one block, nothing, two blocks, many blocks.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(digest_hex(Hash::sha256, text("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_hex(Hash::sha256, {}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest_hex(Hash::sha256, text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest_hex(Hash::sha256, std::vector<std::uint8_t>(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha384, GivesThePublishedDigests) {
  EXPECT_EQ(digest_hex(Hash::sha384, text("abc")),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(digest_hex(Hash::sha384, {}),
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b");
  EXPECT_EQ(digest_hex(Hash::sha384, text("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                                          "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")),
            "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039");
  EXPECT_EQ(digest_hex(Hash::sha384, std::vector<std::uint8_t>(1'000'000, 'a')),
            "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985");
}

class RunningHashTest : public testing::TestWithParam<Hash> {};
INSTANTIATE_TEST_SUITE_P(BothHashes, RunningHashTest, testing::Values(Hash::sha256, Hash::sha384),
                         [](const auto& suite) { return suite.param == Hash::sha256 ? "Sha256" : "Sha384"; });

TEST_P(RunningHashTest, DigestDoesNotDependOnChunking) {
  Random random = Random::from_number(1);
  for (std::size_t size = 0; size < 400; ++size) {
    const std::vector<std::uint8_t> data = random_bytes(random, size);
    RunningHash running(GetParam());
    for (Bytes rest = data; !rest.empty();) {
      const std::size_t piece = random.below(static_cast<std::uint32_t>(rest.size()) + 1);
      running.update(rest.first(piece));
      rest = rest.subspan(piece);
    }
    std::vector<std::uint8_t> digest(digest_size(GetParam()));
    running.digest(digest);
    ASSERT_EQ(to_hex(digest), digest_hex(GetParam(), data)) << size;
  }
}

TEST_P(RunningHashTest, ReadingTheDigestLeavesTheStateAlone) {
  Random random = Random::from_number(2);
  const std::vector<std::uint8_t> data = random_bytes(random, 300);
  RunningHash running(GetParam());
  std::vector<std::uint8_t> digest(digest_size(GetParam()));
  for (std::size_t size = 0; size < data.size(); ++size) {
    running.digest(digest);
    ASSERT_EQ(to_hex(digest), digest_hex(GetParam(), Bytes(data).first(size)));
    running.update(Bytes(data).subspan(size, 1));
  }
}

TEST_P(RunningHashTest, CopyIsAFork) {
  RunningHash original(GetParam());
  original.update(text("common"));
  RunningHash fork = original;
  fork.update(text(" and more"));
  std::vector<std::uint8_t> digest(digest_size(GetParam()));
  original.digest(digest);
  EXPECT_EQ(to_hex(digest), digest_hex(GetParam(), text("common")));
  fork.digest(digest);
  EXPECT_EQ(to_hex(digest), digest_hex(GetParam(), text("common and more")));
}

TEST(Sha256, ShaInstructionsAgreeWithPortableCode) {
  if (!sha2::has_sha_ni()) GTEST_SKIP() << "this CPU has no SHA instructions";
  Random random = Random::from_number(3);
  for (int i = 0; i < 1000; ++i) {
    std::array<std::uint32_t, 8> portable;
    for (std::uint32_t& word : portable) word = random.u32();
    std::array<std::uint32_t, 8> ni = portable;
    const std::size_t count = random.below(5);
    const std::vector<std::uint8_t> blocks = random_bytes(random, count * 64);
    sha2::compress256_portable(portable.data(), blocks.data(), count);
    sha2::compress256_ni(ni.data(), blocks.data(), count);
    ASSERT_EQ(portable, ni);
  }
}

}  // namespace
}  // namespace lockstep
