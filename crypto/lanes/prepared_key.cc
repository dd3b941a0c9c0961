#include "crypto/lanes/prepared_key.h"

#include <cstring>

#include "crypto/lanes/kernels.h"

namespace lockstep::crypto::lanes {
namespace {

std::unique_ptr<PreparedKey> prepare_rsa(const KeyNumbers& numbers, unsigned bits) {
  auto prepared = std::make_unique<PreparedRsaKey>();
  const RsaNumbers pointers = {numbers.modulus.data(),
                               numbers.public_exponent,
                               numbers.prime1.expose().data(),
                               numbers.prime2.expose().data(),
                               numbers.exponent1.expose().data(),
                               numbers.exponent2.expose().data(),
                               numbers.coefficient.expose().data()};
  if (!prepare_rsa_key(&prepared->key, bits, pointers)) return nullptr;
  return prepared;
}

std::unique_ptr<PreparedKey> prepare_ed25519(const KeyNumbers& numbers) {
  auto prepared = std::make_unique<PreparedEd25519Key>();
  Ed25519Key keys[kLanes] = {};
  std::uint8_t seeds[kLanes][32] = {};
  std::memcpy(seeds[0], numbers.scalar.expose().data(), sizeof seeds[0]);
  kIfmaKernels.curve25519->ed25519_expand(keys, seeds);
  prepared->key = keys[0];
  wipe(bytes_of(keys));
  wipe(bytes_of(seeds));
  return prepared;
}

}  // namespace

void prepare_key(PrivateKey& key) {
  if (key.numbers() == nullptr || !ifma_available()) return;
  if (key.type() == KeyType::rsa) key.prepare(prepare_rsa(*key.numbers(), key.bits()));
  if (key.type() == KeyType::ed25519) key.prepare(prepare_ed25519(*key.numbers()));
}

}  // namespace lockstep::crypto::lanes
