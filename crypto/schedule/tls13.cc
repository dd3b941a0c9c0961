#include "crypto/schedule/tls13.h"

#include "crypto/schedule/hkdf.h"

namespace lockstep::crypto {

namespace {

constexpr std::array<std::uint8_t, kMaxDigest> kZeros{};

// RFC 8446 section 7.3.
void traffic_keys(const HmacKey& traffic_secret, RecordKeys& keys) {
  hkdf_expand_label(traffic_secret, "key", {}, keys.key.writable(key_size(keys.aead)));
  hkdf_expand_label(traffic_secret, "iv", {}, keys.iv.writable());
}

// The salt of the next HKDF-Extract: Derive-Secret(secret, "derived", "").
HmacKey next_salt(Hash hash, Bytes secret, Bytes empty_digest) {
  const std::size_t size = digest_size(hash);
  Secret<kMaxDigest> derived;
  hkdf_expand_label(HmacKey(hash, secret), "derived", empty_digest.first(size), derived.writable(size));
  return {hash, derived.expose(size)};
}

HmacKey salt_without_psk(Hash hash, Bytes empty_digest) {
  const std::size_t size = digest_size(hash);
  Secret<kMaxDigest> early;
  HmacKey(hash, {}).mac({Bytes(kZeros).first(size)}, early.writable(size));
  return next_salt(hash, early.expose(size), empty_digest);
}

std::array<std::uint8_t, kMaxDigest> digest_of_nothing(Hash hash) {
  std::array<std::uint8_t, kMaxDigest> digest{};
  digest_of(hash, {}, digest);
  return digest;
}

}  // namespace

Tls13Constants::Tls13Constants(Hash hash)
    : empty_digest(digest_of_nothing(hash)), zero_salt(hash, {}), no_psk_salt(salt_without_psk(hash, empty_digest)) {}

void handshake_secret(const Tls13ServerFlightJob& job, const Tls13Constants& constants, Tls13Scratch& scratch) {
  const Hash hash = job.transcript->hash();
  const std::size_t size = digest_size(hash);
  const MutableBytes secret = scratch.secret.writable(size);
  // RFC 8446 section 7.1: a secret that is not available is a string of zeros.
  const Bytes shared_secret = job.shared_secret.empty() ? Bytes(kZeros).first(size) : job.shared_secret;
  if (job.psk.empty()) {
    constants.no_psk_salt.mac({shared_secret}, secret);
    return;
  }
  constants.zero_salt.mac({job.psk}, secret);
  next_salt(hash, secret, constants.empty_digest).mac({shared_secret}, secret);
}

void handshake_traffic(Tls13ServerFlightJob& job, const Tls13Constants& constants, Tls13Scratch& scratch) {
  const Hash hash = job.transcript->hash();
  const std::size_t size = digest_size(hash);
  const Bytes hellos = Bytes(job.hello_digest).first(size);
  Secret<kMaxDigest> derived;
  {
    const HmacKey handshake(hash, scratch.secret.expose(size));
    Secret<kMaxDigest> traffic;
    hkdf_expand_label(handshake, "c hs traffic", hellos, traffic.writable(size));
    const HmacKey client(hash, traffic.expose(size));
    hkdf_expand_label(handshake, "s hs traffic", hellos, traffic.writable(size));
    const HmacKey server(hash, traffic.expose(size));
    traffic_keys(client, *job.client_handshake_keys);
    traffic_keys(server, *job.server_handshake_keys);
    hkdf_expand_label(client, "finished", {}, scratch.client_finished_key.writable(size));
    hkdf_expand_label(server, "finished", {}, scratch.server_finished_key.writable(size));
    hkdf_expand_label(handshake, "derived", Bytes(constants.empty_digest).first(size), derived.writable(size));
  }
  HmacKey(hash, derived.expose(size)).mac({Bytes(kZeros).first(size)}, scratch.secret.writable(size));
  job.master_secret.assign(scratch.secret.expose(size));
}

void server_finished(Tls13ServerFlightJob& job, const Tls13Scratch& scratch) {
  const Hash hash = job.transcript->hash();
  const std::size_t size = digest_size(hash);
  std::array<std::uint8_t, kMaxDigest> digest;
  job.transcript->update(job.certificate_verify);
  job.transcript->digest(digest);
  const MutableBytes verify_data = MutableBytes(job.server_finished).first(size);
  HmacKey(hash, scratch.server_finished_key.expose(size)).mac({Bytes(digest).first(size)}, verify_data);

  // The Finished message (RFC 8446 section 4): type, a length of three bytes, verify_data.
  const std::array<std::uint8_t, 4> header = {20, 0, 0, static_cast<std::uint8_t>(size)};
  job.transcript->update(header);
  job.transcript->update(verify_data);
}

void application_traffic(Tls13ServerFlightJob& job, const Tls13Scratch& scratch) {
  const Hash hash = job.transcript->hash();
  const std::size_t size = digest_size(hash);
  std::array<std::uint8_t, kMaxDigest> whole;
  job.transcript->digest(whole);
  const Bytes digest = Bytes(whole).first(size);

  const HmacKey master(hash, scratch.secret.expose(size));
  hkdf_expand_label(master, "c ap traffic", digest, job.client_application_secret.writable(size));
  hkdf_expand_label(master, "s ap traffic", digest, job.server_application_secret.writable(size));
  traffic_keys(HmacKey(hash, job.client_application_secret.expose(size)), *job.client_application_keys);
  traffic_keys(HmacKey(hash, job.server_application_secret.expose(size)), *job.server_application_keys);
  HmacKey(hash, scratch.client_finished_key.expose(size)).mac({digest}, job.client_finished.writable(size));
}

void key_update(Tls13KeyUpdateJob& job) {
  const std::size_t size = digest_size(job.hash);
  const MutableBytes secret = job.secret->writable(size);
  hkdf_expand_label(HmacKey(job.hash, secret), "traffic upd", {}, secret);
  traffic_keys(HmacKey(job.hash, secret), *job.keys);
}

}  // namespace lockstep::crypto
