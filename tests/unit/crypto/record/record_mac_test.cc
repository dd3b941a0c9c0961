#include "crypto/record/record_mac.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/base/random.h"
#include "crypto/base/sha1_compress.h"
#include "crypto/base/sha2_compress.h"
#include "crypto/record/cbc_padding.h"
#include "tests/support/vectors.h"
#include "tests/unit/crypto/record/record.h"

namespace lockstep::crypto::test {
namespace {

using lockstep::test::hex;

constexpr std::array kHashes = {MacHash::sha1, MacHash::sha256, MacHash::sha384};

std::size_t digest_size_of(MacHash hash) {
  return hash == MacHash::sha1 ? 20 : hash == MacHash::sha256 ? 32 : 48;
}

Buffer hmac(MacHash hash, const Buffer& key, const Buffer& message) {
  const EVP_MD* const digest = hash == MacHash::sha1     ? EVP_sha1()
                               : hash == MacHash::sha256 ? EVP_sha256()
                                                         : EVP_sha384();
  Buffer out(digest_size_of(hash));
  unsigned length = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()), message.data(), message.size(), out.data(), &length);
  return out;
}

/// One message with its own memory: exactly `longest` bytes of content, so that a read behind them is found.
struct Message {
  Message(MacHash hash, Random& random, std::size_t shortest, std::size_t size, std::size_t longest)
      : key(digest_size_of(hash)), content(longest) {
    random.fill(key);
    random.fill(content);
    expand_hmac(hash, key, states);
    random.fill(mac.header);
    mac.key = &states;
    mac.content = content.data();
    mac.shortest = shortest;
    mac.size = size;
    mac.longest = longest;
  }
  Buffer expected(MacHash hash) const {
    Buffer message(mac.header.begin(), mac.header.end());
    message.insert(message.end(), content.begin(), content.begin() + static_cast<std::ptrdiff_t>(mac.size));
    return hmac(hash, key, message);
  }
  Buffer made(MacHash hash) const {
    return Buffer(mac.mac.begin(), mac.mac.begin() + static_cast<std::ptrdiff_t>(digest_size_of(hash)));
  }

  Buffer key;
  Buffer content;
  HmacStates states;
  RecordMac mac;
};

HashKernels portable_kernels() {
  return {{sha1::compress_portable, nullptr, 0},
          {sha2::compress256_portable, nullptr, 0},
          {sha2::compress512_portable, nullptr, 0}};
}
/// Takes the lanes for any number of messages.
HashKernels lane_kernels() {
  HashKernels kernels = hash_kernels();
  kernels.sha1.crossover = kernels.sha256.crossover = kernels.sha384.crossover = 1;
  return kernels;
}

TEST(RecordMac, IsTheHmacForEverySizeWithinItsBounds) {
  Random random = Random::from_number(1);
  for (const HashKernels& kernels : {hash_kernels(), portable_kernels(), lane_kernels()}) {
    for (const MacHash hash : kHashes) {
      for (const std::size_t longest : {0, 1, 42, 43, 50, 51, 52, 107, 115, 150, 255, 256, 300, 600, 1000}) {
        const std::size_t shortest = longest < 255 ? 0 : longest - 255;
        for (std::size_t size = shortest; size <= longest; ++size) {
          Message message(hash, random, shortest, size, longest);
          make_record_macs(hash, {&message.mac, 1}, kernels);
          ASSERT_EQ(message.made(hash), message.expected(hash)) << longest << " " << size;
        }
      }
    }
  }
}

TEST(RecordMac, IsTheHmacForKnownSizes) {
  Random random = Random::from_number(2);
  for (const MacHash hash : kHashes) {
    for (std::size_t size = 0; size < 600; ++size) {
      Message message(hash, random, size, size, size);
      make_record_macs(hash, {&message.mac, 1});
      ASSERT_EQ(message.made(hash), message.expected(hash)) << size;
    }
  }
}

