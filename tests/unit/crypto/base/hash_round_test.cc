// Rounds of many messages against the same work done one after the other.
#include "crypto/base/hash_round.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "crypto/base/random.h"

namespace lockstep {
namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer random_bytes(Random& random, std::size_t size) {
  Buffer bytes(size);
  random.fill(bytes);
  return bytes;
}

Hash any_hash(Random& random) {
  return random.below(2) == 0 ? Hash::sha256 : Hash::sha384;
}

/// What HMAC compresses after the key's block (FIPS 180-4 section 5.1).
Buffer padded(Hash hash, const Buffer& message) {
  const std::size_t block = block_size(hash);
  Buffer out = message;
  out.push_back(0x80);
  while (out.size() % block != block - block / 8) out.push_back(0);
  out.resize(out.size() + block / 8 - 8);
  const std::uint64_t bits = 8 * (block + message.size());
  for (unsigned shift = 64; shift != 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(bits >> (shift - 8)));
  return out;
}

Buffer digest_of(const RunningHash& running) {
  Buffer out(digest_size(running.hash()));
  running.digest(out);
  return out;
}

class HashRoundTest : public testing::TestWithParam<sha2::Features> {
 protected:
  void SetUp() override {
    const sha2::Features here = sha2::processor_features();
    if ((GetParam().sha_ni && !here.sha_ni) || (GetParam().avx512 && !here.avx512)) GTEST_SKIP() << "this CPU has less";
  }
  Random random_ = Random::from_number(1);
  HashRound round_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Processors, HashRoundTest,
                         testing::Values(sha2::Features{false, false}, sha2::Features{true, false},
                                         sha2::Features{false, true}, sha2::Features{true, true}),
                         [](const auto& suite) {
                           return std::string(suite.param.sha_ni ? "ShaNi" : "NoShaNi") +
                                  (suite.param.avx512 ? "Avx512" : "NoAvx512");
                         });

TEST_P(HashRoundTest, AuthenticatesWithKeysMadeInTheRoundBefore) {
  for (std::size_t count = 1; count <= 40; ++count) {
    struct Entry {
      Hash hash;
      Buffer key, message, padded_message, mac;
      HmacState state;
    };
    std::vector<Entry> entries(count);
    for (Entry& entry : entries) {
      entry.hash = any_hash(random_);
      const auto block = static_cast<std::uint32_t>(block_size(entry.hash));
      entry.key = random_bytes(random_, random_.below(block + 20));
      entry.message = random_bytes(random_, random_.below(2 * block - block / 8));
      entry.padded_message = padded(entry.hash, entry.message);
      entry.mac.resize(digest_size(entry.hash));
      round_.key(entry.hash, entry.key, entry.state);
    }
    round_.run();
    for (Entry& entry : entries)
      round_.mac(entry.hash, entry.state, entry.padded_message.data(),
                 entry.padded_message.size() / block_size(entry.hash), entry.mac.data());
    round_.run();
    for (const Entry& entry : entries) {
      Buffer expected(entry.mac.size());
      HmacKey(entry.hash, entry.key).mac({entry.message}, expected);
      ASSERT_EQ(entry.mac, expected) << count << " at once, a message of " << entry.message.size();
    }
  }
}

TEST_P(HashRoundTest, AuthenticatesConstantMessages) {
  std::vector<Buffer> messages;
  std::vector<ConstantMessage> constants[2];  // by hash
  for (std::size_t index = 0; index < ConstantMessage::kMost; ++index) {
    messages.push_back(random_bytes(random_, 7 * index));
    for (const Hash hash : {Hash::sha256, Hash::sha384})
      constants[static_cast<std::size_t>(hash)].emplace_back(hash, padded(hash, messages.back()).data(), index);
  }
  for (std::size_t count = 1; count <= 80; ++count) {
    struct Entry {
      std::unique_ptr<HmacKey> key;
      std::size_t index;
      Buffer mac;
    };
    std::vector<Entry> entries(count);
    for (Entry& entry : entries) {
      const Hash hash = any_hash(random_);
      entry.key = std::make_unique<HmacKey>(hash, random_bytes(random_, 32));
      entry.index = random_.below(2) * random_.below(ConstantMessage::kMost);
      entry.mac.resize(digest_size(hash));
      round_.mac(hash, entry.key->state(), constants[static_cast<std::size_t>(hash)][entry.index], entry.mac.data());
    }
    round_.run();
    for (const Entry& entry : entries) {
      Buffer expected(entry.mac.size());
      entry.key->mac({messages[entry.index]}, expected);
      ASSERT_EQ(entry.mac, expected) << count << " at once, message " << entry.index;
    }
  }
}

TEST_P(HashRoundTest, ExtendsTranscriptsOfAnyMixOfLengths) {
  for (std::size_t count = 1; count <= 100; ++count) {
    std::vector<RunningHash> transcripts;
    std::vector<Buffer> messages(count);
    std::vector<Buffer> digests(count);
    for (Buffer& message : messages) {
      transcripts.emplace_back(any_hash(random_));
      transcripts.back().update(random_bytes(random_, random_.below(300)));
      message = random_bytes(random_, random_.below(4) == 0 ? random_.below(4000) : random_.below(300));
    }
    std::vector<RunningHash> expected = transcripts;
    for (std::size_t i = 0; i < count; ++i) {
      digests[i].resize(digest_size(transcripts[i].hash()));
      round_.append(transcripts[i], messages[i]);
      round_.digest(transcripts[i], digests[i]);
    }
    round_.run();
    for (std::size_t i = 0; i < count; ++i) {
      expected[i].update(messages[i]);
      ASSERT_EQ(digests[i], digest_of(expected[i])) << count << " at once, this one " << messages[i].size();
      // And goes on as if it had been alone.
      expected[i].update(messages[0]);
      transcripts[i].update(messages[0]);
      ASSERT_EQ(digest_of(transcripts[i]), digest_of(expected[i])) << count;
    }
  }
}

TEST_P(HashRoundTest, ReadsADigestWithoutAppending) {
  std::vector<RunningHash> transcripts;
  for (int i = 0; i < 5; ++i) {
    transcripts.emplace_back(i % 2 == 0 ? Hash::sha256 : Hash::sha384);
    transcripts.back().update(random_bytes(random_, random_.below(300)));
  }
  std::array<std::array<std::uint8_t, kMaxDigest>, 5> digests;
  for (std::size_t i = 0; i < 5; ++i) round_.digest(transcripts[i], digests[i]);
  round_.run();
  for (std::size_t i = 0; i < 5; ++i) {
    const Bytes digest = Bytes(digests[i]).first(digest_size(transcripts[i].hash()));
    EXPECT_EQ(Buffer(digest.begin(), digest.end()), digest_of(transcripts[i]));
  }
}

TEST_P(HashRoundTest, DoesNothingTwice) {
  RunningHash transcript;
  const Buffer message(100, 1);
  round_.append(transcript, message);
  round_.run();
  round_.run();
  RunningHash expected;
  expected.update(message);
  EXPECT_EQ(digest_of(transcript), digest_of(expected));
}

}  // namespace
}  // namespace lockstep
