#include "crypto/openssl/schedule.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "crypto/cbc_job.h"

namespace lockstep::crypto {
namespace {

using Digest = std::array<std::uint8_t, kMaxDigest>;

const char* digest_name(Hash hash) {
  return hash == Hash::sha256 ? "SHA256" : "SHA384";
}

OSSL_PARAM octets(const char* name, Bytes bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}
OSSL_PARAM octets(const char* name, std::string_view text) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(text.data()), text.size());
}
OSSL_PARAM text(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
}

UniqueKdfContext kdf(const char* name) {
  const UniqueKdf algorithm(EVP_KDF_fetch(nullptr, name, nullptr));
  return UniqueKdfContext(algorithm == nullptr ? nullptr : EVP_KDF_CTX_new(algorithm.get()));
}

/// Runs one derivation and takes the secrets out of the context again.
bool derive(EVP_KDF_CTX* context, std::span<const OSSL_PARAM> params, MutableBytes out) {
  const bool done = EVP_KDF_derive(context, out.data(), out.size(), params.data()) == 1;
  EVP_KDF_CTX_reset(context);
  return done;
}

/// Appends a Finished message (handshake type 20) to the transcript.
void append_finished(RunningHash& transcript, Bytes verify_data) {
  const std::array<std::uint8_t, 4> header = {20, 0, 0, static_cast<std::uint8_t>(verify_data.size())};
  transcript.update(header);
  transcript.update(verify_data);
}

/// Two randoms in a row.
std::array<std::uint8_t, 64> joined(Bytes first, Bytes second) {
  std::array<std::uint8_t, 64> both{};
  std::memcpy(both.data(), first.data(), 32);
  std::memcpy(&both[32], second.data(), 32);
  return both;
}

JobStatus status_of(bool done) {
  if (done) return JobStatus::ok;
  ERR_clear_error();
  return JobStatus::engine_failed;
}

/// What a PRF's key block holds as IV: the salt of AES-GCM (RFC 5288), the whole nonce of ChaCha20 (RFC 7905).
std::size_t fixed_iv_size(Aead aead) {
  return aead == Aead::chacha20_poly1305 ? kAeadNonce : 4;
}

}  // namespace

ScheduleOperations::ScheduleOperations()
    : hkdf_(kdf(OSSL_KDF_NAME_HKDF)), tls13_(kdf(OSSL_KDF_NAME_TLS1_3_KDF)), tls1_prf_(kdf(OSSL_KDF_NAME_TLS1_PRF)) {
  const UniqueMac mac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
  if (mac != nullptr) hmac_.reset(EVP_MAC_CTX_new(mac.get()));
}

bool ScheduleOperations::ready() const {
  return hkdf_ != nullptr && tls13_ != nullptr && tls1_prf_ != nullptr && hmac_ != nullptr;
}

bool ScheduleOperations::extract(Hash hash, Bytes salt, Bytes input, MutableBytes out) {
  const std::array params = {text(OSSL_KDF_PARAM_DIGEST, digest_name(hash)), text(OSSL_KDF_PARAM_MODE, "EXTRACT_ONLY"),
                             octets(OSSL_KDF_PARAM_SALT, salt), octets(OSSL_KDF_PARAM_KEY, input),
                             OSSL_PARAM_construct_end()};
  return derive(hkdf_.get(), params, out);
}

/// HKDF-Expand-Label, RFC 8446 section 7.1.
bool ScheduleOperations::expand_label(Hash hash, Bytes secret, std::string_view label, Bytes context,
                                      MutableBytes out) {
  const std::array params = {text(OSSL_KDF_PARAM_DIGEST, digest_name(hash)),
                             text(OSSL_KDF_PARAM_MODE, "EXPAND_ONLY"),
                             octets(OSSL_KDF_PARAM_KEY, secret),
                             octets(OSSL_KDF_PARAM_PREFIX, std::string_view("tls13 ")),
                             octets(OSSL_KDF_PARAM_LABEL, label),
                             context.empty() ? OSSL_PARAM_construct_end() : octets(OSSL_KDF_PARAM_DATA, context),
                             OSSL_PARAM_construct_end()};
  return derive(tls13_.get(), params, out);
}

/// RFC 8446 section 7.3.
bool ScheduleOperations::traffic_keys(Hash hash, Bytes secret, RecordKeys& keys) {
  return expand_label(hash, secret, "key", {}, keys.key.writable(key_size(keys.aead))) &&
         expand_label(hash, secret, "iv", {}, keys.iv.writable());
}

