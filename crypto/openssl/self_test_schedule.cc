// Known answers of the key schedules. Their outputs are many, so each answer is the SHA-256 of all outputs in a row; it
// was computed with an independent model of the RFCs' formulas (HMAC and SHA-2 of Python's standard library).
#include <memory>

#include "crypto/base/constant_time.h"
#include "crypto/cbc_job.h"
#include "crypto/openssl/self_test_parts.h"

namespace lockstep::crypto::self_test_parts {
namespace {

/// SHA-256 over everything that is added.
class Outputs {
 public:
  void add(Bytes bytes) { hash_.update(bytes); }
  void add(const RecordKeys& keys, std::size_t iv_size) {
    add(keys.key.expose(key_size(keys.aead)));
    add(keys.iv.expose(iv_size));
  }
  void add(const RunningHash& transcript) {
    std::array<std::uint8_t, kMaxDigest> digest{};
    transcript.digest(digest);
    add(Bytes(digest).first(digest_size(transcript.hash())));
  }
  bool are(std::string_view digest) const {
    std::array<std::uint8_t, 32> found{};
    hash_.digest(found);
    return equal(found, from_hex(digest));
  }

 private:
  RunningHash hash_{Hash::sha256};
};

struct Case {
  Hash hash;
  Aead aead;
  std::string_view answer;
};

void copy(Bytes from, MutableBytes to) {
  for (std::size_t i = 0; i < from.size() && i < to.size(); ++i) to[i] = from[i];
}

RunningHash transcript_of(Hash hash, Bytes content) {
  RunningHash transcript(hash);
  transcript.update(content);
  return transcript;
}

bool flight_is_right(Engine& engine, const Case& known) {
  const std::size_t size = digest_size(known.hash);
  std::array<RecordKeys, 4> keys;
  for (RecordKeys& each : keys) each.aead = known.aead;
  RunningHash transcript = transcript_of(known.hash, pattern(3, 100));
  const auto shared_secret = pattern(1, 32);
  const auto certificate_verify = pattern(4, 80);
  const auto job = std::make_unique<Tls13ServerFlightJob>();
  job->shared_secret = shared_secret;
  copy(pattern(2, size), job->hello_digest);
  job->transcript = &transcript;
  job->before_finished = certificate_verify;
  job->client_handshake_keys = keys.data();
  job->server_handshake_keys = &keys[1];
  job->client_application_keys = &keys[2];
  job->server_application_keys = &keys[3];
  if (!succeeds(engine, *job)) return false;
  Outputs outputs;
  for (const RecordKeys& each : keys) outputs.add(each, kAeadNonce);
  outputs.add(Bytes(job->server_finished).first(size));
  outputs.add(job->client_finished.expose(size));
  outputs.add(job->client_finished_key.expose(size));
  outputs.add(job->client_application_secret.expose(size));
  outputs.add(job->server_application_secret.expose(size));
  outputs.add(job->master_secret.expose(size));
  outputs.add(transcript);
  return outputs.are(known.answer);
}

bool key_update_is_right(Engine& engine, const Case& known) {
  const std::size_t size = digest_size(known.hash);
  Secret<kMaxDigest> secret;
  secret.assign(pattern(5, size));
  RecordKeys keys;
  keys.aead = known.aead;
  Tls13KeyUpdateJob job;
  job.hash = known.hash;
  job.secret = &secret;
  job.keys = &keys;
  if (!succeeds(engine, job)) return false;
  Outputs outputs;
  outputs.add(secret.expose(size));
  outputs.add(keys, kAeadNonce);
  return outputs.are(known.answer);
}

bool binder_is_right(Engine& engine, const Case& known) {
  const std::size_t size = digest_size(known.hash);
  RunningHash transcript = transcript_of(known.hash, pattern(3, 100));
  const auto psk = pattern(2, size);
  const auto hello = pattern(4, 300);
  Tls13BinderJob job;
  job.psk = psk;
  job.transcript = &transcript;
  job.truncated_hello = hello;
  if (!succeeds(engine, job)) return false;
  Outputs outputs;
  outputs.add(job.binder.expose(size));
  outputs.add(transcript);
  return outputs.are(known.answer);
}

bool early_data_is_right(Engine& engine, const Case& known) {
  const std::size_t size = digest_size(known.hash);
  RunningHash transcript = transcript_of(known.hash, pattern(3, 100));
  const auto psk = pattern(2, size);
  const auto binders = pattern(4, 3 + size);
  RecordKeys keys;
  keys.aead = known.aead;
  Tls13EarlyDataJob job;
  job.psk = psk;
  job.transcript = &transcript;
  job.binders = binders;
  job.keys = &keys;
  if (!succeeds(engine, job)) return false;
  Outputs outputs;
  outputs.add(keys, kAeadNonce);
  outputs.add(transcript);
  return outputs.are(known.answer);
}

bool resumption_is_right(Engine& engine, const Case& known) {
  const std::size_t size = digest_size(known.hash);
  RunningHash transcript = transcript_of(known.hash, pattern(3, 100));
  Secret<kMaxDigest> master_secret;
  master_secret.assign(pattern(1, size));
  const auto client_finished = pattern(4, 4 + size);
  Tls13ResumptionJob job;
  job.master_secret = &master_secret;
  job.transcript = &transcript;
  job.client_finished = client_finished;
  job.hash = known.hash;
  job.count = kMaxTickets;
  constexpr std::array<std::array<std::uint8_t, 2>, kMaxTickets> kNonces = {{{0, 0}, {0, 1}, {0, 2}, {0, 3}}};
  std::copy(kNonces.begin(), kNonces.end(), job.nonces.begin());
  if (!succeeds(engine, job)) return false;
  Outputs outputs;
  for (const Secret<kMaxDigest>& psk : job.psks) outputs.add(psk.expose(size));
  outputs.add(transcript);
  if (!outputs.are(known.answer)) return false;

  // From the secret that this gave.
  Tls13ResumptionJob later;
  later.hash = known.hash;
  later.resumption_secret.assign(job.resumption_secret.expose());
  later.count = 1;
  later.nonces[0] = kNonces[3];
  return succeeds(engine, later) && equal_constant_time(later.psks[0].expose(size), job.psks[3].expose(size));
}

bool client_finished_is_right(Engine& engine, const Case& known) {
  const std::size_t size = digest_size(known.hash);
  RunningHash transcript = transcript_of(known.hash, pattern(3, 100));
  Secret<kMaxDigest> key;
  key.assign(pattern(1, size));
  const auto certificate_verify = pattern(4, 300);
  Tls13ClientFinishedJob job;
  job.finished_key = &key;
  job.transcript = &transcript;
  job.before_finished = certificate_verify;
  if (!succeeds(engine, job)) return false;
  Outputs outputs;
  outputs.add(job.client_finished.expose(size));
  outputs.add(transcript);
  return outputs.are(known.answer);
}

/// A master secret job on patterns, to be run with keys of some kind.
std::unique_ptr<Tls12MasterSecretJob> master_secret_job(Hash hash, Bytes premaster, const RunningHash& transcript) {
  auto job = std::make_unique<Tls12MasterSecretJob>();
  job->hash = hash;
  job->premaster = premaster;
  job->transcript = &transcript;
  copy(pattern(2, 32), job->client_random);
  copy(pattern(3, 32), job->server_random);
  return job;
}

/// From where a master secret comes.
enum class Origin : std::uint8_t { session_hash, randoms, resumed };

bool master_secret_is_right(Engine& engine, const Case& known, Origin origin) {
  const RunningHash transcript = transcript_of(known.hash, pattern(4, 100));
  const auto premaster = pattern(1, 32);
  RecordKeys client;
  RecordKeys server;
  client.aead = server.aead = known.aead;
  const auto job = master_secret_job(known.hash, premaster, transcript);
  job->extended = origin == Origin::session_hash;
  job->resumed = origin == Origin::resumed;
  if (job->resumed) job->master_secret.assign(pattern(1, 48));
  job->client_keys = &client;
  job->server_keys = &server;
  if (!succeeds(engine, *job)) return false;
  const std::size_t iv = known.aead == Aead::chacha20_poly1305 ? kAeadNonce : 4;
  const std::size_t key = key_size(known.aead);
  Outputs outputs;
  outputs.add(job->master_secret.expose());
  outputs.add(client.key.expose(key));
  outputs.add(server.key.expose(key));
  outputs.add(client.iv.expose(iv));
  outputs.add(server.iv.expose(iv));
  return outputs.are(known.answer);
}

bool cbc_keys_are_right(Engine& engine, Hash hash, CbcSuite suite, bool extended, std::string_view answer) {
  const RunningHash transcript = transcript_of(hash, pattern(4, 100));
  const auto premaster = pattern(1, 32);
  CbcRecordKeys client;
  CbcRecordKeys server;
  client.suite = server.suite = suite;
  const auto job = master_secret_job(hash, premaster, transcript);
  job->extended = extended;
  job->client_cbc_keys = &client;
  job->server_cbc_keys = &server;
  if (!succeeds(engine, *job)) return false;
  Outputs outputs;
  outputs.add(job->master_secret.expose());
  outputs.add(client.mac_key.expose(mac_size(suite)));
  outputs.add(server.mac_key.expose(mac_size(suite)));
  outputs.add(client.key.expose(key_size(suite)));
  outputs.add(server.key.expose(key_size(suite)));
  return outputs.are(answer);
}

bool finished_is_right(Engine& engine, Hash hash, bool server_first, std::string_view answer) {
  RunningHash transcript = transcript_of(hash, pattern(4, 100));
  Secret<48> master_secret;
  master_secret.assign(pattern(1, 48));
  Tls12FinishedJob job;
  job.master_secret = &master_secret;
  job.transcript = &transcript;
  job.server_first = server_first;
  if (!succeeds(engine, job)) return false;
  Outputs outputs;
  outputs.add(job.client_finished);
  outputs.add(job.server_finished);
  return outputs.are(answer);
}

bool transcript_is_right(Engine& engine, Hash hash, std::string_view answer) {
  constexpr std::array<std::uint8_t, 3> kAbc = {'a', 'b', 'c'};  // FIPS 180-4's example
  RunningHash transcript(hash);
  TranscriptJob job;
  job.transcript = &transcript;
  job.append = {Bytes(kAbc).first(2), Bytes(kAbc).last(1)};
  return succeeds(engine, job) && equal(Bytes(job.digest[1]).first(digest_size(hash)), from_hex(answer));
}

}  // namespace

Complaint transcript(Engine& engine) {
  if (!transcript_is_right(engine, Hash::sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    return "SHA-256 transcript is wrong";
  if (!transcript_is_right(engine, Hash::sha384,
                           "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                           "8086072ba1e7cc2358baeca134c825a7"))
    return "SHA-384 transcript is wrong";
  return {};
}

Complaint tls13_server_flight(Engine& engine) {
  if (!flight_is_right(engine, {Hash::sha256, Aead::aes_128_gcm,
                                "45124491dfbe863aa0f99b712cba433569d5fb83c77e961d82774bf84258d28a"}))
    return "TLS 1.3 key schedule with SHA-256 is wrong";
  if (!flight_is_right(engine, {Hash::sha384, Aead::aes_256_gcm,
                                "9fff9656039cca113c0815b0cd0e9b19806d04cbdc29e2a862c9125c9bc90190"}))
    return "TLS 1.3 key schedule with SHA-384 is wrong";
  return {};
}

Complaint tls13_key_update(Engine& engine) {
  if (!key_update_is_right(engine, {Hash::sha256, Aead::aes_128_gcm,
                                    "290d35e0a468ae87ded4919699e77800bab816900d66d3856358b7482e8abd80"}))
    return "TLS 1.3 key update with SHA-256 is wrong";
  if (!key_update_is_right(engine, {Hash::sha384, Aead::aes_256_gcm,
                                    "88c793eddc5a0714f2d94e0456eb4daa6ff7d10a02a274e6a5d8914f4b356aa7"}))
    return "TLS 1.3 key update with SHA-384 is wrong";
  return {};
}

Complaint tls13_binder(Engine& engine) {
  if (!binder_is_right(engine, {Hash::sha256, Aead::aes_128_gcm,
                                "bbf7dab528896b88d8d34c2feec8f75096bd439842d09c228d63f1d2f477211c"}))
    return "TLS 1.3 binder with SHA-256 is wrong";
  if (!binder_is_right(engine, {Hash::sha384, Aead::aes_256_gcm,
                                "c7d2827a0aa025fb7f04536f715a66e86d1a0c88952c63fa6d6b4adab54f380c"}))
    return "TLS 1.3 binder with SHA-384 is wrong";
  return {};
}

Complaint tls13_early_data(Engine& engine) {
  if (!early_data_is_right(engine, {Hash::sha256, Aead::aes_128_gcm,
                                    "19e10adb82f89b6d4c338d0c3db124f82f93c510451436545312822f7f43eae6"}))
    return "TLS 1.3 keys of early data with SHA-256 are wrong";
  if (!early_data_is_right(engine, {Hash::sha384, Aead::aes_256_gcm,
                                    "9179012d1e8fe8b83d98dd84d4786fff72533ef553c038188e673a16c752c42b"}))
    return "TLS 1.3 keys of early data with SHA-384 are wrong";
  return {};
}

Complaint tls13_resumption(Engine& engine) {
  if (!resumption_is_right(engine, {Hash::sha256, Aead::aes_128_gcm,
                                    "86f2c9bee657e29af9a96857c485a7c621e3ad41a817919971f1271497412d9f"}))
    return "TLS 1.3 resumption with SHA-256 is wrong";
  if (!resumption_is_right(engine, {Hash::sha384, Aead::aes_256_gcm,
                                    "3be74e0bb37459d9d5be0965326f643af59989145dd7d73ac7f458df3a21f777"}))
    return "TLS 1.3 resumption with SHA-384 is wrong";
  return {};
}

Complaint tls13_client_finished(Engine& engine) {
  if (!client_finished_is_right(engine, {Hash::sha256, Aead::aes_128_gcm,
                                         "c32b1a3497459702ba84f4e8625216531b16130d2cd9ebd133a3b6de9674f384"}))
    return "TLS 1.3 Finished of a client with SHA-256 is wrong";
  if (!client_finished_is_right(engine, {Hash::sha384, Aead::aes_256_gcm,
                                         "a4dd3d15d769b7ada90f6a7e7ae754d385fa1dd312cddbd06fa27f719dc5ce25"}))
    return "TLS 1.3 Finished of a client with SHA-384 is wrong";
  return {};
}

Complaint tls12_master_secret(Engine& engine) {
  if (!master_secret_is_right(
          engine, {Hash::sha256, Aead::aes_128_gcm, "24434ac054e57f2e3bb59e53103458918c38dbc589c607db43097dcb7d9343bf"},
          Origin::session_hash) ||
      !master_secret_is_right(
          engine, {Hash::sha384, Aead::aes_256_gcm, "c33dd12a538cf7d97d2566c64bd4a9bc3296be6f1259f46fd02ebb42c3dd2e00"},
          Origin::session_hash))
    return "TLS 1.2 extended master secret is wrong";
  if (!master_secret_is_right(
          engine,
          {Hash::sha256, Aead::chacha20_poly1305, "e5d50431a687815a19a750273e4de12b9658d72302db39f5558f70c75002da06"},
          Origin::randoms))
    return "TLS 1.2 master secret is wrong";
  if (!master_secret_is_right(
          engine, {Hash::sha256, Aead::aes_128_gcm, "f1b50b696b46829713a77e8457b508c1eef32e721989c338b0bbd4108be4c526"},
          Origin::resumed))
    return "TLS 1.2 keys of a resumed session are wrong";
  if (!cbc_keys_are_right(engine, Hash::sha256, CbcSuite::aes_128_sha1, false,
                          "4336bce2192a68072a82aa300b7f7e95deaaed79e7d808a3624431c09559cd29") ||
      !cbc_keys_are_right(engine, Hash::sha256, CbcSuite::aes_256_sha256, true,
                          "c0201f9c2899bc362209f206ba7637aa1ed25bede817e90b8c7c0639e987c8b5") ||
      !cbc_keys_are_right(engine, Hash::sha384, CbcSuite::aes_256_sha384, true,
                          "ef3de912e43c4aba51ad062b8ef892b794cbc59846f7dc0183db02c49df33984"))
    return "TLS 1.2 keys of a CBC suite are wrong";
  return {};
}

Complaint tls12_finished(Engine& engine) {
  if (!finished_is_right(engine, Hash::sha256, false,
                         "053d61c96c5865bf96e41fd61d91575093a05ddf2b5e4a11bf9616c98ba2e305") ||
      !finished_is_right(engine, Hash::sha256, true,
                         "0e670e21a48387d7e41fe2f0a4d868f2ad8c24ac1e56affedc1741eec8eae74d"))
    return "TLS 1.2 Finished with SHA-256 is wrong";
  if (!finished_is_right(engine, Hash::sha384, false,
                         "b533eeb3c05fe5b206157ef7a043c2e8656b0ee63d7e80520ee518edeedaff80") ||
      !finished_is_right(engine, Hash::sha384, true,
                         "8715786bee7d94e0ae98f610d699a88b52bd87b826cd41b1ef17572e40db8efd"))
    return "TLS 1.2 Finished with SHA-384 is wrong";
  return {};
}

}  // namespace lockstep::crypto::self_test_parts