TEST(RecordMac, TakesAnyNumberAndMixOfMessages) {
  Random random = Random::from_number(3);
  for (const MacHash hash : kHashes) {
    for (std::size_t count = 0; count < 40; ++count) {
      std::vector<std::unique_ptr<Message>> messages;
      std::vector<RecordMac> macs;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t longest = random.below(random.below(4) == 0 ? 5000 : 400);
        const std::size_t shortest = longest < 255 ? 0 : longest - 255;
        const std::size_t size = shortest + random.below(static_cast<std::uint32_t>(longest - shortest + 1));
        messages.push_back(std::make_unique<Message>(hash, random, shortest, size, longest));
        macs.push_back(messages.back()->mac);
      }
      make_record_macs(hash, macs);
      for (std::size_t i = 0; i < count; ++i) {
        messages[i]->mac = macs[i];
        ASSERT_EQ(messages[i]->made(hash), messages[i]->expected(hash)) << count << " " << i;
      }
    }
  }
}

void run_wycheproof(MacHash hash, const nlohmann::json& file, const char* name) {
  std::size_t cases = 0;
  const std::size_t block = hash == MacHash::sha384 ? 128 : 64;
  for (const auto& group : file["testGroups"]) {
    if (group["tagSize"] != 8 * digest_size_of(hash)) continue;
    for (const auto& test : group["tests"]) {
      const Buffer key = hex(test["key"]);
      const Buffer message = hex(test["msg"]);
      if (key.size() > block || message.size() < kMacHeader) continue;
      HmacStates states;
      expand_hmac(hash, key, states);
      RecordMac mac;
      mac.key = &states;
      std::copy_n(message.begin(), kMacHeader, mac.header.begin());
      mac.content = message.data() + kMacHeader;
      mac.size = mac.shortest = mac.longest = message.size() - kMacHeader;
      make_record_macs(hash, {&mac, 1});
      const Buffer made(mac.mac.begin(), mac.mac.begin() + static_cast<std::ptrdiff_t>(digest_size_of(hash)));
      EXPECT_EQ(made == hex(test["tag"]), test["result"] == "valid") << test["tcId"];
      ++cases;
    }
  }
  lockstep::test::report_cases(name, cases);
}

TEST(RecordMac, PassesWycheproofHmacSha1) {
  LOCKSTEP_SHARED_VECTORS(json, "hmac_sha1_test.json");
  run_wycheproof(MacHash::sha1, json, "hmac_sha1");
}
TEST(RecordMac, PassesWycheproofHmacSha256) {
  LOCKSTEP_SHARED_VECTORS(json, "hmac_sha256_test.json");
  run_wycheproof(MacHash::sha256, json, "hmac_sha256");
}
TEST(RecordMac, PassesWycheproofHmacSha384) {
  LOCKSTEP_SHARED_VECTORS(json, "hmac_sha384_test.json");
  run_wycheproof(MacHash::sha384, json, "hmac_sha384");
}

/// What an observer of the compression function could see: where blocks lie (as an offset in the content, or
/// elsewhere), how many there are, and for which lanes.
struct Call {
  std::size_t count;
  std::uint32_t active;
  std::vector<std::ptrdiff_t> places;
  bool operator==(const Call&) const = default;
};
std::vector<Call> calls;
Bytes observed_content;

std::ptrdiff_t place_of(const std::uint8_t* block) {
  const std::uint8_t* const start = observed_content.data();
  return block >= start && block < start + observed_content.size() ? block - start : -1;
}
template <class Word, auto compress>
void observe_one(Word* state, const std::uint8_t* blocks, std::size_t count) {
  calls.push_back({count, 0, {place_of(blocks)}});
  compress(state, blocks, count);
}
template <class Word, auto compress>
void observe_lanes(LaneStates<Word>& states, const std::uint8_t* const* blocks, std::size_t count,
                   std::uint32_t active) {
  Call call{count, active, {}};
  for (std::size_t i = 0; i < kHashLanes<Word>; ++i) call.places.push_back(place_of(blocks[i]));
  calls.push_back(call);
  compress(states, blocks, count, active);
}
HashKernels observed(bool lanes) {
  return {{observe_one<std::uint32_t, sha1::compress_portable>,
           lanes ? observe_lanes<std::uint32_t, sha1_lanes> : nullptr, 1},
          {observe_one<std::uint32_t, sha2::compress256_portable>,
           lanes ? observe_lanes<std::uint32_t, sha256_lanes> : nullptr, 1},
          {observe_one<std::uint64_t, sha2::compress512_portable>,
           lanes ? observe_lanes<std::uint64_t, sha512_lanes> : nullptr, 1}};
}