/// RFC 8446 section 4.4.4.
bool ScheduleOperations::finished_value(Hash hash, Bytes traffic_secret, Bytes digest, MutableBytes out) {
  Secret<kMaxDigest> key;
  const std::size_t size = digest_size(hash);
  return expand_label(hash, traffic_secret, "finished", {}, key.writable(size)) &&
         hmac(hash, key.expose(size), digest, out);
}

bool ScheduleOperations::hmac(Hash hash, Bytes key, Bytes data, MutableBytes out) {
  const std::array params = {text(OSSL_MAC_PARAM_DIGEST, digest_name(hash)), OSSL_PARAM_construct_end()};
  std::size_t size = 0;
  return EVP_MAC_init(hmac_.get(), key.data(), key.size(), params.data()) == 1 &&
         EVP_MAC_update(hmac_.get(), data.data(), data.size()) == 1 &&
         EVP_MAC_final(hmac_.get(), out.data(), &size, out.size()) == 1 && size == out.size();
}

/// RFC 5246 section 5.
bool ScheduleOperations::prf(Hash hash, Bytes secret, std::string_view label, Bytes seed, MutableBytes out) {
  const std::array params = {text(OSSL_KDF_PARAM_DIGEST, digest_name(hash)), octets(OSSL_KDF_PARAM_SECRET, secret),
                             octets(OSSL_KDF_PARAM_SEED, label), octets(OSSL_KDF_PARAM_SEED, seed),
                             OSSL_PARAM_construct_end()};
  return derive(tls1_prf_.get(), params, out);
}

JobStatus ScheduleOperations::transcript(TranscriptJob& job) {
  for (std::size_t i = 0; i < job.append.size(); ++i) {
    job.transcript->update(job.append[i]);
    job.transcript->digest(MutableBytes(job.digest[i]).first(digest_size(job.transcript->hash())));
  }
  return JobStatus::ok;
}

JobStatus ScheduleOperations::tls13_server_flight(Tls13ServerFlightJob& job) {
  return status_of(flight(job));
}

bool ScheduleOperations::flight(Tls13ServerFlightJob& job) {
  const Hash hash = job.transcript->hash();
  const std::size_t size = digest_size(hash);
  const Digest zero_bytes{};
  const Bytes zeros = Bytes(zero_bytes).first(size);
  Digest empty_digest_bytes{};
  const MutableBytes empty_digest = MutableBytes(empty_digest_bytes).first(size);
  digest_of(hash, {}, empty_digest);

  Secret<kMaxDigest> early;
  Secret<kMaxDigest> derived;
  Secret<kMaxDigest> handshake;
  Secret<kMaxDigest> client_traffic;
  Secret<kMaxDigest> server_traffic;
  const Bytes hello = Bytes(job.hello_digest).first(size);
  if (!extract(hash, zeros, job.psk.empty() ? zeros : job.psk, early.writable(size)) ||
      !expand_label(hash, early.expose(size), "derived", empty_digest, derived.writable(size)) ||
      !extract(hash, derived.expose(size), job.shared_secret.empty() ? zeros : job.shared_secret,
               handshake.writable(size)) ||
      !expand_label(hash, handshake.expose(size), "c hs traffic", hello, client_traffic.writable(size)) ||
      !expand_label(hash, handshake.expose(size), "s hs traffic", hello, server_traffic.writable(size)) ||
      !traffic_keys(hash, client_traffic.expose(size), *job.client_handshake_keys) ||
      !traffic_keys(hash, server_traffic.expose(size), *job.server_handshake_keys))
    return false;

  Digest digest_bytes{};
  const MutableBytes digest = MutableBytes(digest_bytes).first(size);
  const MutableBytes server_finished = MutableBytes(job.server_finished).first(size);
  job.transcript->update(job.before_finished);
  job.transcript->digest(digest);
  if (!finished_value(hash, server_traffic.expose(size), digest, server_finished)) return false;
  append_finished(*job.transcript, server_finished);
  job.transcript->digest(digest);
  Digest client_digest_bytes{};
  const MutableBytes client_digest = MutableBytes(client_digest_bytes).first(size);
  if (job.early_data) job.transcript->update(kEndOfEarlyData);
  job.transcript->digest(client_digest);

  const MutableBytes finished_key = job.client_finished_key.writable(size);
  return expand_label(hash, client_traffic.expose(size), "finished", {}, finished_key) &&
         hmac(hash, finished_key, client_digest, job.client_finished.writable(size)) &&
         expand_label(hash, handshake.expose(size), "derived", empty_digest, derived.writable(size)) &&
         extract(hash, derived.expose(size), zeros, job.master_secret.writable(size)) &&
         expand_label(hash, job.master_secret.expose(size), "c ap traffic", digest,
                      job.client_application_secret.writable(size)) &&
         expand_label(hash, job.master_secret.expose(size), "s ap traffic", digest,
                      job.server_application_secret.writable(size)) &&
         traffic_keys(hash, job.client_application_secret.expose(size), *job.client_application_keys) &&
         traffic_keys(hash, job.server_application_secret.expose(size), *job.server_application_keys) &&
         give_out(job, client_traffic.expose(size), server_traffic.expose(size), digest);
}

