// A parser with a mistake in it: a length that is believed. Fuzzing has to find it, or it finds nothing anywhere.
#include "tests/fuzz/fuzzer.h"

namespace lockstep {

void run_one(Bytes bytes) {
  Reader reader(bytes);
  if (reader.u16() != 0x1603 || reader.u8() != 1) return;
  const std::uint16_t claimed = reader.u16();
  if (claimed < 4 || reader.remaining() == 0) return;
  std::vector<std::uint8_t> copy(reader.remaining());
  std::copy_n(reader.rest().begin(), claimed, copy.begin());
}

}  // namespace lockstep

LOCKSTEP_FUZZER(lockstep::run_one)
