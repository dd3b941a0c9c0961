// Does a shadow cover everything that a secret bit decides? For each operation, and many operands: poison one bit, look
// at the result's shadow, flip the bit and see which bits of the result change. Each that changes must be poisoned.
// Prints
//   spread|plain OPERATION LOST OF      LOST of OF trials left a changed bit unpoisoned
// Not instrumented itself: it reads and writes shadows, which are where MemorySanitizer keeps them on Linux for x86-64.
#include <cstdio>
#include <cstring>

#include "tests/constant_time/propagation.h"
#include "tests/constant_time/subject.h"

// What the instrumented code calls where a secret decides: here of no interest.
extern "C" void lockstep_secret_used() {}

namespace {

using lockstep::constant_time::kOperandBytes;
using lockstep::constant_time::kResultBytes;
using lockstep::constant_time::Numbers;
using lockstep::constant_time::Operation;

constexpr std::uintptr_t kShadowOfAddress = 0x500000000000U;
constexpr int kTrials = 2000;

alignas(64) std::uint8_t operands[kOperandBytes];
alignas(64) std::uint8_t result[kResultBytes];

std::uint8_t* shadow(std::uint8_t* address) {
  return reinterpret_cast<std::uint8_t*>(reinterpret_cast<std::uintptr_t>(address) ^ kShadowOfAddress);
}

// Operands at which carries run and comparisons are close: all ones, single bits, equal lanes, small differences.
void choose_operands(Numbers& numbers) {
  numbers.fill(operands, sizeof operands);
  for (std::size_t i = 0; i < sizeof operands / 8; ++i) {
    std::uint64_t word = 0;
    switch (numbers.next() % 8) {
      case 0:
        word = ~std::uint64_t{0};
        break;
      case 1:
        word = std::uint64_t{1} << (numbers.next() % 64);
        break;
      case 2:
        word = (std::uint64_t{1} << 52U) - 1;
        break;
      case 3:
        word = numbers.next() % 64;
        break;
      case 4:
        std::memcpy(&word, operands + 8 * (i % 8), 8);
        break;
      case 5:
        std::memcpy(&word, operands + 8 * (i % 8), 8);
        ++word;
        break;
      default:
        continue;
    }
    std::memcpy(operands + 8 * i, &word, 8);
  }
}

// Whether one trial left a bit of the result that the poisoned one changes without poison.
bool loses(const Operation& operation, Numbers& numbers) {
  choose_operands(numbers);
  const std::size_t byte = numbers.next() % 4 == 0 ? numbers.next() % 8 : numbers.next() % kOperandBytes;
  const auto bit = static_cast<std::uint8_t>(1U << (numbers.next() % 8));
  std::uint8_t before[kResultBytes];
  std::uint8_t poisoned[kResultBytes];
  std::memset(shadow(operands), 0, sizeof operands);
  *shadow(operands + byte) = bit;
  operation.run(operands, result);
  std::memcpy(before, result, sizeof before);
  std::memcpy(poisoned, shadow(result), sizeof poisoned);
  *shadow(operands + byte) = 0;
  operands[byte] ^= bit;
  operation.run(operands, result);
  for (std::size_t i = 0; i < kResultBytes; ++i)
    if (((before[i] ^ result[i]) & ~poisoned[i]) != 0) return true;
  return false;
}

void examine(const char* title, const Operation* operation) {
  for (; operation->name != nullptr; ++operation) {
    Numbers numbers(5);
    int lost = 0;
    for (int i = 0; i < kTrials; ++i) lost += loses(*operation, numbers) ? 1 : 0;
    std::printf("%s %s %d %d\n", title, operation->name, lost, kTrials);
  }
}

}  // namespace

int main() {
  examine("spread", lockstep::constant_time::kSpreadOperations);
  examine("plain", lockstep::constant_time::kPlainOperations);
  std::fflush(stdout);  // MemorySanitizer may end the program before it is done by itself
  return 0;
}
