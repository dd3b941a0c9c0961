// Opening of CBC records, the engine's whole job, with the lengths of Lucky Thirteen (N. AlFardan, K. Paterson: "Lucky
// Thirteen: Breaking the TLS and DTLS Record Protocols", 2013): the MAC of a record takes a compression more or less as
// its padding is said to be shorter or longer.
#include <string>

#include "crypto/base/sha1_compress.h"
#include "crypto/base/sha2_compress.h"
#include "crypto/record/engine.h"
#include "tests/constant_time/step.h"
#include "tests/unit/crypto/record/cbc_record.h"

namespace lockstep::constant_time {
namespace {

using namespace crypto;
using test::Buffer;

/// Records of `decrypted` bytes of content, MAC and padding, opened by an engine.
class CbcStep : public Step {
 public:
  const char* name() const override { return name_; }
  void prepare(std::size_t variant, std::uint64_t number) override {
    const std::vector<Buffer>& records = pool_[variant];
    fragment_ = records[number % records.size()];
    short_padding_ = variant == planted().slower;
    record_.fill(job_, fragment_);
    job_.status = JobStatus::waiting;
  }
  void run() override {
    Job* const jobs[] = {&job_};
    JobList done;
    engine_->run(jobs, done);
  }
  // A MAC over no more than the content takes one compression more when the padding is short.
  void leak() override {
    if (!short_padding_) return;
    if (mac_size(record_.keys.suite) == 20)
      sha1::compress_ni(state_, block_, 1);
    else if (mac_size(record_.keys.suite) == 32)
      sha2::compress256_ni(state_, block_, 1);
    else
      sha2::compress512_portable(wide_state_, block_, 1);
  }

 protected:
  // Where the MAC's fault lies.
  enum class Mac : std::uint8_t { good, bad_first, bad_last };

  CbcStep(const char* name, std::unique_ptr<Engine> engine, CbcSuite suite, bool encrypt_then_mac,
          std::size_t decrypted)
      : name_(name), engine_(std::move(engine)), record_(suite, encrypt_then_mac, random_, 0), decrypted_(decrypted) {}

  // `count` records of the next variant.
  void add(std::size_t count, Mac mac, const Buffer& padding) {
    std::vector<Buffer>& records = pool_.emplace_back();
    while (records.size() < count) records.push_back(make(mac, padding));
  }
  // The most padding that a record of this size can have.
  std::size_t most_padding() const { return std::min<std::size_t>(255, decrypted_ - mac_inside() - 1); }
  bool ended_as(JobStatus status) const { return job_.status == status; }

 private:
  std::size_t mac_inside() const { return record_.keys.encrypt_then_mac ? 0 : mac_size(record_.keys.suite); }
  // The content fills what is left; it may have any length.
  Buffer make(Mac mac, const Buffer& padding) {
    const auto damage = [&](Buffer& all) {
      if (mac == Mac::bad_last) all.back() ^= 1U;
      if (mac == Mac::bad_first) all[all.size() - mac_size(record_.keys.suite)] ^= 1U;
    };
    record_.plaintext.resize(decrypted_ - mac_inside() - padding.size());
    random_.fill(record_.plaintext);
    random_.fill(record_.iv);
    if (record_.keys.encrypt_then_mac) {
      Buffer fragment = record_.fragment_with(padding);
      damage(fragment);
      return fragment;
    }
    Buffer blocks = record_.plaintext;
    test::CbcRecord::append(blocks, record_.mac(record_.plaintext));
    damage(blocks);
    test::CbcRecord::append(blocks, padding);
    return record_.encrypt(blocks);
  }

