// Makes libcrypto's random numbers a function of a seed, so that a simulation can be replayed.
#pragma once

#include <cstdint>

namespace lockstep::sim {

/// From now on libcrypto draws from a generator with this seed; for the whole process.
void seed_libcrypto(std::uint64_t seed);

}  // namespace lockstep::sim
