// The premaster secret of the RSA key exchange: whole jobs of the engines that serve it, and the routine that takes it
// from the decrypted block (D. Bleichenbacher: "Chosen Ciphertext Attacks Against Protocols Based on the RSA Encryption
// Standard PKCS #1", 1998).
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/lanes/engine.h"
#include "crypto/lanes/lanes.h"
#include "crypto/lanes/prepared_key.h"
#include "crypto/openssl/engine.h"
#include "crypto/openssl/key.h"
#include "crypto/rsa_premaster.h"
#include "tests/constant_time/step.h"

namespace lockstep::constant_time {
namespace {

using namespace crypto;
using Buffer = std::vector<std::uint8_t>;

constexpr std::size_t kModulus = 256;
constexpr std::size_t kPool = 64;
constexpr std::uint16_t kVersion = 0x0303;

enum Kind : std::size_t { kGood, kBadType, kBadFirstByte, kEarlySeparator, kNoSeparator, kBadVersion, kDecryptable };

constexpr Variant kBlockVariants[] = {
    {"good"}, {"block_type_1"}, {"first_byte_not_0"}, {"separator_early"}, {"no_separator"}, {"other_version"},
};
constexpr Variant kJobVariants[] = {
    {"good"},         {"block_type_1"},  {"first_byte_not_0"},  {"separator_early"},
    {"no_separator"}, {"other_version"}, {"not_below_modulus"}, {"one_byte_short"},
};
constexpr std::size_t kNotBelowModulus = kDecryptable;

// A block as it is after decryption.
Buffer make_block(std::size_t kind, Random& random) {
  constexpr std::size_t kStart = kModulus - kRsaPremasterSize;
  Buffer block(kModulus);
  random.fill(block);
  for (std::uint8_t& byte : block) byte = byte == 0 ? 1 : byte;
  // Below every modulus of 2048 bits, whatever its first byte.
  block[0] = kind == kBadFirstByte ? 1 : 0;
  block[1] = kind == kBadType ? 1 : 2;
  block[kStart - 1] = kind == kNoSeparator ? 1 : 0;
  block[kStart] = kVersion >> 8U;
  block[kStart + 1] = kind == kBadVersion ? 1 : kVersion & 0xffU;
  if (kind == kEarlySeparator) block[kModulus / 2] = 0;
  return block;
}

// The routine alone, so that cycles can be told; many calls to a sample.
class TakeStep final : public Step {
 public:
  TakeStep() {
    for (std::size_t kind = 0; kind < std::size(kBlockVariants); ++kind)
      for (std::size_t i = 0; i < kPool; ++i) pool_[kind].push_back(make_block(kind, random_));
    random_.fill(substitute_.writable());
  }
  const char* name() const override { return "rsa_premaster.take"; }
  std::span<const Variant> variants() const override { return kBlockVariants; }
  PlantedLeak planted() const override { return {"48_byte_check_that_returns_early", kGood, kBadType}; }
  void prepare(std::size_t variant, std::uint64_t number) override {
    const Buffer& chosen = pool_[variant][number % kPool];
    std::copy(chosen.begin(), chosen.end(), block_.begin());
  }
  void run() override {
    for (int i = 0; i < kCalls; ++i) {
      take_rsa_premaster(premaster_.writable(), block_, true, kVersion, substitute_.expose());
      asm volatile("" : : : "memory");
    }
  }
  void leak() override {
    if (block_[0] != 0 || block_[1] != 2) return;
    for (std::size_t i = 0; i < kRsaPremasterSize; ++i) {
      premaster_.writable()[i] = block_[kModulus - kRsaPremasterSize + i];
      asm volatile("" : : : "memory");
    }
  }
  bool ended_well(std::size_t variant) const override {
    return (premaster_.expose()[47] == block_[kModulus - 1]) == (variant == kGood) ||
           block_[kModulus - 1] == substitute_.expose()[47];
  }

 private:
  static constexpr int kCalls = 4;
  Random random_ = Random::from_number(3);
  std::array<std::vector<Buffer>, std::size(kBlockVariants)> pool_;
  Buffer block_ = Buffer(kModulus);
  Secret<kRsaPremasterSize> substitute_;
  Secret<kRsaPremasterSize> premaster_;
};

UniquePkey new_pkey() {
  return UniquePkey(EVP_RSA_gen(8 * kModulus));
}

// A job of `jobs` ciphertexts of one variant.
class PremasterStep final : public Step {
 public:
  PremasterStep(const char* name, bool lanes, std::size_t jobs) : name_(name), jobs_(jobs) {
    UniquePkey pkey = new_pkey();
    EVP_PKEY* const raw = pkey.get();
    fill_pool(raw);
    key_ = OpensslKey::prepare(std::move(pkey), KeyType::rsa, 8 * kModulus);
    lanes::prepare_key(*key_);
    libcrypto_ = make_openssl_engine(random_);
    if (lanes)
      lanes_ = lanes::make_lanes_engine(lanes::kIfmaKernels, *libcrypto_, random_, lanes::system_nonce_source(0), {},
                                        counters_);
    for (RsaPremasterJob& job : jobs_) {
      job.key = key_.get();
      job.client_version = kVersion;
      random_.fill(job.substitute.writable());
      pointers_.push_back(&job);
    }
    encrypted_.resize(jobs * kModulus);
    ends_.resize(jobs);
  }
  const char* name() const override { return name_; }
  std::span<const Variant> variants() const override { return kJobVariants; }
  // What a decryption that checks the padding itself does with an error (C. Meyer and others: "Revisiting SSL/TLS
  // Implementations: New Bleichenbacher Side Channels and Attacks", 2014).
  PlantedLeak planted() const override { return {"error_put_into_the_queue", kBadType, kGood}; }
  void prepare(std::size_t variant, std::uint64_t number) override {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const Buffer& chosen = pool_[variant][(number + i) % kPool];
      std::uint8_t* const place = encrypted_.data() + i * kModulus;
      std::copy(chosen.begin(), chosen.end(), place);
      jobs_[i].encrypted = Bytes(place, chosen.size());
      jobs_[i].status = JobStatus::waiting;
      ends_[i] = plain_end_[(number + i) % kPool];
    }
    bad_ = variant != kGood;
  }
  void run() override {
    JobList done;
    Engine& engine = lanes_ != nullptr ? *lanes_ : *libcrypto_;
    engine.run(pointers_, done);
    while (done.size() < jobs_.size()) engine.poll(now_ = now_ + nanoseconds(1), done);
  }
  void leak() override {
    if (!bad_) return;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      ERR_raise(ERR_LIB_RSA, RSA_R_PKCS_DECODING_ERROR);
      ERR_clear_error();
    }
  }
  bool ended_well(std::size_t variant) const override {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const Bytes premaster = jobs_[i].premaster.expose();
      const Bytes wanted = variant == kGood ? Bytes(ends_[i]) : jobs_[i].substitute.expose();
      if (!jobs_[i].ok() || !std::equal(premaster.begin(), premaster.end(), wanted.begin())) return false;
    }
    return true;
  }

 private:
  void fill_pool(EVP_PKEY* key) {
    for (std::size_t i = 0; i < kPool; ++i) {
      for (std::size_t kind = 0; kind < kDecryptable; ++kind) {
        const Buffer block = make_block(kind, random_);
        if (kind == kGood) plain_end_.emplace_back(block.end() - kRsaPremasterSize, block.end());
        pool_[kind].push_back(encrypt(key, block));
      }
      Buffer large(kModulus);
      random_.fill(large);
      large[0] = 0xff;
      for (std::size_t at = 1; at < 8; ++at) large[at] = 0xff;
      pool_[kNotBelowModulus].push_back(large);
      pool_[kNotBelowModulus + 1].emplace_back(large.begin() + 1, large.end());
    }
  }
  static Buffer encrypt(EVP_PKEY* key, const Buffer& block) {
    const UniquePkeyContext context(EVP_PKEY_CTX_new(key, nullptr));
    Buffer out(kModulus);
    std::size_t written = out.size();
    EVP_PKEY_encrypt_init(context.get());
    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING);
    EVP_PKEY_encrypt(context.get(), out.data(), &written, block.data(), block.size());
    return out;
  }

  const char* name_;
  Random random_ = Random::from_number(4);
  std::array<std::vector<Buffer>, std::size(kJobVariants)> pool_;
  std::vector<Buffer> plain_end_;  // of the good ones
  std::unique_ptr<OpensslKey> key_;
  std::unique_ptr<Engine> libcrypto_;
  lanes::LanesCounters counters_;
  std::unique_ptr<Engine> lanes_;
  std::vector<RsaPremasterJob> jobs_;
  std::vector<Job*> pointers_;
  std::vector<Buffer> ends_;
  Buffer encrypted_;
  Instant now_ = Instant{} + seconds(1);
  bool bad_ = false;
};

}  // namespace

void add_premaster_steps(Steps& steps) {
  steps.push_back(std::make_unique<TakeStep>());
  steps.push_back(std::make_unique<PremasterStep>("rsa_premaster.libcrypto", false, 1));
  if (lanes::ifma_available())
    steps.push_back(std::make_unique<PremasterStep>("rsa_premaster.lanes", true, lanes::kLanes));
}

}  // namespace lockstep::constant_time