bool ScheduleOperations::give_out(Tls13ServerFlightJob& job, Bytes client_traffic, Bytes server_traffic, Bytes digest) {
  if (job.secrets == nullptr) return true;
  job.secrets->client_handshake_traffic.assign(client_traffic);
  job.secrets->server_handshake_traffic.assign(server_traffic);
  return expand_label(job.transcript->hash(), job.master_secret.expose(digest.size()), "exp master", digest,
                      job.secrets->exporter_master.writable(digest.size()));
}

JobStatus ScheduleOperations::tls13_key_update(Tls13KeyUpdateJob& job) {
  const std::size_t size = digest_size(job.hash);
  Secret<kMaxDigest> next;
  const bool done = expand_label(job.hash, job.secret->expose(size), "traffic upd", {}, next.writable(size)) &&
                    traffic_keys(job.hash, next.expose(size), *job.keys);
  if (done) job.secret->assign(next.expose(size));
  return status_of(done);
}

JobStatus ScheduleOperations::tls13_binder(Tls13BinderJob& job) {
  const Hash hash = job.transcript->hash();
  const std::size_t size = digest_size(hash);
  const Digest zeros{};
  Digest digest_bytes{};
  const MutableBytes digest = MutableBytes(digest_bytes).first(size);
  digest_of(hash, {}, digest);
  Secret<kMaxDigest> early;
  Secret<kMaxDigest> binder_key;
  if (!extract(hash, Bytes(zeros).first(size), job.psk, early.writable(size)) ||
      !expand_label(hash, early.expose(size), "res binder", digest, binder_key.writable(size)))
    return status_of(false);
  job.transcript->update(job.truncated_hello);
  job.transcript->digest(digest);
  return status_of(finished_value(hash, binder_key.expose(size), digest, job.binder.writable(size)));
}

JobStatus ScheduleOperations::tls13_early_data(Tls13EarlyDataJob& job) {
  const Hash hash = job.transcript->hash();
  const std::size_t size = digest_size(hash);
  const Digest zeros{};
  Digest digest_bytes{};
  const MutableBytes digest = MutableBytes(digest_bytes).first(size);
  job.transcript->update(job.binders);
  job.transcript->digest(digest);
  Secret<kMaxDigest> early;
  Secret<kMaxDigest> traffic;
  const bool done = extract(hash, Bytes(zeros).first(size), job.psk, early.writable(size)) &&
                    expand_label(hash, early.expose(size), "c e traffic", digest, traffic.writable(size)) &&
                    traffic_keys(hash, traffic.expose(size), *job.keys);
  if (job.traffic_secret != nullptr) job.traffic_secret->assign(traffic.expose(size));
  return status_of(done);
}

JobStatus ScheduleOperations::tls13_resumption(Tls13ResumptionJob& job) {
  const std::size_t size = digest_size(job.hash);
  const MutableBytes resumption = job.resumption_secret.writable(size);
  bool done = true;
  if (job.master_secret != nullptr) {
    Digest digest_bytes{};
    const MutableBytes digest = MutableBytes(digest_bytes).first(size);
    job.transcript->update(job.client_finished);
    job.transcript->digest(digest);
    done = expand_label(job.hash, job.master_secret->expose(size), "res master", digest, resumption);
  }
  for (std::size_t i = 0; i < job.count; ++i)
    done = done && expand_label(job.hash, resumption, "resumption", job.nonces[i], job.psks[i].writable(size));
  return status_of(done);
}

JobStatus ScheduleOperations::tls13_client_finished(Tls13ClientFinishedJob& job) {
  const Hash hash = job.transcript->hash();
  const std::size_t size = digest_size(hash);
  Digest digest_bytes{};
  const MutableBytes digest = MutableBytes(digest_bytes).first(size);
  job.transcript->update(job.before_finished);
  job.transcript->digest(digest);
  return status_of(hmac(hash, job.finished_key->expose(size), digest, job.client_finished.writable(size)));
}

JobStatus ScheduleOperations::tls12_master_secret(Tls12MasterSecretJob& job) {
  return status_of((job.resumed || master_secret(job)) && key_block(job));
}

