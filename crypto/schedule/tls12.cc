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
      if (job_.resumed) {
        begin_key_block(round);
        return true;
      }
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
      begin_key_block(round);
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

// RFC 5246 section 6.3: for an AEAD suite both keys and both fixed IVs, for a CBC suite both MAC keys and both keys.
void Tls12MasterSecret::begin_key_block(HashRound& round) {
  round.key(job_.hash, job_.master_secret.expose(), secret_);
  const std::size_t size = job_.client_cbc_keys != nullptr
                               ? 2 * (mac_size(job_.client_cbc_keys->suite) + key_size(job_.client_cbc_keys->suite))
                               : 2 * (key_size(job_.client_keys->aead) + fixed_iv_size(job_.client_keys->aead));
  prf_.start(job_.hash, secret_, "key expansion", job_.server_random, job_.client_random,
             MutableBytes(key_block_).first(size));
  phase_ = Phase::key_block;
}

void Tls12MasterSecret::take_keys() {
  if (job_.client_cbc_keys != nullptr) return take_cbc_keys();
  const std::size_t key = key_size(job_.client_keys->aead);
  const std::size_t iv = fixed_iv_size(job_.client_keys->aead);
  const Bytes block(key_block_);
  job_.client_keys->key.assign(block.first(key));
  job_.server_keys->key.assign(block.subspan(key, key));
  job_.client_keys->iv.assign(block.subspan(2 * key, iv));
  job_.server_keys->iv.assign(block.subspan(2 * key + iv, iv));
}

void Tls12MasterSecret::take_cbc_keys() {
  const std::size_t mac = mac_size(job_.client_cbc_keys->suite);
  const std::size_t key = key_size(job_.client_cbc_keys->suite);
  const Bytes block(key_block_);
  job_.client_cbc_keys->mac_key.assign(block.first(mac));
  job_.server_cbc_keys->mac_key.assign(block.subspan(mac, mac));
  job_.client_cbc_keys->key.assign(block.subspan(2 * mac, key));
  job_.server_cbc_keys->key.assign(block.subspan(2 * mac + key, key));
}

bool Tls12Finished::step(HashRound& round) {
  switch (phase_) {
    case Phase::begin:
      round.key(job_.transcript->hash(), job_.master_secret->expose(), master_secret_);
      round.digest(*job_.transcript, digest_);
      phase_ = Phase::first_seed;
      return true;
    case Phase::first_seed:
      start(job_.server_first);
      phase_ = Phase::first;
      [[fallthrough]];
    case Phase::first:
      if (prf_.step(round)) return true;
      append_first(round);
      phase_ = job_.between.empty() ? Phase::second_seed : Phase::between;
      return true;
    case Phase::between:
      round.append(*job_.transcript, job_.between);
      round.digest(*job_.transcript, digest_);
      phase_ = Phase::second_seed;
      return true;
    case Phase::second_seed:
      start(!job_.server_first);
      phase_ = Phase::second;
      [[fallthrough]];
    case Phase::second:
      return prf_.step(round);
  }
  return false;
}

// The message that was made first: type, a length of three bytes, verify_data.
void Tls12Finished::append_first(HashRound& round) {
  const Bytes verify_data = value(job_.server_first);
  first_message_ = {20, 0, 0, 12};
  std::memcpy(&first_message_[4], verify_data.data(), verify_data.size());
  round.append(*job_.transcript, first_message_);
  if (job_.between.empty()) round.digest(*job_.transcript, digest_);
}

// RFC 5246 section 7.4.9.
void Tls12Finished::start(bool server) {
  const Hash hash = job_.transcript->hash();
  prf_.start(hash, master_secret_, server ? "server finished" : "client finished",
             Bytes(digest_).first(digest_size(hash)), {}, value(server));
}

}  // namespace lockstep::crypto
