// A key's numbers, out of libcrypto and back.
#pragma once

#include "crypto/job.h"
#include "crypto/openssl/handles.h"

namespace lockstep::crypto {

/// The numbers of `pkey`, a private key of `type` and `bits`; nullptr when libcrypto does not give them, or for RSA
/// with more than two primes or primes that are not half as long as the modulus.
std::unique_ptr<KeyNumbers> key_numbers(const EVP_PKEY* pkey, KeyType type, unsigned bits);

/// The public half of `key`, which has numbers, as a peer would know it.
PeerKey peer_key(const PrivateKey& key);

/// The public key `pkey` as a peer's; false when it is none that signs here (RSA of 2048 to 4096 bits and whole bytes,
/// P-256, P-384, Ed25519).
bool export_peer_key(const EVP_PKEY* pkey, PeerKey& key);

/// `key` as libcrypto has it; nullptr when it is no valid key of its type (not on the curve, an even modulus, ...).
UniquePkey import_peer_key(const PeerKey& key);

}  // namespace lockstep::crypto
