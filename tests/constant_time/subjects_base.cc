// Comparison of secrets.
#include "crypto/base/constant_time.h"
#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {
namespace {

struct Input {
  struct {
    std::uint8_t mac[32];
  } secret;
  std::uint8_t claimed[32];
};
struct Output {
  bool equal;
};

// The edges: equal, different in the first byte, different in the last.
void fill(Input& input, Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  own.fill(input.secret.mac, 32);
  Numbers same(2);
  same.fill(input.claimed, 32);
  if (secrets == Secrets::kRandom || secrets == Secrets::kFixed) return;
  std::memcpy(input.secret.mac, input.claimed, 32);
  if (secrets == Secrets::kOne) input.secret.mac[0] ^= 1U;
  if (secrets == Secrets::kHighest) input.secret.mac[31] ^= 1U;
}

__attribute__((noinline)) void compare(const Input& input, Output& output) {
  output.equal = equal_constant_time(Bytes(input.secret.mac, 32), Bytes(input.claimed, 32));
}

constexpr Subject subject() {
  Subject made = make_subject<Input, Output, fill, compare>("base.equal_constant_time");
  made.calls = 64;
  return made;
}

constexpr Subject kSubjects[] = {subject()};
const SubjectList kList(kSubjects);

}  // namespace
}  // namespace lockstep::constant_time
