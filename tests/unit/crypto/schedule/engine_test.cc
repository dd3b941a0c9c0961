// The engine's jobs against the same schedules put together from libcrypto's functions.
#include "crypto/schedule/schedule_engine.h"

#include <gtest/gtest.h>

#include "crypto/base/random.h"
#include "crypto/cbc_job.h"
#include "tests/unit/crypto/schedule/reference.h"

namespace lockstep::crypto {
namespace {

using Buffer = std::vector<std::uint8_t>;
using reference::expand_label;
using reference::extract;

Buffer bytes(Bytes view) {
  return {view.begin(), view.end()};
}

Buffer joined(Bytes a, Bytes b) {
  Buffer all = bytes(a);
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

Buffer random_bytes(Random& random, std::size_t size) {
  Buffer out(size);
  random.fill(out);
  return out;
}

Buffer digest(const RunningHash& running) {
  Buffer out(digest_size(running.hash()));
  running.digest(out);
  return out;
}

Buffer hmac(Hash hash, Bytes key, Bytes message) {
  return extract(hash, key, message);
}

void run(Job& job) {
  ScheduleEngine engine;
  ASSERT_TRUE(engine.supports(job_class(job)));
  job.status = JobStatus::waiting;
  Job* const pointer = &job;
  JobList done;
  engine.run(std::span<Job* const>(&pointer, 1), done);
  ASSERT_EQ(done.pop(), &job);
  ASSERT_EQ(job.status, JobStatus::ok);
}

void expect_tls13_keys(Hash hash, Bytes secret, const RecordKeys& keys) {
  const std::size_t size = key_size(keys.aead);
  EXPECT_EQ(bytes(keys.key.expose(size)), expand_label(hash, secret, "key", {}, size));
  EXPECT_EQ(bytes(keys.iv.expose()), expand_label(hash, secret, "iv", {}, 12));
}

struct SuiteCase {
  Hash hash;
  Aead aead;
  bool psk;
};

std::string suite_name(const testing::TestParamInfo<SuiteCase>& suite) {
  const char* const aead = suite.param.aead == Aead::aes_128_gcm   ? "Aes128Gcm"
                           : suite.param.aead == Aead::aes_256_gcm ? "Aes256Gcm"
                                                                   : "Chacha20Poly1305";
  return std::string(aead) + reference::name(suite.param.hash) + (suite.param.psk ? "Psk" : "");
}

class ServerFlight : public testing::TestWithParam<SuiteCase> {};
INSTANTIATE_TEST_SUITE_P(Suites, ServerFlight,
                         testing::Values(SuiteCase{Hash::sha256, Aead::aes_128_gcm, false},
                                         SuiteCase{Hash::sha256, Aead::chacha20_poly1305, true},
                                         SuiteCase{Hash::sha384, Aead::aes_256_gcm, false},
                                         SuiteCase{Hash::sha384, Aead::aes_256_gcm, true}),
                         suite_name);

TEST_P(ServerFlight, AgreesWithLibcryptoOnRandomHandshakes) {
  const auto [hash, aead, with_psk] = GetParam();
  const std::size_t size = digest_size(hash);
  Random random = Random::from_number(1);
  for (int i = 0; i < 50; ++i) {
    const Buffer shared_secret = random_bytes(random, 32 + 16 * random.below(2));
    const Buffer psk = with_psk ? random_bytes(random, size) : Buffer();
    const Buffer hello_digest = random_bytes(random, size);
    const Buffer messages = random_bytes(random, random.below(3000));
    const Buffer certificate_verify = with_psk ? Buffer() : random_bytes(random, 80 + random.below(500));
    RunningHash transcript(hash);
    transcript.update(messages);
    RecordKeys client_handshake;
    RecordKeys server_handshake;
    RecordKeys client_application;
    RecordKeys server_application;
    for (RecordKeys* const keys : {&client_handshake, &server_handshake, &client_application, &server_application})
      keys->aead = aead;
    Tls13ServerFlightJob job;
    job.shared_secret = shared_secret;
    job.psk = psk;
    std::copy(hello_digest.begin(), hello_digest.end(), job.hello_digest.begin());
    job.transcript = &transcript;
    job.before_finished = certificate_verify;
    job.early_data = i % 2 == 1;
    job.client_handshake_keys = &client_handshake;
    job.server_handshake_keys = &server_handshake;
    job.client_application_keys = &client_application;
    job.server_application_keys = &server_application;
    run(job);

    // RFC 8446 section 7.1, line by line.
    const Buffer zeros(size, 0);
    const Buffer nothing = reference::hash_of(hash, {});
    const Buffer early = extract(hash, zeros, with_psk ? psk : zeros);
    const Buffer handshake = extract(hash, expand_label(hash, early, "derived", nothing, size), shared_secret);
    const Buffer client_hs = expand_label(hash, handshake, "c hs traffic", hello_digest, size);
    const Buffer server_hs = expand_label(hash, handshake, "s hs traffic", hello_digest, size);
    const Buffer master = extract(hash, expand_label(hash, handshake, "derived", nothing, size), zeros);
    const Buffer before_finished = joined(messages, certificate_verify);
    const Buffer server_finished =
        hmac(hash, expand_label(hash, server_hs, "finished", {}, size), reference::hash_of(hash, {before_finished}));
    const Buffer header = {20, 0, 0, static_cast<std::uint8_t>(size)};
    const Buffer flight_digest = reference::hash_of(hash, {before_finished, header, server_finished});

    EXPECT_EQ(bytes(Bytes(job.server_finished).first(size)), server_finished);
    const Buffer end_of_early_data = job.early_data ? Buffer{5, 0, 0, 0} : Buffer();
    const Buffer client_digest =
        reference::hash_of(hash, {before_finished, header, server_finished, end_of_early_data});
    EXPECT_EQ(digest(transcript), client_digest);
    EXPECT_EQ(bytes(job.client_finished.expose(size)),
              hmac(hash, expand_label(hash, client_hs, "finished", {}, size), client_digest));
    EXPECT_EQ(bytes(job.client_finished_key.expose(size)), expand_label(hash, client_hs, "finished", {}, size));
    EXPECT_EQ(bytes(job.master_secret.expose(size)), master);
    const Buffer client_ap = expand_label(hash, master, "c ap traffic", flight_digest, size);
    const Buffer server_ap = expand_label(hash, master, "s ap traffic", flight_digest, size);
    EXPECT_EQ(bytes(job.client_application_secret.expose(size)), client_ap);
    EXPECT_EQ(bytes(job.server_application_secret.expose(size)), server_ap);
    expect_tls13_keys(hash, client_hs, client_handshake);
    expect_tls13_keys(hash, server_hs, server_handshake);
    expect_tls13_keys(hash, client_ap, client_application);
    expect_tls13_keys(hash, server_ap, server_application);
  }
}

TEST(KeyUpdate, ReplacesSecretAndKeys) {
  Random random = Random::from_number(2);
  for (const Hash hash : {Hash::sha256, Hash::sha384}) {
    const Buffer old = random_bytes(random, digest_size(hash));
    Secret<kMaxDigest> secret;
    secret.assign(old);
    RecordKeys keys;
    keys.aead = Aead::aes_256_gcm;
    Tls13KeyUpdateJob job;
    job.hash = hash;
    job.secret = &secret;
    job.keys = &keys;
    run(job);
    const Buffer next = expand_label(hash, old, "traffic upd", {}, digest_size(hash));
    EXPECT_EQ(bytes(secret.expose(digest_size(hash))), next);
    expect_tls13_keys(hash, next, keys);
  }
}

TEST(Binder, AgreesWithLibcryptoOnRandomHellos) {
  Random random = Random::from_number(5);
  for (int i = 0; i < 100; ++i) {
    const Hash hash = i % 2 == 0 ? Hash::sha256 : Hash::sha384;
    const std::size_t size = digest_size(hash);
    const Buffer psk = random_bytes(random, size);
    const Buffer before = random_bytes(random, random.below(300));
    const Buffer hello = random_bytes(random, random.below(3000));
    RunningHash transcript(hash);
    transcript.update(before);
    Tls13BinderJob job;
    job.psk = psk;
    job.transcript = &transcript;
    job.truncated_hello = hello;
    run(job);

    const Buffer early = extract(hash, Buffer(size, 0), psk);
    const Buffer binder_key = expand_label(hash, early, "res binder", reference::hash_of(hash, {}), size);
    const Buffer whole = reference::hash_of(hash, {before, hello});
    EXPECT_EQ(bytes(job.binder.expose(size)), hmac(hash, expand_label(hash, binder_key, "finished", {}, size), whole));
    EXPECT_EQ(digest(transcript), whole);
  }
}

TEST(ClientFinished, AuthenticatesEverythingUpToTheLastMessage) {
  Random random = Random::from_number(7);
  for (int i = 0; i < 100; ++i) {
    const Hash hash = i % 2 == 0 ? Hash::sha256 : Hash::sha384;
    const std::size_t size = digest_size(hash);
    const Buffer before = random_bytes(random, random.below(5000));
    const Buffer last = random_bytes(random, random.below(600));
    Secret<kMaxDigest> key;
    random.fill(key.writable(size));
    RunningHash transcript(hash);
    transcript.update(before);
    Tls13ClientFinishedJob job;
    job.finished_key = &key;
    job.transcript = &transcript;
    job.before_finished = last;
    run(job);
    const Buffer whole = reference::hash_of(hash, {before, last});
    EXPECT_EQ(bytes(job.client_finished.expose(size)), hmac(hash, bytes(key.expose(size)), whole));
    EXPECT_EQ(digest(transcript), whole);
  }
}

TEST(EarlyData, AgreesWithLibcryptoOnRandomHellos) {
  Random random = Random::from_number(7);
  for (int i = 0; i < 100; ++i) {
    const Hash hash = i % 2 == 0 ? Hash::sha256 : Hash::sha384;
    const std::size_t size = digest_size(hash);
    const Buffer psk = random_bytes(random, size);
    const Buffer before = random_bytes(random, random.below(3000));
    const Buffer binders = random_bytes(random, random.below(200));
    RunningHash transcript(hash);
    transcript.update(before);
    RecordKeys keys;
    keys.aead = static_cast<Aead>(i % 3);
    Tls13EarlyDataJob job;
    job.psk = psk;
    job.transcript = &transcript;
    job.binders = binders;
    job.keys = &keys;
    run(job);

    const Buffer early = extract(hash, Buffer(size, 0), psk);
    const Buffer whole = reference::hash_of(hash, {before, binders});
    expect_tls13_keys(hash, expand_label(hash, early, "c e traffic", whole, size), keys);
    EXPECT_EQ(digest(transcript), whole);
  }
}

TEST(Resumption, MakesAsManyPsksAsAreWanted) {
  Random random = Random::from_number(6);
  for (const Hash hash : {Hash::sha256, Hash::sha384}) {
    for (std::uint8_t count = 1; count <= kMaxTickets; ++count) {
      const std::size_t size = digest_size(hash);
      const Buffer master = random_bytes(random, size);
      const Buffer before = random_bytes(random, 1000);
      const Buffer finished = random_bytes(random, 4 + size);
      Secret<kMaxDigest> secret;
      secret.assign(master);
      RunningHash transcript(hash);
      transcript.update(before);
      Tls13ResumptionJob job;
      job.master_secret = &secret;
      job.transcript = &transcript;
      job.client_finished = finished;
      job.hash = hash;
      job.count = count;
      std::array<Buffer, kMaxTickets> nonces;
      for (std::uint8_t i = 0; i < count; ++i) {
        nonces[i] = random_bytes(random, i == 0 ? 2 : random.below(256));
        job.nonces[i] = nonces[i];
      }
      run(job);

      const Buffer whole = reference::hash_of(hash, {before, finished});
      const Buffer resumption = expand_label(hash, master, "res master", whole, size);
      EXPECT_EQ(digest(transcript), whole);
      for (std::uint8_t i = 0; i < kMaxTickets; ++i) {
        const Buffer psk = i < count ? expand_label(hash, resumption, "resumption", nonces[i], size) : Buffer(size, 0);
        EXPECT_EQ(bytes(job.psks[i].expose(size)), psk);
      }
      EXPECT_EQ(bytes(job.resumption_secret.expose(size)), resumption);
    }
  }
}

TEST(Resumption, MakesThePskOfATicketWithAnyNonceFromTheSecretThatWasKept) {
  Random random = Random::from_number(7);
  for (const Hash hash : {Hash::sha256, Hash::sha384}) {
    const std::size_t size = digest_size(hash);
    for (std::size_t nonce_size = 0; nonce_size < 256; ++nonce_size) {
      const Buffer nonce = random_bytes(random, nonce_size);
      const Buffer resumption = random_bytes(random, size);
      Tls13ResumptionJob job;
      job.hash = hash;
      job.resumption_secret.assign(resumption);
      job.count = 1;
      job.nonces[0] = nonce;
      run(job);
      EXPECT_EQ(bytes(job.psks[0].expose(size)), expand_label(hash, resumption, "resumption", nonce, size));
    }
  }
}

class MasterSecret : public testing::TestWithParam<SuiteCase> {};
INSTANTIATE_TEST_SUITE_P(Suites, MasterSecret,
                         testing::Values(SuiteCase{Hash::sha256, Aead::aes_128_gcm, false},
                                         SuiteCase{Hash::sha256, Aead::chacha20_poly1305, false},
                                         SuiteCase{Hash::sha384, Aead::aes_256_gcm, false}),
                         suite_name);

TEST_P(MasterSecret, AgreesWithLibcryptoOnRandomHandshakes) {
  const auto [hash, aead, with_psk] = GetParam();
  Random random = Random::from_number(3);
  for (int i = 0; i < 100; ++i) {
    const Buffer premaster = random_bytes(random, 32 + 16 * random.below(2));
    const Buffer messages = random_bytes(random, random.below(3000));
    RunningHash transcript(hash);
    transcript.update(messages);
    RecordKeys client;
    RecordKeys server;
    client.aead = server.aead = aead;
    Tls12MasterSecretJob job;
    job.hash = hash;
    job.premaster = premaster;
    job.extended = i % 2 == 0;
    job.transcript = &transcript;
    random.fill(job.client_random);
    random.fill(job.server_random);
    job.client_keys = &client;
    job.server_keys = &server;
    run(job);

    const Buffer master =
        job.extended
            ? reference::prf(hash, premaster, "extended master secret", reference::hash_of(hash, {messages}), 48)
            : reference::prf(hash, premaster, "master secret", joined(job.client_random, job.server_random), 48);
    EXPECT_EQ(bytes(job.master_secret.expose()), master);
    const std::size_t key = key_size(aead);
    const std::size_t iv = aead == Aead::chacha20_poly1305 ? 12 : 4;
    const Buffer block =
        reference::prf(hash, master, "key expansion", joined(job.server_random, job.client_random), 2 * (key + iv));
    EXPECT_EQ(joined(client.key.expose(key), server.key.expose(key)), bytes(Bytes(block).first(2 * key)));
    EXPECT_EQ(joined(client.iv.expose(iv), server.iv.expose(iv)), bytes(Bytes(block).subspan(2 * key)));
  }
}

TEST(MasterSecretWithoutExtension, NeedsNoTranscript) {
  RecordKeys keys[2];
  const Buffer premaster(48, 3);
  Tls12MasterSecretJob job;
  job.premaster = premaster;
  job.extended = false;
  job.client_keys = &keys[0];
  job.server_keys = &keys[1];
  run(job);
  EXPECT_EQ(bytes(job.master_secret.expose()),
            reference::prf(Hash::sha256, premaster, "master secret", Buffer(64, 0), 48));
}

TEST(MasterSecretOfAResumedSession, IsKeptAndGivesNewKeys) {
  Random random = Random::from_number(5);
  const Buffer master = random_bytes(random, 48);
  RecordKeys keys[2];
  Tls12MasterSecretJob job;
  job.resumed = true;
  job.master_secret.assign(master);
  random.fill(job.client_random);
  random.fill(job.server_random);
  job.client_keys = &keys[0];
  job.server_keys = &keys[1];
  run(job);
  EXPECT_EQ(bytes(job.master_secret.expose()), master);
  const Buffer block =
      reference::prf(Hash::sha256, master, "key expansion", joined(job.server_random, job.client_random), 40);
  EXPECT_EQ(joined(keys[0].key.expose(16), keys[1].key.expose(16)), bytes(Bytes(block).first(32)));
  EXPECT_EQ(joined(keys[0].iv.expose(4), keys[1].iv.expose(4)), bytes(Bytes(block).last(8)));
}

// RFC 5246 section 6.3: MAC keys, then cipher keys, and no IVs.
TEST(KeysOfCbcSuites, AgreeWithLibcrypto) {
  Random random = Random::from_number(6);
  for (std::size_t i = 0; i < 4 * kCbcSuites; ++i) {
    const auto suite = static_cast<CbcSuite>(i % kCbcSuites);
    const Hash hash = suite == CbcSuite::aes_256_sha384 ? Hash::sha384 : Hash::sha256;
    const Buffer premaster = random_bytes(random, 48);
    CbcRecordKeys client;
    CbcRecordKeys server;
    client.suite = server.suite = suite;
    Tls12MasterSecretJob job;
    job.hash = hash;
    job.premaster = premaster;
    job.extended = false;
    random.fill(job.client_random);
    random.fill(job.server_random);
    job.client_cbc_keys = &client;
    job.server_cbc_keys = &server;
    run(job);
    const std::size_t mac = mac_size(suite);
    const std::size_t key = key_size(suite);
    const Buffer block = reference::prf(hash, job.master_secret.expose(), "key expansion",
                                        joined(job.server_random, job.client_random), 2 * (mac + key));
    EXPECT_EQ(joined(client.mac_key.expose(mac), server.mac_key.expose(mac)), bytes(Bytes(block).first(2 * mac)));
    EXPECT_EQ(joined(client.key.expose(key), server.key.expose(key)), bytes(Bytes(block).subspan(2 * mac)));
  }
}

TEST(Tls12Finished, CoversTheClientsFinishedInTheServers) {
  Random random = Random::from_number(4);
  for (const Hash hash : {Hash::sha256, Hash::sha384}) {
    const Buffer master = random_bytes(random, 48);
    const Buffer messages = random_bytes(random, 1000);
    Secret<48> secret;
    secret.assign(master);
    RunningHash transcript(hash);
    transcript.update(messages);
    Tls12FinishedJob job;
    job.master_secret = &secret;
    job.transcript = &transcript;
    run(job);

    const Buffer client = reference::prf(hash, master, "client finished", reference::hash_of(hash, {messages}), 12);
    EXPECT_EQ(bytes(job.client_finished), client);
    const Buffer header = {20, 0, 0, 12};
    const Buffer whole = reference::hash_of(hash, {messages, header, client});
    EXPECT_EQ(digest(transcript), whole);
    EXPECT_EQ(bytes(job.server_finished), reference::prf(hash, master, "server finished", whole, 12));
  }
}

// RFC 5077 section 3.3.
TEST(Tls12Finished, CoversTheTicketInTheSecond) {
  Random random = Random::from_number(8);
  for (const Hash hash : {Hash::sha256, Hash::sha384}) {
    const Buffer messages = random_bytes(random, 1000);
    const Buffer ticket = random_bytes(random, 250);
    Secret<48> secret;
    RunningHash transcript(hash);
    transcript.update(messages);
    Tls12FinishedJob job;
    job.master_secret = &secret;
    job.transcript = &transcript;
    job.between = ticket;
    run(job);

    const Buffer zeros(48, 0);
    const Buffer client = reference::prf(hash, zeros, "client finished", reference::hash_of(hash, {messages}), 12);
    EXPECT_EQ(bytes(job.client_finished), client);
    const Buffer header = {20, 0, 0, 12};
    const Buffer whole = reference::hash_of(hash, {messages, header, client, ticket});
    EXPECT_EQ(digest(transcript), whole);
    EXPECT_EQ(bytes(job.server_finished), reference::prf(hash, zeros, "server finished", whole, 12));
  }
}

TEST(Tls12Finished, CoversTheServersFinishedInTheClientsWhenAbbreviated) {
  Random random = Random::from_number(7);
  for (const Hash hash : {Hash::sha256, Hash::sha384}) {
    const Buffer master = random_bytes(random, 48);
    const Buffer messages = random_bytes(random, 300);
    Secret<48> secret;
    secret.assign(master);
    RunningHash transcript(hash);
    transcript.update(messages);
    Tls12FinishedJob job;
    job.master_secret = &secret;
    job.transcript = &transcript;
    job.server_first = true;
    run(job);

    const Buffer server = reference::prf(hash, master, "server finished", reference::hash_of(hash, {messages}), 12);
    EXPECT_EQ(bytes(job.server_finished), server);
    const Buffer header = {20, 0, 0, 12};
    const Buffer whole = reference::hash_of(hash, {messages, header, server});
    EXPECT_EQ(digest(transcript), whole);
    EXPECT_EQ(bytes(job.client_finished), reference::prf(hash, master, "client finished", whole, 12));
  }
}

TEST(Transcript, ReadsTheDigestAfterEachPiece) {
  const Buffer first = {1, 2, 3};
  const Buffer second = {4, 5};
  for (const Hash hash : {Hash::sha256, Hash::sha384}) {
    RunningHash transcript(hash);
    TranscriptJob job;
    job.transcript = &transcript;
    job.append = {Bytes(first), Bytes(second)};
    run(job);
    const std::size_t size = digest_size(hash);
    EXPECT_EQ(bytes(Bytes(job.digest[0]).first(size)), reference::hash_of(hash, {first}));
    EXPECT_EQ(bytes(Bytes(job.digest[1]).first(size)), reference::hash_of(hash, {first, second}));
    EXPECT_EQ(digest(transcript), reference::hash_of(hash, {first, second}));
  }
}

TEST(Transcript, EmptyPieceAppendsNothing) {
  const Buffer second = {4, 5};
  RunningHash transcript;
  TranscriptJob job;
  job.transcript = &transcript;
  job.append = {Bytes(), Bytes(second)};
  run(job);
  EXPECT_EQ(bytes(Bytes(job.digest[0]).first(32)), reference::hash_of(Hash::sha256, {}));
  EXPECT_EQ(bytes(Bytes(job.digest[1]).first(32)), reference::hash_of(Hash::sha256, {second}));
  job.append = {};
  job.digest = {};
  run(job);
  EXPECT_EQ(job.digest[0], job.digest[1]);
  EXPECT_EQ(bytes(Bytes(job.digest[0]).first(32)), reference::hash_of(Hash::sha256, {second}));
}

TEST(ScheduleEngine, ServesWhatIsMadeOfHashesAndNothingElse) {
  const ScheduleEngine engine;
  for (const JobClass kind :
       {JobClass::key_share_x25519, JobClass::derive_p256, JobClass::sign_p256, JobClass::seal, JobClass::open})
    EXPECT_FALSE(engine.supports(kind)) << name(kind);
}

TEST(ScheduleEngine, FailsAJobOfAnotherKind) {
  ScheduleEngine engine;
  DeriveJob job;
  Job* const pointer = &job;
  JobList done;
  engine.run(std::span<Job* const>(&pointer, 1), done);
  EXPECT_EQ(done.pop(), &job);
  EXPECT_EQ(job.status, JobStatus::engine_failed);
}

}  // namespace
}  // namespace lockstep::crypto
