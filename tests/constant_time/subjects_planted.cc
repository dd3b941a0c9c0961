// The planted leaks and their careful twins as subjects.
#include "tests/constant_time/planted.h"
#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {
namespace {

struct Input {
  struct {
    std::uint8_t bytes[crypto::lanes::kLanes][32];
  } secret;
  std::uint8_t known[crypto::lanes::kLanes][32];
};
struct Output {
  std::uint64_t result[crypto::lanes::kLanes];
};

// The edges: equal, different in the first byte of a lane, different in its last.
void fill(Input& input, Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  own.fill(input.secret.bytes, sizeof input.secret.bytes);
  Numbers same(2);
  same.fill(input.known, sizeof input.known);
  if (secrets == Secrets::kRandom || secrets == Secrets::kFixed) return;
  std::memcpy(input.secret.bytes, input.known, sizeof input.known);
  if (secrets == Secrets::kOne) input.secret.bytes[0][0] ^= 1U;
  if (secrets == Secrets::kHighest) input.secret.bytes[0][31] ^= 1U;
}

template <crypto::lanes::PlantedKernels::Function crypto::lanes::PlantedKernels::* kFunction>
void run(const Input& input, Output& output) {
  (LOCKSTEP_KERNELS(kPlanted).*kFunction)(output.result, input.secret.bytes, input.known);
}

template <crypto::lanes::PlantedKernels::Function crypto::lanes::PlantedKernels::* kFunction>
constexpr Subject subject(const char* name, bool planted) {
  Subject made = make_subject<Input, Output, fill, run<kFunction>>(name);
  made.planted = planted;
  return made;
}

using Planted = crypto::lanes::PlantedKernels;
constexpr Subject kSubjects[] = {
    subject<&Planted::early_exit_compare>("planted.early_exit_compare", true),
    subject<&Planted::careful_compare>("planted.careful_compare", false),
    subject<&Planted::indexed_load>("planted.indexed_load", true),
    subject<&Planted::careful_load>("planted.careful_load", false),
    subject<&Planted::branch_on_carry>("planted.branch_on_carry", true),
    subject<&Planted::careful_carry>("planted.careful_carry", false),
    subject<&Planted::branch_on_mask>("planted.branch_on_mask", true),
    subject<&Planted::careful_mask>("planted.careful_mask", false),
    subject<&Planted::branch_on_moved_lane>("planted.branch_on_moved_lane", true),
    subject<&Planted::careful_moved_lane>("planted.careful_moved_lane", false),
    subject<&Planted::divide>("planted.divide", true),
    subject<&Planted::careful_divide>("planted.careful_divide", false),
    subject<&Planted::secret_length>("planted.secret_length", true),
    subject<&Planted::gathered_load>("planted.gathered_load", true),
    subject<&Planted::library_compare>("planted.library_compare", true),
};
const SubjectList kList(kSubjects);

}  // namespace
}  // namespace lockstep::constant_time
