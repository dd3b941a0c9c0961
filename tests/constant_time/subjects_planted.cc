// The planted leaks and their careful twins as subjects.
#include "tests/constant_time/planted.h"
#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {
namespace {

struct Input {
  std::uint8_t secret[crypto::lanes::kLanes][32];
  std::uint8_t known[crypto::lanes::kLanes][32];
};
struct Output {
  std::uint64_t result[crypto::lanes::kLanes];
};

void fill(Input& input, Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  own.fill(input.secret, sizeof input.secret);
  Numbers same(2);
  same.fill(input.known, sizeof input.known);
}

template <crypto::lanes::PlantedKernels::Function crypto::lanes::PlantedKernels::* kFunction>
void run(const Input& input, Output& output) {
  (LOCKSTEP_KERNELS(kPlanted).*kFunction)(output.result, input.secret, input.known);
}

template <crypto::lanes::PlantedKernels::Function crypto::lanes::PlantedKernels::* kFunction>
constexpr Subject subject(const char* name, bool planted) {
  Subject made = make_subject<Input, Output, fill, run<kFunction>>(name, sizeof(Input::secret));
  made.planted = planted;
  made.kinds = 2;
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
};
const SubjectList kList(kSubjects);

}  // namespace
}  // namespace lockstep::constant_time
