#include "crypto/schedule/tls12.h"

namespace lockstep::crypto {

namespace {

// The part of the nonce that comes from the key block: RFC 5288 section 3, RFC 7905 section 2.
constexpr std::size_t fixed_iv_size(Aead aead) {
  return aead == Aead::chacha20_poly1305 ? 12 : 4;
}

}  // namespace

bool Tls12MasterSecret::step(HashRound& round) {
  switch (phase_) {
    case Phase::begin:
      round.key(job_.hash, job_.premaster, secret_);
      if (job_.extended) round.digest(*job_.transcript, session_hash_);
      phase_ = Phase::seed;
      return true;
    case Phase::seed:
      start_master_secret();
      phase_ = Phase::master_secret;
      [[fallthrough]];
    case Phase::master_secret:
      if (prf_.step(round)) return true;
      round.key(job_.hash, job_.master_secret.expose(), secret_);
      start_key_block();
      phase_ = Phase::key_block;
      return true;
    case Phase::key_block:
      if (prf_.step(round)) return true;
      take_keys();
  }
  return false;
}

// From the session hash (RFC 7627 section 4) or from both randoms (RFC 5246 section 8.1).
void Tls12MasterSecret::start_master_secret() {
  const MutableBytes out = job_.master_secret.writable();
  if (job_.extended) {
    const Bytes session_hash = Bytes(session_hash_).first(digest_size(job_.hash));
    prf_.start(job_.hash, secret_, "extended master secret", session_hash, {}, out);
  } else {
    prf_.start(job_.hash, secret_, "master secret", job_.client_random, job_.server_random, out);
  }
}

// RFC 5246 section 6.3 for an AEAD suite: both keys, then both fixed IVs.
void Tls12MasterSecret::start_key_block() {
  const Aead aead = job_.client_keys->aead;
  const std::size_t size = 2 * (key_size(aead) + fixed_iv_size(aead));
  prf_.start(job_.hash, secret_, "key expansion", job_.server_random, job_.client_random,
             MutableBytes(key_block_).first(size));
}

void Tls12MasterSecret::take_keys() {
  const std::size_t key = key_size(job_.client_keys->aead);
  const std::size_t iv = fixed_iv_size(job_.client_keys->aead);
  const Bytes block(key_block_);
  job_.client_keys->key.assign(block.first(key));
  job_.server_keys->key.assign(block.subspan(key, key));
  job_.client_keys->iv.assign(block.subspan(2 * key, iv));
  job_.server_keys->iv.assign(block.subspan(2 * key + iv, iv));
}

bool Tls12Finished::step(HashRound& round) {
  switch (phase_) {
    case Phase::begin:
      round.key(job_.transcript->hash(), job_.master_secret->expose(), master_secret_);
      round.digest(*job_.transcript, digest_);
      phase_ = Phase::client_seed;
      return true;
    case Phase::client_seed:
      start("client finished", job_.client_finished);
      phase_ = Phase::client;
      [[fallthrough]];
    case Phase::client:
      if (prf_.step(round)) return true;
      // The client's Finished message: type, a length of three bytes, verify_data.
      client_finished_message_ = {20, 0, 0, 12};
      std::memcpy(&client_finished_message_[4], job_.client_finished.data(), job_.client_finished.size());
      round.append(*job_.transcript, client_finished_message_);
      round.digest(*job_.transcript, digest_);
      phase_ = Phase::server_seed;
      return true;
    case Phase::server_seed:
      start("server finished", job_.server_finished);
      phase_ = Phase::server;
      [[fallthrough]];
    case Phase::server:
      return prf_.step(round);
  }
  return false;
}

// RFC 5246 section 7.4.9.
void Tls12Finished::start(std::string_view label, MutableBytes out) {
  const Hash hash = job_.transcript->hash();
  prf_.start(hash, master_secret_, label, Bytes(digest_).first(digest_size(hash)), {}, out);
}

}  // namespace lockstep::crypto