  const char* name_;
  Random random_ = Random::from_number(5);
  std::unique_ptr<Engine> engine_;
  test::CbcRecord record_;
  std::size_t decrypted_;
  std::vector<std::vector<Buffer>> pool_;
  Buffer fragment_;
  CbcOpenJob job_;
  bool short_padding_ = false;
  std::uint32_t state_[8] = {};
  std::uint64_t wide_state_[8] = {};
  std::uint8_t block_[128] = {};
};

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

// MAC-then-encrypt: an attacker must not tell any of the faults from any other.
constexpr Variant kFaults[] = {
    {"bad_mac", kBadMac},
    {"bad_last_byte_of_mac", kBadMac},
    {"bad_mac_most_padding", kBadMac},
    {"bad_padding_length", kBadMac},
    {"bad_first_byte_of_padding", kBadMac},
    {"padding_length_of_255", kBadMac},
    {"good_least_padding", kGood},
    {"good_most_padding", kGood},
};

// Encrypt-then-MAC: what has a wrong MAC is not decrypted (RFC 7366 section 3). Bad padding below a right MAC is
// nothing that an attacker can make; it is to look alike, too.
constexpr Variant kFaultsOutside[] = {
    {"bad_mac", kBadMac},
    {"bad_last_byte_of_mac", kBadMac},
    {"bad_mac_most_padding", kBadMac},
    {"bad_padding_length", kNoPadding},
    {"bad_first_byte_of_padding", kNoPadding},
    {"padding_length_of_255", kNoPadding},
    {"good_least_padding", kGood},
    {"good_most_padding", kGood},
};

/// Every kind of fault.
class FaultStep final : public CbcStep {
 public:
  FaultStep(const char* name, std::unique_ptr<Engine> engine, CbcSuite suite, bool encrypt_then_mac,
            std::size_t decrypted)
      : CbcStep(name, std::move(engine), suite, encrypt_then_mac, decrypted),
        variants_(encrypt_then_mac ? kFaultsOutside : kFaults) {
    const Buffer most = test::good_padding(most_padding());
    Buffer bad_most = most;
    bad_most.front() ^= 1U;
    add(kRecords, Mac::bad_first, {0});
    add(kRecords, Mac::bad_last, {0});
    add(kRecords, Mac::bad_first, most);
    add(kRecords, Mac::good, {0, 1});
    add(kRecords, Mac::good, bad_most);
    add(kRecords, Mac::good, {255});
    add(kRecords, Mac::good, {0});
    add(kRecords, Mac::good, most);
  }
  std::span<const Variant> variants() const override { return variants_; }
  PlantedLeak planted() const override { return {"one_more_compression", kBadMac, kBadMacMostPadding}; }
  bool ended_well(std::size_t variant) const override {
    return ended_as(variant < kGood ? JobStatus::bad_record : JobStatus::ok);
  }

 private:
  // Different records of each variant.
  static constexpr std::size_t kRecords = 64;

  std::span<const Variant> variants_;
};

/// Every length of padding that a record of this size can have, all of them with a bad MAC: what Lucky Thirteen reads.
class PaddingStep final : public CbcStep {
 public:
  PaddingStep(const char* name, std::unique_ptr<Engine> engine, CbcSuite suite, bool encrypt_then_mac,
              std::size_t decrypted)
      : CbcStep(name, std::move(engine), suite, encrypt_then_mac, decrypted) {
    names_.reserve(most_padding() + 1);
    for (std::size_t length = 0; length <= most_padding(); ++length) {
      add(kRecords, Mac::bad_first, test::good_padding(length));
      names_.push_back("padding_of_" + std::to_string(length));
      variants_.push_back({names_.back().c_str(), 0});
    }
  }
  std::span<const Variant> variants() const override { return variants_; }
  PlantedLeak planted() const override { return {"one_more_compression", 0, variants_.size() - 1}; }
  bool ended_well(std::size_t) const override { return ended_as(JobStatus::bad_record); }

 private:
  // Few, for there are many variants, and their records are to stay in the cache.
  static constexpr std::size_t kRecords = 4;

  std::vector<std::string> names_;
  std::vector<Variant> variants_;
};

std::unique_ptr<Engine> ipsec_mb() {
  auto made = make_ipsec_mb_engine(64);
  return made ? std::move(made.value()) : nullptr;
}
std::unique_ptr<Engine> libcrypto() {
  return std::make_unique<test::LibcryptoCbcEngine>();
}

struct Case {
  const char* name;
  std::unique_ptr<Engine> (*engine)();
  CbcSuite suite;
  bool encrypt_then_mac;
  std::size_t decrypted;
};

// 64, 80 and 160 bytes: with no padding the MAC just takes one block more than with the most.
constexpr Case kFaulty[] = {
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
constexpr Case kPadded[] = {
    {"cbc_open.paddings_sha1_512", ipsec_mb, CbcSuite::aes_128_sha1, false, 512},
    {"cbc_open.paddings_sha256_512", ipsec_mb, CbcSuite::aes_128_sha256, false, 512},
    {"cbc_open.paddings_sha384_512", ipsec_mb, CbcSuite::aes_256_sha384, false, 512},
    {"cbc_open.paddings_sha1_512_libcrypto", libcrypto, CbcSuite::aes_128_sha1, false, 512},
    {"cbc_open.paddings_encrypt_then_mac_sha1_512", ipsec_mb, CbcSuite::aes_128_sha1, true, 512},
};

template <typename Made>
void add(Steps& steps, std::span<const Case> cases) {
  for (const Case& each : cases)
    if (auto engine = each.engine(); engine != nullptr)
      steps.push_back(
          std::make_unique<Made>(each.name, std::move(engine), each.suite, each.encrypt_then_mac, each.decrypted));
}

}  // namespace

void add_record_steps(Steps& steps) {
  if (!sha2::has_sha_ni()) return;
  add<FaultStep>(steps, kFaulty);
  add<PaddingStep>(steps, kPadded);
}

}  // namespace lockstep::constant_time
