// P-256 and P-384: key pair, derive, nonce pair and the on-line part of a signature.
#include "crypto/lanes/weierstrass.h"
#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {
namespace {

using crypto::lanes::kLanes;
using crypto::lanes::NoncePair;

// SP 800-186 section 3.2.1: n - 1, and the base point.
template <std::size_t kSize>
struct Curve;

template <>
struct Curve<32> {
  static const auto& kernels() { return LOCKSTEP_KERNELS(kP256); }
  static constexpr const char* kOrderLessOne = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
  static constexpr const char* kBase =
      "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
};
template <>
struct Curve<48> {
  static const auto& kernels() { return LOCKSTEP_KERNELS(kP384); }
  static constexpr const char* kOrderLessOne =
      "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52972";
  static constexpr const char* kBase =
      "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
      "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";
};

void from_hex(std::uint8_t* bytes, const char* text) {
  const auto digit = [](char letter) { return letter <= '9' ? letter - '0' : letter - 'a' + 10; };
  for (; *text != 0; text += 2) *bytes++ = static_cast<std::uint8_t>(digit(text[0]) * 16 + digit(text[1]));
}

// Random numbers are in [1, n-1], edges are 0, 1 and n-1. Zero is out of range: its lane must cost the same.
template <std::size_t kSize>
void fill_scalars(std::uint8_t (*scalar)[kSize], Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    own.fill(scalar[lane], kSize);
    scalar[lane][0] &= 0x7fU;
    if (secrets == Secrets::kRandom || secrets == Secrets::kFixed) continue;
    std::memset(scalar[lane], 0, kSize);
    if (secrets == Secrets::kOne) scalar[lane][kSize - 1] = 1;
    if (secrets == Secrets::kHighest) from_hex(scalar[lane], Curve<kSize>::kOrderLessOne);
  }
}

template <std::size_t kSize>
struct PointInput {
  struct {
    std::uint8_t private_key[kLanes][kSize];
  } secret;
  std::uint8_t peer[kLanes][1 + 2 * kSize];
};
template <std::size_t kSize>
struct PointOutput {
  std::uint8_t public_key[kLanes][1 + 2 * kSize];
  std::uint8_t shared[kLanes][kSize];
  std::uint8_t mask;
};

template <std::size_t kSize>
void fill_point(PointInput<kSize>& input, Secrets secrets, Numbers& numbers) {
  fill_scalars<kSize>(input.secret.private_key, secrets, numbers);
  for (auto& peer : input.peer) {
    peer[0] = 4;
    from_hex(peer + 1, Curve<kSize>::kBase);
  }
}

template <std::size_t kSize>
void base_multiply(const PointInput<kSize>& input, PointOutput<kSize>& output) {
  output.mask = Curve<kSize>::kernels().base_multiply(output.public_key, input.secret.private_key);
}

template <std::size_t kSize>
void derive(const PointInput<kSize>& input, PointOutput<kSize>& output) {
  output.mask = Curve<kSize>::kernels().derive(output.shared, input.secret.private_key, input.peer);
}

template <std::size_t kSize>
struct NonceOutput {
  NoncePair<kSize> pair[kLanes];
  std::uint8_t mask;
};

template <std::size_t kSize>
void make_nonce_pair(const PointInput<kSize>& input, NonceOutput<kSize>& output) {
  output.mask = Curve<kSize>::kernels().make_nonce_pair(output.pair, input.secret.private_key);
}

template <std::size_t kSize>
struct SignInput {
  struct {
    NoncePair<kSize> pair[kLanes];
    std::uint8_t private_key[kLanes][kSize];
    std::uint8_t digest[kLanes][kSize];
  } secret;
};
template <std::size_t kSize>
struct SignOutput {
  std::uint8_t signature[kLanes][2 * kSize];
  std::uint8_t mask;
};

template <std::size_t kSize>
void fill_sign(SignInput<kSize>& input, Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  own.fill(&input, sizeof input);
  std::uint8_t edge[kLanes][kSize];
  fill_scalars<kSize>(edge, secrets, numbers);
  fill_scalars<kSize>(input.secret.private_key, secrets, numbers);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::memcpy(input.secret.pair[lane].k_inverse, edge[lane], kSize);
    input.secret.pair[lane].r[0] &= 0x7fU;
  }
}

template <std::size_t kSize>
void sign(const SignInput<kSize>& input, SignOutput<kSize>& output) {
  output.mask =
      Curve<kSize>::kernels().sign(output.signature, input.secret.pair, input.secret.private_key, input.secret.digest);
}

// Eight on-line signatures take less than a microsecond or so: several calls to a sample.
constexpr Subject with_calls(Subject subject, std::size_t calls) {
  subject.calls = calls;
  return subject;
}

constexpr Subject kSubjects[] = {
    make_subject<PointInput<32>, PointOutput<32>, fill_point<32>, base_multiply<32>>("p256.base_multiply"),
    make_subject<PointInput<32>, PointOutput<32>, fill_point<32>, derive<32>>("p256.derive"),
    make_subject<PointInput<32>, NonceOutput<32>, fill_point<32>, make_nonce_pair<32>>("p256.make_nonce_pair"),
    with_calls(make_subject<SignInput<32>, SignOutput<32>, fill_sign<32>, sign<32>>("p256.sign"), 4),
    make_subject<PointInput<48>, PointOutput<48>, fill_point<48>, base_multiply<48>>("p384.base_multiply"),
    make_subject<PointInput<48>, PointOutput<48>, fill_point<48>, derive<48>>("p384.derive"),
    make_subject<PointInput<48>, NonceOutput<48>, fill_point<48>, make_nonce_pair<48>>("p384.make_nonce_pair"),
    with_calls(make_subject<SignInput<48>, SignOutput<48>, fill_sign<48>, sign<48>>("p384.sign"), 4),
};
const SubjectList kList(kSubjects);

}  // namespace
}  // namespace lockstep::constant_time