/// RFC 5246 section 8.1, RFC 7627 section 4.
bool ScheduleOperations::master_secret(Tls12MasterSecretJob& job) {
  const MutableBytes out = job.master_secret.writable();
  if (!job.extended)
    return prf(job.hash, job.premaster, "master secret", joined(job.client_random, job.server_random), out);
  Digest digest{};
  const MutableBytes session_hash = MutableBytes(digest).first(digest_size(job.transcript->hash()));
  job.transcript->digest(session_hash);
  return prf(job.hash, job.premaster, "extended master secret", session_hash, out);
}

/// RFC 5246 section 6.3.
bool ScheduleOperations::key_block(Tls12MasterSecretJob& job) {
  Secret<2 * (kMaxMac + kMaxKey)> block;
  const bool cbc = job.client_cbc_keys != nullptr;
  const std::size_t mac = cbc ? mac_size(job.client_cbc_keys->suite) : 0;
  const std::size_t key = cbc ? key_size(job.client_cbc_keys->suite) : key_size(job.client_keys->aead);
  const std::size_t iv = cbc ? 0 : fixed_iv_size(job.client_keys->aead);
  const std::size_t size = 2 * (mac + key + iv);
  if (!prf(job.hash, job.master_secret.expose(), "key expansion", joined(job.server_random, job.client_random),
           block.writable(size)))
    return false;
  Reader reader(block.expose(size));
  if (cbc) {
    job.client_cbc_keys->mac_key.assign(reader.bytes(mac));
    job.server_cbc_keys->mac_key.assign(reader.bytes(mac));
    job.client_cbc_keys->key.assign(reader.bytes(key));
    job.server_cbc_keys->key.assign(reader.bytes(key));
  } else {
    job.client_keys->key.assign(reader.bytes(key));
    job.server_keys->key.assign(reader.bytes(key));
    job.client_keys->iv.assign(reader.bytes(iv));
    job.server_keys->iv.assign(reader.bytes(iv));
  }
  return true;
}

JobStatus ScheduleOperations::tls12_finished(Tls12FinishedJob& job) {
  RunningHash& transcript = *job.transcript;
  const auto make = [&](bool server) {
    const Hash hash = transcript.hash();
    Digest bytes{};
    const MutableBytes digest = MutableBytes(bytes).first(digest_size(hash));
    transcript.digest(digest);
    return prf(hash, job.master_secret->expose(), server ? "server finished" : "client finished", digest,
               server ? job.server_finished : job.client_finished);
  };
  if (!make(job.server_first)) return status_of(false);
  append_finished(transcript, job.server_first ? job.server_finished : job.client_finished);
  transcript.update(job.between);
  return status_of(make(!job.server_first));
}

JobStatus ScheduleOperations::export_keying_material(ExportJob& job) {
  const bool fits = job.label.size() <= ExportJob::kMaxLabel && job.context.size() <= ExportJob::kMaxContext;
  return status_of(fits && (job.tls13 ? export_tls13(job) : export_tls12(job)));
}

/// RFC 8446 section 7.5: no context is the same as an empty one.
bool ScheduleOperations::export_tls13(ExportJob& job) {
  const std::size_t size = digest_size(job.hash);
  Digest digest_bytes{};
  const MutableBytes digest = MutableBytes(digest_bytes).first(size);
  digest_of(job.hash, {}, digest);
  const std::string_view label(reinterpret_cast<const char*>(job.label.data()), job.label.size());
  Secret<kMaxDigest> of_label;
  if (!expand_label(job.hash, job.secret.expose(size), label, digest, of_label.writable(size))) return false;
  digest_of(job.hash, job.context, digest);
  return expand_label(job.hash, of_label.expose(size), "exporter", digest, job.out);
}

/// RFC 5705 section 4.
bool ScheduleOperations::export_tls12(ExportJob& job) {
  const std::array<std::uint8_t, 2> length = {static_cast<std::uint8_t>(job.context.size() >> 8U),
                                              static_cast<std::uint8_t>(job.context.size() & 0xffU)};
  const std::array params = {text(OSSL_KDF_PARAM_DIGEST, digest_name(job.hash)),
                             octets(OSSL_KDF_PARAM_SECRET, job.secret.expose()),
                             octets(OSSL_KDF_PARAM_SEED, job.label),
                             octets(OSSL_KDF_PARAM_SEED, job.randoms),
                             job.has_context ? octets(OSSL_KDF_PARAM_SEED, length) : OSSL_PARAM_construct_end(),
                             octets(OSSL_KDF_PARAM_SEED, job.context),
                             OSSL_PARAM_construct_end()};
  return derive(tls1_prf_.get(), params, job.out);
}

}  // namespace lockstep::crypto
