#include "crypto/lanes/engine.h"

#include <algorithm>

#include "crypto/lanes/key_shares.h"
#include "crypto/lanes/prepared_key.h"
#include "crypto/lanes/rsa_operations.h"
#include "crypto/lanes/rsa_padding.h"
#include "crypto/lanes/verification.h"

namespace lockstep::crypto::lanes {
namespace {

/// The two clocks are read one after the other, so that a preemption between looks like a suspension of its length.
constexpr std::int64_t kSuspensionNoise = seconds(1).ns;

/// Whether the lanes can do the job; if not, the fallback does.
bool in_lanes(const Job& job) {
  switch (job.kind) {
    case JobKind::sign: {
      const auto& sign = static_cast<const SignJob&>(job);
      if (sign.key->numbers() == nullptr) return false;
      switch (sign.key->type()) {
        case KeyType::rsa:
          return sign.key->prepared() != nullptr && has_rsa_padding(sign.scheme) && sign.key->can_sign(sign.scheme);
        case KeyType::ecdsa_p256:
          return sign.scheme == SignatureScheme::ecdsa_secp256r1_sha256;
        case KeyType::ecdsa_p384:
          return sign.scheme == SignatureScheme::ecdsa_secp384r1_sha384;
        case KeyType::ed25519:
          return sign.key->prepared() != nullptr && sign.scheme == SignatureScheme::ed25519;
      }
      return false;
    }
    case JobKind::rsa_premaster:
      return static_cast<const RsaPremasterJob&>(job).key->prepared() != nullptr;
    case JobKind::verify:
      return can_verify(static_cast<const VerifyJob&>(job));
    default:
      return true;
  }
}

/// RFC 8032 section 5.1.6 with noise in the nonce: a fault that spoils one of two signatures of the same content then
/// compares with nothing (Poddebniak et al., "Attacking Deterministic Signature Schemes using Fault Attacks", 2018).
void sign_ed25519(const Curve25519Kernels& kernels, Random& random, std::span<Job* const> jobs) {
  std::array<const Ed25519Key*, kLanes> keys{};
  std::array<const std::uint8_t*, kLanes> messages{};
  std::array<std::size_t, kLanes> sizes{};
  std::uint8_t noise[kLanes][32];
  std::uint8_t signatures[kLanes][64];
  for (std::size_t i = 0; i < kLanes; ++i) {  // idle lanes sign what the first one does
    const auto& job = static_cast<const SignJob&>(*jobs[i < jobs.size() ? i : 0]);
    keys[i] = &static_cast<const PreparedEd25519Key*>(job.key->prepared())->key;
    messages[i] = job.content.data();
    sizes[i] = job.content_size;
  }
  random.fill(bytes_of(noise));
  kernels.ed25519_sign(signatures, keys.data(), messages.data(), sizes.data(), noise);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto& job = static_cast<SignJob&>(*jobs[i]);
    std::memcpy(job.signature.data(), signatures[i], sizeof signatures[i]);
    job.signature_size = sizeof signatures[i];
    job.status = JobStatus::ok;
  }
  wipe(bytes_of(noise));
}

class LanesEngine final : public Engine {
 public:
  LanesEngine(const Kernels& kernels, Engine& fallback, Random& random, const NonceSource& nonces,
              const MadeAheadOptions& ahead, LanesCounters& counters)
      : kernels_(kernels),
        fallback_(fallback),
        random_(random),
        suspended_(nonces.suspended),
        suspended_before_(nonces.suspended()),
        life_(ahead.life),
        counters_(counters),
        key_shares_(kernels_, random, ahead, counters.ahead),
        p256_(*kernels.p256, nonces, ahead, counters.ahead),
        p384_(*kernels.p384, nonces, ahead, counters.ahead),
        rsa_{{kernels.rsa[0], fallback, random, counters.recomputed},
             {kernels.rsa[1], fallback, random, counters.recomputed},
             {kernels.rsa[2], fallback, random, counters.recomputed}} {}

  const char* name() const override { return "lanes"; }
  bool supports(JobClass job_class) const override {
    return job_class <= JobClass::rsa_4096 ||
           (job_class >= JobClass::verify_p256 && job_class <= JobClass::verify_rsa_2048);
  }

  void run(std::span<Job* const> jobs, JobList& done) override {
    std::array<Job*, kLanes> lanes{};
    while (!jobs.empty()) {
      std::size_t used = 0;
      for (; !jobs.empty() && used < kLanes; jobs = jobs.subspan(1)) {
        if (in_lanes(*jobs.front())) {
          lanes[used++] = jobs.front();
        } else {
          count(counters_.passed_on);
          fallback_.run(jobs.first(1), done);
        }
      }
      if (used != 0) run_lanes(std::span<Job* const>(lanes).first(used), done);
    }
  }

