#include "crypto/lanes/ed25519.h"

#include "crypto/lanes/clamp25519.h"
#include "crypto/lanes/edwards25519.h"
#include "crypto/lanes/scalar25519.h"
#include "crypto/lanes/sha512.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

namespace {

static_assert(kMaxEd25519Message + 128 + 17 <= HashInput::kSize);

/// SHA-512 gives words with the most significant byte first; RFC 8032 reads a digest from the least significant one.
void digest(U64x8* words, HashInput& input) {
  sha512(words, input);
  for (int i = 0; i < 8; ++i) {
    for (int lane = 0; lane < 8; ++lane) {
      const std::uint64_t word = words[i][lane];
      words[i][lane] = __builtin_bswap64(word);
    }
  }
}

}  // namespace

void ed25519_expand(Ed25519Key* keys, const std::uint8_t (*seed)[32]) {
  HashInput input;
  for (int lane = 0; lane < 8; ++lane) {
    input.size[lane] = 0;
    append(input, lane, seed[lane], 32);
  }
  U64x8 words[8];
  digest(words, input);
  Words scalar = clamp({{words[0], words[1], words[2], words[3]}});
  store_words(keys[0].scalar, sizeof(Ed25519Key), scalar);
  store_words(keys[0].prefix, sizeof(Ed25519Key), {{words[4], words[5], words[6], words[7]}});
  base_to_edwards(keys[0].public_key, sizeof(Ed25519Key), scalar);
  wipe_vectors(words, 8);
  wipe_vectors(scalar.word, 4);
}

void ed25519_sign(std::uint8_t (*signature)[64], const Ed25519Key* const* key, const std::uint8_t* const* message,
                  const std::size_t* message_size, const std::uint8_t (*noise)[32]) {
  HashInput input;
  U64x8 words[8];
  // r, the nonce.
  for (int lane = 0; lane < 8; ++lane) {
    input.size[lane] = 0;
    if (noise != nullptr) append(input, lane, noise[lane], 32);
    append(input, lane, key[lane]->prefix, 32);
    if (noise != nullptr) append_zeros(input, lane, 64);
    append(input, lane, message[lane], message_size[lane]);
  }
  digest(words, input);
  Scalar nonce = reduce_digest(words);
  Words nonce_words = to_words(nonce);
  base_to_edwards(signature[0], 64, nonce_words);
  // k, the challenge.
  std::uint8_t scalar_bytes[8][32];
  for (int lane = 0; lane < 8; ++lane) {
    input.size[lane] = 0;
    append(input, lane, signature[lane], 32);
    append(input, lane, key[lane]->public_key, 32);
    append(input, lane, message[lane], message_size[lane]);
    __builtin_memcpy(scalar_bytes[lane], key[lane]->scalar, 32);
  }
  digest(words, input);
  Scalar scalar = to_scalar(load_words(scalar_bytes));
  store_words(signature[0] + 32, 64, to_words(multiply_add(reduce_digest(words), scalar, nonce)));
  wipe_vectors(words, 8);
  wipe_vectors(nonce.digit, 5);
  wipe_vectors(nonce_words.word, 4);
  wipe_vectors(scalar.digit, 5);
  __builtin_memset(scalar_bytes, 0, sizeof scalar_bytes);
  asm volatile("" : : "r"(scalar_bytes) : "memory");
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE
