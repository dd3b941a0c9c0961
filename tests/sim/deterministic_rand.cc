#define OPENSSL_SUPPRESS_DEPRECATED  // a random method is the simplest way in, and deprecated
#include "tests/sim/deterministic_rand.h"

#include <openssl/rand.h>

#include <optional>

#include "crypto/base/random.h"

namespace lockstep::sim {

namespace {

std::optional<Random>& generator() {
  static std::optional<Random> made;
  return made;
}

int bytes(unsigned char* out, int size) {
  generator()->fill({out, static_cast<std::size_t>(size)});
  return 1;
}

}  // namespace

void seed_libcrypto(std::uint64_t seed) {
  std::uint8_t key[32]{};
  for (int i = 0; i < 8; ++i) key[i] = static_cast<std::uint8_t>(seed >> (8 * i));
  generator().emplace(Bytes(key));
  static RAND_METHOD method{};
  method.bytes = bytes;
  method.pseudorand = bytes;
  method.status = [] { return 1; };
  RAND_set_rand_method(&method);
}

}  // namespace lockstep::sim