  void poll(Instant now, JobList& done) override {
    if (now == now_) return;  // once a turn: a slice of RSA is what a turn has time for
    now_ = now;
    key_shares_.expire(now - life_);
    p256_.expire(now - life_);
    p384_.expire(now - life_);
    // One size a turn, in turns.
    for (std::size_t i = 0; i < kRsaSizes; ++i) {
      next_rsa_ = (next_rsa_ + 1) % kRsaSizes;
      if (rsa_[next_rsa_].in_flight() == 0) continue;
      rsa_[next_rsa_].step(done);
      return;
    }
  }

  std::size_t in_flight() const override { return rsa_[0].in_flight() + rsa_[1].in_flight() + rsa_[2].in_flight(); }
  bool has_slices() const override { return in_flight() != 0; }

  bool made_ahead(const Job& job) const override {
    if (job.kind == JobKind::key_share) return key_shares_.made_ahead(static_cast<const KeyShareJob&>(job).group);
    if (job.kind != JobKind::sign) return false;
    const auto& sign = static_cast<const SignJob&>(job);
    return sign.key->type() == KeyType::ecdsa_p256   ? p256_.made_ahead(sign)
           : sign.key->type() == KeyType::ecdsa_p384 ? p384_.made_ahead(sign)
                                                     : false;
  }
  void foresee(const Job& job) override {
    if (job.kind != JobKind::sign || !in_lanes(job)) return;
    const PrivateKey& key = *static_cast<const SignJob&>(job).key;
    if (key.type() == KeyType::ecdsa_p256) p256_.foresee(key, now_);
    if (key.type() == KeyType::ecdsa_p384) p384_.foresee(key, now_);
  }
  bool make_ahead() override {
    drop_after_suspension();
    return p256_.make_ahead(now_) || p384_.make_ahead(now_) || key_shares_.make_ahead(now_);
  }
  void drop_ahead() override {
    key_shares_.drop();
    p256_.drop();
    p384_.drop();
  }

 private:
  /// A suspended machine may have been copied meanwhile: nothing made before is used after. Looked at before each use,
  /// by two reads of clocks in the vDSO.
  void drop_after_suspension() {
    const std::int64_t now = suspended_();
    if (now - suspended_before_ <= kSuspensionNoise && suspended_before_ - now <= kSuspensionNoise) return;
    drop_ahead();
    suspended_before_ = now;
  }

  void run_lanes(std::span<Job* const> jobs, JobList& done) {
    LaneMask finished = kAllLanes;
    switch (job_class(*jobs.front())) {
      case JobClass::key_share_x25519:
      case JobClass::key_share_p256:
      case JobClass::key_share_p384:
        drop_after_suspension();
        key_shares_.share(jobs, now_);
        break;
      case JobClass::derive_x25519:
      case JobClass::derive_p256:
      case JobClass::derive_p384:
        key_shares_.derive(jobs);
        break;
      case JobClass::sign_p256:
        drop_after_suspension();
        finished = p256_.sign(jobs, now_);
        break;
      case JobClass::sign_p384:
        drop_after_suspension();
        finished = p384_.sign(jobs, now_);
        break;
      case JobClass::sign_ed25519:
        sign_ed25519(*kernels_.curve25519, random_, jobs);
        break;
      case JobClass::rsa_2048:
        return rsa_[0].take(jobs);
      case JobClass::rsa_3072:
        return rsa_[1].take(jobs);
      case JobClass::rsa_4096:
        return rsa_[2].take(jobs);
      default:
        verify_in_lanes(kernels_, jobs);
        break;
    }
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if ((finished >> i & 1U) != 0) {
        done.push(*jobs[i]);
      } else {
        count(counters_.recomputed);
        fallback_.run(jobs.subspan(i, 1), done);
      }
    }
  }

  Kernels kernels_;
  Engine& fallback_;
  Random& random_;
  std::int64_t (*suspended_)();
  std::int64_t suspended_before_;
  Duration life_;
  LanesCounters& counters_;
  KeyShares key_shares_;
  Ecdsa<32> p256_;
  Ecdsa<48> p384_;
  RsaOperation rsa_[kRsaSizes];
  std::size_t next_rsa_ = 0;
  Instant now_;
};

}  // namespace

std::unique_ptr<Engine> make_lanes_engine(const Kernels& kernels, Engine& fallback, Random& random,
                                          const NonceSource& nonces, const MadeAheadOptions& ahead,
                                          LanesCounters& counters) {
  return std::make_unique<LanesEngine>(kernels, fallback, random, nonces, ahead, counters);
}

}  // namespace lockstep::crypto::lanes
