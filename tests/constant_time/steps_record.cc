// Opening of CBC records, the engine's whole job, with the lengths of Lucky Thirteen (N. AlFardan, K. Paterson: "Lucky
// Thirteen: Breaking the TLS and DTLS Record Protocols", 2013): the MAC of a record takes a compression more or less as
// its padding is said to be shorter or longer.
#include "crypto/base/sha1_compress.h"
#include "crypto/base/sha2_compress.h"
#include "crypto/record/engine.h"
#include "tests/constant_time/step.h"
#include "tests/unit/crypto/record/cbc_record.h"

namespace lockstep::constant_time {
namespace {

using namespace crypto;
using test::Buffer;

// Different records of each variant.
constexpr std::size_t kPool = 64;

enum Kind : std::size_t {
  kBadMac,
  kBadMacLast,
  kBadMacMostPadding,
  kNoPadding,
  kBadPaddingFirst,
  kFullLength,
  kGood,
  kGoodMost
};

constexpr Variant kMacFirstVariants[] = {
    {"bad_mac", kBadMac},
    {"bad_last_byte_of_mac", kBadMac},
    {"bad_mac_most_padding", kBadMac},
    {"bad_padding_length", kBadMac},
    {"bad_first_byte_of_padding", kBadMac},
    {"padding_length_of_255", kBadMac},
    {"good_least_padding", kGood},
    {"good_most_padding", kGood},
};

/// `decrypted` bytes of content, MAC and padding.
class CbcStep final : public Step {
 public:
  CbcStep(const char* name, std::unique_ptr<Engine> engine, CbcSuite suite, bool encrypt_then_mac,
          std::size_t decrypted)
      : name_(name), engine_(std::move(engine)), record_(suite, encrypt_then_mac, random_, 0), decrypted_(decrypted) {
    for (std::size_t kind = 0; kind < std::size(kMacFirstVariants); ++kind)
      for (std::size_t i = 0; i < kPool; ++i) pool_[kind].push_back(make(kind));
    fragment_.resize(pool_[0][0].size());
  }

  const char* name() const override { return name_; }
  std::span<const Variant> variants() const override { return kMacFirstVariants; }
  // A MAC over no more than the content takes one compression more when the padding is short.
  PlantedLeak planted() const override { return {"one_more_compression", kBadMac, kBadMacMostPadding}; }
  void prepare(std::size_t variant, std::uint64_t number) override {
    const Buffer& chosen = pool_[variant][number % kPool];
    std::copy(chosen.begin(), chosen.end(), fragment_.begin());
    short_padding_ = variant != kBadMacMostPadding;
    record_.fill(job_, fragment_);
    job_.status = JobStatus::waiting;
  }
  void run() override {
    Job* const jobs[] = {&job_};
    JobList done;
    engine_->run(jobs, done);
  }
  void leak() override {
    if (!short_padding_) return;
    if (mac_size(record_.keys.suite) == 20)
      sha1::compress_ni(state_, block_, 1);
    else if (mac_size(record_.keys.suite) == 32)
      sha2::compress256_ni(state_, block_, 1);
    else
      sha2::compress512_portable(wide_state_, block_, 1);
  }
  bool ended_well(std::size_t variant) const override {
    return job_.status == (variant < kGood ? JobStatus::bad_record : JobStatus::ok);
  }