TEST(RecordMac, CompressesTheSameBlocksWhateverTheSecretSizeIs) {
  Random random = Random::from_number(5);
  for (const bool lanes : {false, true}) {
    if (lanes && hash_kernels().sha1.lanes == nullptr) continue;
    for (const MacHash hash : kHashes) {
      for (const std::size_t longest : {0, 27, 60, 254, 255, 300, 1400, 5000}) {
        const std::size_t shortest = longest < 255 ? 0 : longest - 255;
        Message message(hash, random, shortest, shortest, longest);
        observed_content = message.content;
        std::vector<Call> first;
        for (std::size_t size = shortest; size <= longest; ++size) {
          message.mac.size = size;
          calls.clear();
          make_record_macs(hash, {&message.mac, 1}, observed(lanes));
          if (size == shortest) first = calls;
          ASSERT_EQ(calls, first) << longest << " " << size;
          ASSERT_FALSE(calls.empty());
        }
      }
    }
  }
}

TEST(RecordMac, CompressesOtherBlocksForAnotherPublicSize) {
  Random random = Random::from_number(6);
  std::vector<std::size_t> blocks;
  for (const std::size_t longest : {1000, 1064}) {
    const Message message(MacHash::sha256, random, longest - 255, longest, longest);
    RecordMac mac = message.mac;
    calls.clear();
    make_record_macs(MacHash::sha256, {&mac, 1}, observed(false));
    std::size_t sum = 0;
    for (const Call& call : calls) sum += call.count;
    blocks.push_back(sum);
  }
  EXPECT_EQ(blocks[1], blocks[0] + 1);
}

TEST(CbcEnd, FindsTheMacAtEveryPlace) {
  Random random = Random::from_number(7);
  for (const std::size_t mac : {0, 20, 32, 48}) {
    for (const std::size_t blocks : {4, 5, 8, 19, 20, 40}) {
      const std::size_t size = 16 * blocks;
      for (std::size_t padding = 0; padding < 256 && mac + padding + 1 <= size; ++padding) {
        Buffer decrypted(size);
        random.fill(decrypted);
        std::fill_n(decrypted.rbegin(), padding + 1, static_cast<std::uint8_t>(padding));
        const std::size_t content = size - mac - padding - 1;
        const Buffer right(decrypted.begin() + static_cast<std::ptrdiff_t>(content),
                           decrypted.begin() + static_cast<std::ptrdiff_t>(content + mac));
        CbcEnd end(decrypted, mac);
        ASSERT_EQ(end.good_padding(), ~std::uint64_t{0}) << size << " " << padding;
        ASSERT_EQ(end.content_size(), content);
        ASSERT_EQ(end.has_mac(right), ~std::uint64_t{0}) << size << " " << padding;
        for (std::size_t at = 0; at < mac; ++at) {
          Buffer wrong = right;
          wrong[at] ^= 0x80;
          ASSERT_EQ(CbcEnd(decrypted, mac).has_mac(wrong), 0U) << size << " " << padding << " " << at;
        }
      }
    }
  }
}

TEST(CbcEnd, TakesAPaddingThatLeavesNoRoomForTheMacForNone) {
  for (const std::size_t mac : {20, 32, 48}) {
    for (const std::size_t size : {64, 80, 256, 288}) {
      for (std::size_t padding = 0; padding < 256; ++padding) {
        const Buffer decrypted(size, static_cast<std::uint8_t>(padding));
        const CbcEnd end(decrypted, mac);
        const bool fits = mac + padding + 1 <= size;
        ASSERT_EQ(end.good_padding(), fits ? ~std::uint64_t{0} : 0) << size << " " << padding;
        ASSERT_EQ(end.content_size(), size - mac - 1 - (fits ? padding : 0)) << size << " " << padding;
      }
    }
  }
}

}  // namespace
}  // namespace lockstep::crypto::test
