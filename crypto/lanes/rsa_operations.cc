#include "crypto/lanes/rsa_operations.h"

#include <algorithm>
#include <new>

#include "crypto/lanes/made_ahead.h"
#include "crypto/lanes/prepared_key.h"
#include "crypto/lanes/rsa_padding.h"
#include "crypto/rsa_premaster.h"

namespace lockstep::crypto::lanes {
namespace {

constexpr std::size_t kAlignment = 64;

const PrivateKey* key_of(const Job& job) {
  return job.kind == JobKind::sign ? static_cast<const SignJob&>(job).key
                                   : static_cast<const RsaPremasterJob&>(job).key;
}

}  // namespace

/// The kernel's state and what goes in and out of it; secret while an operation is under way.
struct RsaOperation::Lanes {
  explicit Lanes(std::size_t state_size)
      : state(::operator new(state_size, std::align_val_t{kAlignment})), size(state_size) {}
  ~Lanes() {
    wipe(MutableBytes(static_cast<std::uint8_t*>(state), size));
    ::operator delete(state, std::align_val_t{kAlignment});
    wipe_buffers();
  }
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  void wipe_buffers() {
    wipe(bytes_of(input));
    wipe(bytes_of(output));
    wipe(bytes_of(random));
  }

  void* state;
  std::size_t size;
  std::array<Job*, kLanes> jobs{};
  std::uint8_t input[kLanes][kMaxRsaModulus] = {};
  std::uint8_t output[kLanes][kMaxRsaModulus] = {};
  std::uint8_t random[kLanes][kRsaRandomSize] = {};
};

RsaOperation::RsaOperation(const RsaKernels& kernels, Engine& fallback, Random& random,
                           std::atomic<std::uint64_t>& recomputed)
    : kernels_(kernels),
      fallback_(fallback),
      random_(random),
      recomputed_(recomputed),
      lanes_(std::make_unique<Lanes>(kernels.state_size)) {}

RsaOperation::~RsaOperation() = default;

void RsaOperation::take(std::span<Job* const> jobs) {
  for (Job* const job : jobs) waiting_.push(*job);
  if (lanes_used_ == 0) begin();
}

void RsaOperation::step(JobList& done) {
  if (lanes_used_ == 0) return;
  if (!kernels_.step(lanes_->state, kernels_.slice).finished) return;
  finish(done);
  if (!waiting_.empty()) begin();
}

void RsaOperation::begin() {
  std::array<const RsaKey*, kLanes> keys{};
  std::array<const std::uint8_t*, kLanes> inputs{};
  for (lanes_used_ = 0; lanes_used_ < kLanes && !waiting_.empty(); ++lanes_used_) {
    Job& job = *waiting_.pop();
    load(lanes_used_, job);
    keys[lanes_used_] = &static_cast<const PreparedRsaKey*>(key_of(job)->prepared())->key;
    inputs[lanes_used_] = lanes_->input[lanes_used_];
  }
  random_.fill(bytes_of(lanes_->random));
  in_range_ = kernels_.begin(lanes_->state, keys.data(), inputs.data(), lanes_->random);
}

/// Writes the operation's input. A ciphertext of a wrong length becomes one that is not below any modulus, so that it
/// takes the lanes' dummy computation.
void RsaOperation::load(std::size_t lane, Job& job) {
  const MutableBytes input(lanes_->input[lane], kernels_.modulus_size);
  lanes_->jobs[lane] = &job;
  if (job.kind == JobKind::sign) {
    const auto& sign = static_cast<const SignJob&>(job);
    encode_rsa_message(sign.scheme, Bytes(sign.content).first(sign.content_size), random_, input);
    return;
  }
  const Bytes encrypted = static_cast<const RsaPremasterJob&>(job).encrypted;
  if (encrypted.size() == input.size())
    std::memcpy(input.data(), encrypted.data(), input.size());
  else
    std::ranges::fill(input, std::uint8_t{0xff});
}

void RsaOperation::finish(JobList& done) {
  std::array<std::uint8_t*, kLanes> outputs{};
  for (std::size_t i = 0; i < lanes_used_; ++i) outputs[i] = lanes_->output[i];
  const LaneMask verified = kernels_.finish(lanes_->state, outputs.data());
  for (std::size_t i = 0; i < lanes_used_; ++i) {
    const bool in_range = (in_range_ >> i & 1U) != 0;
    if (in_range && (verified >> i & 1U) == 0) {
      count(recomputed_);
      fallback_.run(std::span<Job* const>(&lanes_->jobs[i], 1), done);
    } else {
      hand_over(i, in_range, done);
    }
  }
  lanes_->wipe_buffers();
  lanes_used_ = 0;
}

void RsaOperation::hand_over(std::size_t lane, bool in_range, JobList& done) {
  Job& job = *lanes_->jobs[lane];
  const Bytes output(lanes_->output[lane], kernels_.modulus_size);
  if (job.kind == JobKind::sign) {
    auto& sign = static_cast<SignJob&>(job);
    std::memcpy(sign.signature.data(), output.data(), output.size());
    sign.signature_size = static_cast<std::uint16_t>(output.size());
  } else {
    auto& premaster = static_cast<RsaPremasterJob&>(job);
    take_rsa_premaster(premaster.premaster.writable(), output, in_range, premaster.client_version,
                       premaster.substitute.expose());
  }
  job.status = JobStatus::ok;
  done.push(job);
}

}  // namespace lockstep::crypto::lanes
