// X25519 key pair and derive, Ed25519 key expansion and signature.
#include "crypto/lanes/curve25519.h"
#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {
namespace {

using crypto::lanes::Ed25519Key;
using crypto::lanes::kLanes;

// RFC 8032 section 5.1: the order of the base point, less one.
constexpr std::uint8_t kOrderLessOne[32] = {0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                            0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                            0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

void fill_scalars(std::uint8_t (*scalar)[32], Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    own.fill(scalar[lane], 32);
    if (secrets == Secrets::kRandom || secrets == Secrets::kFixed) continue;
    std::memset(scalar[lane], 0, 32);
    if (secrets == Secrets::kOne) scalar[lane][0] = 1;
    if (secrets == Secrets::kHighest) std::memcpy(scalar[lane], kOrderLessOne, 32);
  }
}

struct X25519Input {
  struct {
    std::uint8_t private_key[kLanes][32];
  } secret;
  std::uint8_t peer[kLanes][32];
};
struct X25519Output {
  std::uint8_t key[kLanes][32];
  std::uint8_t mask;
};

void fill_x25519(X25519Input& input, Secrets secrets, Numbers& numbers) {
  fill_scalars(input.secret.private_key, secrets, numbers);
  Numbers same(2);
  same.fill(input.peer, sizeof input.peer);
}

void base(const X25519Input& input, X25519Output& output) {
  LOCKSTEP_KERNELS(kCurve25519).x25519_base(output.key, input.secret.private_key);
}

void derive(const X25519Input& input, X25519Output& output) {
  output.mask = LOCKSTEP_KERNELS(kCurve25519).x25519(output.key, input.secret.private_key, input.peer);
}

struct ExpandInput {
  struct {
    std::uint8_t seed[kLanes][32];
  } secret;
};
struct ExpandOutput {
  Ed25519Key key[kLanes];
};

void fill_expand(ExpandInput& input, Secrets secrets, Numbers& numbers) {
  fill_scalars(input.secret.seed, secrets, numbers);
}

void expand(const ExpandInput& input, ExpandOutput& output) {
  LOCKSTEP_KERNELS(kCurve25519).ed25519_expand(output.key, input.secret.seed);
}

// What TLS 1.3 signs is 64 spaces, a context string and a hash (RFC 8446 section 4.4.3): about this long.
constexpr std::size_t kMessageSize = 130;

struct SignInput {
  struct {
    std::uint8_t scalar[kLanes][32];
    std::uint8_t prefix[kLanes][32];
    std::uint8_t message[kLanes][kMessageSize];
    std::uint8_t noise[kLanes][32];
  } secret;
  std::uint8_t public_key[kLanes][32];
};
struct SignOutput {
  std::uint8_t signature[kLanes][64];
};

void fill_sign(SignInput& input, Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  fill_scalars(input.secret.scalar, secrets, numbers);
  own.fill(input.secret.prefix, sizeof input.secret.prefix);
  own.fill(input.secret.message, sizeof input.secret.message);
  own.fill(input.secret.noise, sizeof input.secret.noise);
  Numbers same(2);
  same.fill(input.public_key, sizeof input.public_key);
}

void sign(const SignInput& input, SignOutput& output) {
  Ed25519Key keys[kLanes];
  const Ed25519Key* key[kLanes];
  const std::uint8_t* message[kLanes];
  std::size_t message_size[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::memcpy(keys[lane].scalar, input.secret.scalar[lane], 32);
    std::memcpy(keys[lane].prefix, input.secret.prefix[lane], 32);
    std::memcpy(keys[lane].public_key, input.public_key[lane], 32);
    key[lane] = &keys[lane];
    message[lane] = input.secret.message[lane];
    message_size[lane] = kMessageSize;
  }
  LOCKSTEP_KERNELS(kCurve25519).ed25519_sign(output.signature, key, message, message_size, input.secret.noise);
}

constexpr Subject kSubjects[] = {
    make_subject<X25519Input, X25519Output, fill_x25519, base>("curve25519.x25519_base"),
    make_subject<X25519Input, X25519Output, fill_x25519, derive>("curve25519.x25519"),
    make_subject<ExpandInput, ExpandOutput, fill_expand, expand>("curve25519.ed25519_expand"),
    make_subject<SignInput, SignOutput, fill_sign, sign>("curve25519.ed25519_sign"),
};
const SubjectList kList(kSubjects);

}  // namespace
}  // namespace lockstep::constant_time
