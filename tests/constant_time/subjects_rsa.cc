// RSA: making a key ready and the private operation, for the three sizes. Keys are of rsa_keys.h, which is made of
// rsa_primes.txt.
#include "crypto/lanes/rsa.h"
#include "rsa_keys.h"
#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {
namespace {

using crypto::lanes::kLanes;
using crypto::lanes::kRsaRandomSize;
using crypto::lanes::RsaKernels;
using crypto::lanes::RsaKey;
using crypto::lanes::RsaNumbers;
using crypto::lanes::RsaProgress;

constexpr std::size_t kMaxModulus = 512;
constexpr std::uint64_t kPublicExponent = 65537;

// Memory for one private operation; asked for once, the largest is 4096 bits'.
std::uint8_t* state() {
  alignas(64) static std::uint8_t memory[std::size_t{1} << 18U];
  return memory;
}

template <std::size_t kSize>
const RsaKernels& kernels() {
  return LOCKSTEP_KERNELS(kRsa)[kSize];
}
template <std::size_t kSize>
constexpr std::size_t kModulus = 256 + 128 * kSize;

template <std::size_t kSize>
struct PrivateNumbers {
  std::uint8_t prime1[kModulus<kSize> / 2];
  std::uint8_t prime2[kModulus<kSize> / 2];
  std::uint8_t exponent1[kModulus<kSize> / 2];
  std::uint8_t exponent2[kModulus<kSize> / 2];
  std::uint8_t coefficient[kModulus<kSize> / 2];
};

// Which of the keys: always the first, or any.
std::size_t choose(Secrets secrets, Numbers& own) {
  return secrets == Secrets::kFixed ? 0 : own.next() % kRsaKeys;
}

template <std::size_t kSize>
struct PrepareInput {
  PrivateNumbers<kSize> secret;
  std::uint8_t modulus[kModulus<kSize>];
};
struct PrepareOutput {
  RsaKey key;
  bool ok;
};

template <std::size_t kSize>
void fill_prepare(PrepareInput<kSize>& input, Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  const RsaKeyBytes<kModulus<kSize>>& key = rsa_keys<kModulus<kSize>>()[choose(secrets, own)];
  std::memcpy(input.modulus, key.modulus, sizeof key.modulus);
  static_assert(sizeof input.secret + sizeof key.modulus == sizeof key);
  std::memcpy(&input.secret, reinterpret_cast<const std::uint8_t*>(&key) + sizeof key.modulus, sizeof input.secret);
}

template <std::size_t kSize>
void prepare(const PrepareInput<kSize>& input, PrepareOutput& output) {
  const RsaNumbers numbers = {input.modulus,           kPublicExponent,        input.secret.prime1,
                              input.secret.prime2,     input.secret.exponent1, input.secret.exponent2,
                              input.secret.coefficient};
  output.ok = crypto::lanes::prepare_rsa_key(&output.key, 8 * kModulus<kSize>, numbers);
}

template <std::size_t kSize>
struct PrivateInput {
  std::uint8_t random[kLanes][kRsaRandomSize];
  std::uint8_t number[kLanes][kModulus<kSize>];
  RsaKey key;
};
struct PrivateOutput {
  std::uint8_t root[kLanes][kMaxModulus];
  std::uint8_t in_range;
  std::uint8_t verified;
};

// The edges of the input: 0, 1, n - 1.
template <std::size_t kSize>
void fill_private(std::uint8_t* memory, Secrets secrets, Numbers& numbers) {
  auto& input = *reinterpret_cast<PrivateInput<kSize>*>(memory);
  static RsaKey ready[kRsaKeys];
  const auto* const keys = rsa_keys<kModulus<kSize>>();
  if (ready[0].bits == 0) {
    for (std::size_t i = 0; i < kRsaKeys; ++i) {
      const RsaNumbers values = {keys[i].modulus,   kPublicExponent,   keys[i].prime1,     keys[i].prime2,
                                 keys[i].exponent1, keys[i].exponent2, keys[i].coefficient};
      if (!crypto::lanes::prepare_rsa_key(&ready[i], 8 * kModulus<kSize>, values)) __builtin_trap();
    }
  }
  Numbers own = secret_numbers(secrets, numbers);
  own.fill(input.random, sizeof input.random);
  const std::size_t chosen = choose(secrets, own);
  input.key = ready[chosen];
  for (auto& number : input.number) {
    own.fill(number, sizeof number);
    number[0] &= 0x7fU;
    if (secrets == Secrets::kRandom || secrets == Secrets::kFixed) continue;
    std::memset(number, 0, sizeof number);
    if (secrets == Secrets::kOne) number[sizeof number - 1] = 1;
    if (secrets != Secrets::kHighest) continue;
    std::memcpy(number, keys[chosen].modulus, sizeof number);
    number[sizeof number - 1] -= 1;
  }
}

template <std::size_t kSize>
void mark_private(std::uint8_t* memory, Mark mark) {
  auto& input = *reinterpret_cast<PrivateInput<kSize>*>(memory);
  mark(input.random, sizeof input.random);
  mark(input.number, sizeof input.number);
  mark(&input.key.prime1, sizeof input.key.prime1);
  mark(&input.key.prime2, sizeof input.key.prime2);
  mark(&input.key.coefficient, sizeof input.key.coefficient);
}

template <std::size_t kSize>
void run_private(const std::uint8_t* memory, std::uint8_t* result) {
  const auto& input = *reinterpret_cast<const PrivateInput<kSize>*>(memory);
  auto& output = *reinterpret_cast<PrivateOutput*>(result);
  const RsaKey* key[kLanes];
  const std::uint8_t* number[kLanes];
  std::uint8_t* root[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    key[lane] = &input.key;
    number[lane] = input.number[lane];
    root[lane] = output.root[lane];
  }
  const RsaKernels& rsa = kernels<kSize>();
  if (rsa.state_size > std::size_t{1} << 18U) __builtin_trap();
  output.in_range = rsa.begin(state(), key, number, input.random);
  while (!rsa.step(state(), rsa.slice).finished) {
  }
  output.verified = rsa.finish(state(), root);
}

template <std::size_t kSize>
constexpr Subject private_operation(const char* name) {
  Subject subject{};
  subject.name = name;
  subject.input_size = sizeof(PrivateInput<kSize>);
  subject.output_size = sizeof(PrivateOutput);
  subject.fill = fill_private<kSize>;
  subject.mark = mark_private<kSize>;
  subject.run = run_private<kSize>;
  return subject;
}

template <std::size_t kSize>
constexpr Subject preparation(const char* name) {
  Subject subject = make_subject<PrepareInput<kSize>, PrepareOutput, fill_prepare<kSize>, prepare<kSize>>(name);
  subject.kinds = 2;
  return subject;
}

constexpr Subject kSubjects[] = {
    preparation<0>("rsa2048.prepare_key"),
    preparation<1>("rsa3072.prepare_key"),
    preparation<2>("rsa4096.prepare_key"),
    private_operation<0>("rsa2048.private_operation"),
    private_operation<1>("rsa3072.private_operation"),
    private_operation<2>("rsa4096.private_operation"),
};
const SubjectList kList(kSubjects);

}  // namespace
}  // namespace lockstep::constant_time