 private:
  // The most padding that a record of this size can have.
  std::size_t most_padding() const {
    const std::size_t mac = record_.keys.encrypt_then_mac ? 0 : mac_size(record_.keys.suite);
    return std::min<std::size_t>(255, decrypted_ - mac - 1);
  }
  // Bytes that fill the last block behind `content` bytes; with padding of any length content may have any.
  Buffer make(std::size_t kind) {
    const std::size_t mac = record_.keys.encrypt_then_mac ? 0 : mac_size(record_.keys.suite);
    const bool most = kind == kBadMacMostPadding || kind == kGoodMost || kind == kBadPaddingFirst;
    const std::size_t padding = most ? most_padding() : 0;
    record_.plaintext.resize(decrypted_ - mac - 1 - padding);
    random_.fill(record_.plaintext);
    random_.fill(record_.iv);
    Buffer end = test::good_padding(padding);
    if (kind == kBadPaddingFirst) end.front() ^= 1U;
    if (kind == kNoPadding) end.back() = 1;
    if (kind == kFullLength) end.back() = 255;
    if (record_.keys.encrypt_then_mac) {
      Buffer fragment = record_.fragment_with(end);
      if (kind == kBadMacLast)
        fragment.back() ^= 1U;
      else if (kind < kGood)
        fragment[fragment.size() - mac_size(record_.keys.suite)] ^= 1U;
      return fragment;
    }
    Buffer blocks = record_.plaintext;
    Buffer code = record_.mac(record_.plaintext);
    if (kind == kBadMacLast) code.back() ^= 1U;
    if (kind == kBadMac || kind == kBadMacMostPadding) code.front() ^= 1U;
    test::CbcRecord::append(blocks, code);
    test::CbcRecord::append(blocks, end);
    return record_.encrypt(blocks);
  }

  const char* name_;
  Random random_ = Random::from_number(5);
  std::unique_ptr<Engine> engine_;
  test::CbcRecord record_;
  std::size_t decrypted_;
  std::array<std::vector<Buffer>, std::size(kMacFirstVariants)> pool_;
  Buffer fragment_;
  CbcOpenJob job_;
  bool short_padding_ = false;
  std::uint32_t state_[8] = {};
  std::uint64_t wide_state_[8] = {};
  std::uint8_t block_[128] = {};
};

std::unique_ptr<Engine> ipsec_mb() {
  auto made = make_ipsec_mb_engine(64);
  return made ? std::move(made.value()) : nullptr;
}
std::unique_ptr<Engine> libcrypto() {
  return std::make_unique<test::LibcryptoCbcEngine>();
}

}  // namespace

void add_record_steps(Steps& steps) {
  struct Case {
    const char* name;
    std::unique_ptr<Engine> (*engine)();
    CbcSuite suite;
    bool encrypt_then_mac;
    std::size_t decrypted;
  };
  // 64, 80 and 160 bytes: with no padding the MAC just takes one block more than with the most.
  constexpr Case kCases[] = {
      {"cbc_open.sha1_64", ipsec_mb, CbcSuite::aes_128_sha1, false, 64},
      {"cbc_open.sha1_512", ipsec_mb, CbcSuite::aes_128_sha1, false, 512},
      {"cbc_open.sha256_80", ipsec_mb, CbcSuite::aes_128_sha256, false, 80},
      {"cbc_open.sha256_512", ipsec_mb, CbcSuite::aes_256_sha256, false, 512},
      {"cbc_open.sha384_160", ipsec_mb, CbcSuite::aes_256_sha384, false, 160},
      {"cbc_open.sha384_512", ipsec_mb, CbcSuite::aes_256_sha384, false, 512},
      {"cbc_open.sha1_64_libcrypto", libcrypto, CbcSuite::aes_128_sha1, false, 64},
      {"cbc_open.sha256_80_libcrypto", libcrypto, CbcSuite::aes_128_sha256, false, 80},
      {"cbc_open.sha384_160_libcrypto", libcrypto, CbcSuite::aes_256_sha384, false, 160},
      {"cbc_open.encrypt_then_mac_sha1_64", ipsec_mb, CbcSuite::aes_128_sha1, true, 64},
      {"cbc_open.encrypt_then_mac_sha256_512", ipsec_mb, CbcSuite::aes_256_sha256, true, 512},
      {"cbc_open.encrypt_then_mac_sha384_512", ipsec_mb, CbcSuite::aes_256_sha384, true, 512},
  };
  if (!sha2::has_sha_ni()) return;
  for (const Case& each : kCases)
    if (auto engine = each.engine(); engine != nullptr)
      steps.push_back(
          std::make_unique<CbcStep>(each.name, std::move(engine), each.suite, each.encrypt_then_mac, each.decrypted));
}

}  // namespace lockstep::constant_time
