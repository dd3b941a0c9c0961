// Runs every subject with its secrets marked as uninitialised, under MemorySanitizer or under valgrind's memcheck: both
// then report each branch and each address that depends on them. Prints a line before each subject, into the same
// stream as the tool's reports.
//   taint_driver REPETITIONS [PREFIX...]      leaves out subjects whose names begin with a PREFIX
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "tests/constant_time/subject.h"

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define LOCKSTEP_MEMORY_SANITIZER
#endif
#endif

#ifdef LOCKSTEP_MEMORY_SANITIZER
#include <sanitizer/msan_interface.h>
#else
#include <valgrind/memcheck.h>
#endif

#ifdef LOCKSTEP_MEMORY_SANITIZER
extern "C" const char __executable_start;

namespace {
constexpr std::size_t kMaxPlaces = 4096;
const void* places[kMaxPlaces];
std::size_t place_count = 0;
}  // namespace

// The instrumented code calls this where a branch or an address depends on a secret: prints the place, once a subject.
extern "C" __attribute__((noinline, no_sanitize("memory"))) void lockstep_secret_used() {
  const auto* const place = static_cast<const char*>(__builtin_return_address(0)) - 1;
  for (std::size_t i = 0; i < place_count; ++i)
    if (places[i] == place) return;
  if (place_count < kMaxPlaces) places[place_count++] = place;
  std::fprintf(stderr, "@@ secret %zx\n", static_cast<std::size_t>(place - &__executable_start));
}
#endif

namespace {

using lockstep::constant_time::Numbers;
using lockstep::constant_time::Secrets;
using lockstep::constant_time::Subject;
using lockstep::constant_time::SubjectList;

void make_secret(void* data, std::size_t size) {
#ifdef LOCKSTEP_MEMORY_SANITIZER
  __msan_poison(data, size);
#else
  VALGRIND_MAKE_MEM_UNDEFINED(data, size);
#endif
}

void declare(void* data, std::size_t size) {
#ifdef LOCKSTEP_MEMORY_SANITIZER
  __msan_unpoison(data, size);
#else
  VALGRIND_MAKE_MEM_DEFINED(data, size);
#endif
}

void announce(const char* word, const Subject& subject) {
#ifdef LOCKSTEP_MEMORY_SANITIZER
  std::fprintf(stderr, "@@ %s %s %d\n", word, subject.name, subject.planted ? 1 : 0);
  place_count = 0;
#else
  VALGRIND_PRINTF("@@ %s %s %d\n", word, subject.name, subject.planted ? 1 : 0);
#endif
}

struct Free {
  void operator()(std::uint8_t* memory) const { std::free(memory); }
};
using Block = std::unique_ptr<std::uint8_t, Free>;

Block make_block(std::size_t size) {
  const std::size_t rounded = (size + 63) / 64 * 64;
  Block block(static_cast<std::uint8_t*>(std::aligned_alloc(64, rounded)));
  std::memset(block.get(), 0, rounded);
  return block;
}

void examine(const Subject& subject, int repetitions) {
  const Block input = make_block(subject.input_size);
  const Block output = make_block(subject.output_size);
  Numbers numbers(3);
  announce("subject", subject);
  for (int i = 0; i < repetitions; ++i) {
    declare(input.get(), subject.input_size);
    subject.fill(input.get(), Secrets::kRandom, numbers);
    subject.mark(input.get(), make_secret);
    subject.run(input.get(), output.get());
    declare(output.get(), subject.output_size);
  }
  announce("end", subject);
}

}  // namespace

int main(int count, char** arguments) {
  const int repetitions = count > 1 ? std::atoi(arguments[1]) : 1;
  const auto left_out = [&](const char* name) {
    for (int i = 2; i < count; ++i)
      if (std::strncmp(name, arguments[i], std::strlen(arguments[i])) == 0) return true;
    return false;
  };
  for (const SubjectList* list = SubjectList::first(); list != nullptr; list = list->next())
    for (const Subject& subject : list->subjects())
      if (!left_out(subject.name)) examine(subject, repetitions);
  std::fflush(stderr);
  return 0;
}
