#include "crypto/schedule/tls12.h"

#include "crypto/schedule/prf.h"

namespace lockstep::crypto {

namespace {

// The part of the nonce that comes from the key block: RFC 5288 section 3, RFC 7905 section 2.
constexpr std::size_t fixed_iv_size(Aead aead) {
  return aead == Aead::chacha20_poly1305 ? 12 : 4;
}

}  // namespace

void master_secret(Tls12MasterSecretJob& job) {
  const HmacKey premaster(job.hash, job.premaster);
  if (!job.extended) {
    prf(premaster, "master secret", job.client_random, job.server_random, job.master_secret.writable());
    return;
  }
  std::array<std::uint8_t, kMaxDigest> session_hash;
  job.transcript->digest(session_hash);
  prf(premaster, "extended master secret", Bytes(session_hash).first(digest_size(job.hash)), {},
      job.master_secret.writable());
}

void key_block(const Tls12MasterSecretJob& job) {
  const Aead aead = job.client_keys->aead;
  const std::size_t key = key_size(aead);
  const std::size_t iv = fixed_iv_size(aead);
  Secret<2 * (kMaxKey + kAeadNonce)> block;
  const MutableBytes used = block.writable(2 * (key + iv));
  prf(HmacKey(job.hash, job.master_secret.expose()), "key expansion", job.server_random, job.client_random, used);
  job.client_keys->key.assign(used.first(key));
  job.server_keys->key.assign(used.subspan(key, key));
  job.client_keys->iv.assign(used.subspan(2 * key, iv));
  job.server_keys->iv.assign(used.subspan(2 * key + iv, iv));
}

void finished(Tls12FinishedJob& job) {
  const Hash hash = job.transcript->hash();
  const HmacKey master(hash, job.master_secret->expose());
  std::array<std::uint8_t, kMaxDigest> whole;
  const Bytes digest = Bytes(whole).first(digest_size(hash));
  job.transcript->digest(whole);
  prf(master, "client finished", digest, {}, job.client_finished);

  constexpr std::array<std::uint8_t, 4> kHeader = {20, 0, 0, 12};
  job.transcript->update(kHeader);
  job.transcript->update(job.client_finished);
  job.transcript->digest(whole);
  prf(master, "server finished", digest, {}, job.server_finished);
}

}  // namespace lockstep::crypto
