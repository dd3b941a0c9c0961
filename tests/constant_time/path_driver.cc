// The path of instructions that an operation takes through the objects that ship, step by step, for each kind of
// secrets: it must be the same for all. Beside what reviewers say of the jumps, this is what the jumps did.
//   path_driver LIMIT NAME...      prints "same|different|long NAME INSTRUCTIONS"; long: more than LIMIT instructions
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/constant_time/subject.h"

extern "C" const char __executable_start;
extern "C" const char etext;

namespace lockstep::constant_time {
namespace {

struct Path {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a over the addresses
  std::uint64_t count = 0;
  bool operator==(const Path&) const = default;
};

// The child's side: runs the operation once to have everything in place, and again between two signals.
[[noreturn]] void run_traced(const Subject& subject, Secrets secrets, std::uint64_t seed) {
  auto* const input = static_cast<std::uint8_t*>(std::aligned_alloc(64, (subject.input_size + 63) / 64 * 64));
  auto* const output = static_cast<std::uint8_t*>(std::aligned_alloc(64, (subject.output_size + 63) / 64 * 64));
  Numbers numbers(seed);
  subject.fill(input, secrets, numbers);
  subject.run(input, output);
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  raise(SIGSTOP);
  subject.run(input, output);
  raise(SIGUSR1);
  _exit(0);
}

Path path_of(const Subject& subject, Secrets secrets, std::uint64_t seed, std::uint64_t limit) {
  const pid_t child = fork();
  if (child == 0) run_traced(subject, secrets, seed);
  const auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start);
  const auto end = reinterpret_cast<std::uintptr_t>(&etext);
  Path path;
  int status = 0;
  waitpid(child, &status, 0);
  while (path.count <= limit) {
    ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
    waitpid(child, &status, 0);
    if (!WIFSTOPPED(status) || WSTOPSIG(status) == SIGUSR1) break;
    const auto at =
        static_cast<std::uintptr_t>(ptrace(PTRACE_PEEKUSER, child, offsetof(user_regs_struct, rip), nullptr));
    // What the C library does with a copy is by its length and place.
    if (at < begin || at >= end) continue;
    path.hash = (path.hash ^ (at - begin)) * 0x100000001b3U;
    ++path.count;
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return path;
}

void examine(const Subject& subject, std::uint64_t limit) {
  const Path first = path_of(subject, Secrets::kRandom, 1, limit);
  bool same = first.count > 0;
  for (std::size_t kind = 0; same && first.count <= limit && kind < subject.kinds; ++kind)
    same = path_of(subject, static_cast<Secrets>(kind), 2, limit) == first;
  std::printf("%s %s %llu\n",
              first.count > limit ? "long"
              : same              ? "same"
                                  : "different",
              subject.name, static_cast<unsigned long long>(first.count));
  std::fflush(stdout);
}

}  // namespace
}  // namespace lockstep::constant_time

int main(int count, char** arguments) {
  using namespace lockstep::constant_time;
  if (count < 3) return 2;
  for (const SubjectList* list = SubjectList::first(); list != nullptr; list = list->next())
    for (const Subject& subject : list->subjects())
      for (int i = 2; i < count; ++i)
        if (std::strcmp(arguments[i], subject.name) == 0)
          examine(subject, static_cast<std::uint64_t>(std::atoll(arguments[1])));
  return 0;
}
