// The choice between a decrypted premaster secret and its substitute.
#include "crypto/rsa_premaster.h"
#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {
namespace {

using crypto::kRsaPremasterSize;

constexpr std::size_t kModulus = 256;
constexpr std::uint16_t kVersion = 0x0303;

struct Input {
  struct {
    std::uint8_t decrypted[kModulus];
    std::uint8_t substitute[kRsaPremasterSize];
    bool usable;
  } secret;
};
struct Output {
  std::uint8_t premaster[kRsaPremasterSize];
};

// Random: anything, nearly always with a wrong first byte. The edges: as it should be, without the byte 02, and with a
// zero in the middle of the padding.
void fill(Input& input, Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  own.fill(input.secret.decrypted, kModulus);
  own.fill(input.secret.substitute, kRsaPremasterSize);
  input.secret.usable = own.next() % 2 == 0;
  if (secrets == Secrets::kRandom || secrets == Secrets::kFixed) return;
  constexpr std::size_t kStart = kModulus - kRsaPremasterSize;
  std::uint8_t* const decrypted = input.secret.decrypted;
  for (std::size_t i = 2; i < kStart - 1; ++i) decrypted[i] |= 1U;
  decrypted[0] = 0;
  decrypted[1] = secrets == Secrets::kOne ? 1 : 2;
  if (secrets == Secrets::kHighest) decrypted[kModulus / 2] = 0;
  decrypted[kStart - 1] = 0;
  decrypted[kStart] = kVersion >> 8U;
  decrypted[kStart + 1] = kVersion & 0xffU;
  input.secret.usable = true;
}

void take(const Input& input, Output& output) {
  crypto::take_rsa_premaster(output.premaster, input.secret.decrypted, input.secret.usable, kVersion,
                             input.secret.substitute);
}

constexpr Subject subject() {
  Subject made = make_subject<Input, Output, fill, take>("rsa_premaster.take");
  made.calls = 16;
  return made;
}

constexpr Subject kSubjects[] = {subject()};
const SubjectList kList(kSubjects);

}  // namespace
}  // namespace lockstep::constant_time
