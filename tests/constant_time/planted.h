// Code that leaks on purpose, each function by one means, and the careful twin of each. They are written as kernels are
// and are compiled with the kernels, once for each instance. A check that does not find them proves nothing.
#pragma once

#include "crypto/lanes/lanes.h"

namespace lockstep::crypto::lanes {

struct PlantedKernels {
  /// All take 8 lanes of a 32-byte secret and of a 32-byte public value; each lane gives 8 bytes.
  using Function = void (*)(std::uint64_t* result, const std::uint8_t (*secret)[32], const std::uint8_t (*known)[32]);
  Function early_exit_compare;  // leaves the loop at the first byte that differs
  Function careful_compare;
  Function indexed_load;     // reads a table at an index that is secret
  Function careful_load;     // reads all of it
  Function branch_on_carry;  // branches on what leaves bit 52 of a sum of vpmadd52 products
  Function careful_carry;
  Function branch_on_mask;  // branches on whether any lane of a comparison is set
  Function careful_mask;
  Function branch_on_moved_lane;  // branches on a lane that came by a permutation
  Function careful_moved_lane;
  Function divide;  // divides by a secret: the processor's time depends on it
  Function careful_divide;
  Function secret_length;    // copies as many bytes as a secret says
  Function gathered_load;    // reads a table at eight secret indices at once
  Function library_compare;  // memcmp
};

extern const PlantedKernels kPlantedIfma;
extern const PlantedKernels kPlantedPortable;

}  // namespace lockstep::crypto::lanes
