// The key schedules: RFC 8448's trace on both engines, and the project's own engine against libcrypto.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "crypto/cbc_job.h"
#include "crypto/openssl/engine.h"
#include "crypto/schedule/schedule_engine.h"
#include "tests/support/vectors.h"
#include "tests/unit/crypto/openssl/support.h"

namespace lockstep::crypto::test {
namespace {

using lockstep::test::hex;
using Buffer = std::vector<std::uint8_t>;

/// Outputs of a job in a row, to be compared as a whole.
class Outputs {
 public:
  Outputs& add(Bytes bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Outputs& add(const RecordKeys& keys, std::size_t iv_size = kAeadNonce) {
    return add(keys.key.expose(key_size(keys.aead))).add(keys.iv.expose(iv_size));
  }
  Outputs& add(const RunningHash& transcript) {
    Buffer digest(digest_size(transcript.hash()));
    transcript.digest(digest);
    return add(digest);
  }
  bool operator==(const Outputs&) const = default;
  friend void PrintTo(const Outputs& outputs, std::ostream* out) { *out << lockstep::test::to_hex(outputs.bytes_); }

 private:
  Buffer bytes_;
};

struct FlightCase {
  Hash hash = Hash::sha256;
  Aead aead = Aead::aes_128_gcm;
  Buffer shared_secret, psk, hello_digest, transcript, certificate_verify;
};

struct Flight {
  Flight(Engine& engine, const FlightCase& input) : transcript(input.hash) {
    for (RecordKeys& each : keys) each.aead = input.aead;
    transcript.update(input.transcript);
    job.shared_secret = input.shared_secret;
    job.psk = input.psk;
    std::copy(input.hello_digest.begin(), input.hello_digest.end(), job.hello_digest.begin());
    job.transcript = &transcript;
    job.before_finished = input.certificate_verify;
    job.client_handshake_keys = keys.data();
    job.server_handshake_keys = &keys[1];
    job.client_application_keys = &keys[2];
    job.server_application_keys = &keys[3];
    EXPECT_EQ(run_one(engine, job), JobStatus::ok);
  }
  Outputs outputs() const {
    const std::size_t size = digest_size(transcript.hash());
    Outputs all;
    for (const RecordKeys& each : keys) all.add(each);
    return all.add(Bytes(job.server_finished).first(size))
        .add(job.client_finished.expose(size))
        .add(job.client_finished_key.expose(size))
        .add(job.client_application_secret.expose(size))
        .add(job.server_application_secret.expose(size))
        .add(job.master_secret.expose(size))
        .add(transcript);
  }
  RunningHash transcript;
  std::array<RecordKeys, 4> keys;
  Tls13ServerFlightJob job;
};

/// The values of one step of RFC 8448's section 3, by name.
std::map<std::string, Buffer> step(const nlohmann::json& file, const std::string& role, const std::string& name) {
  for (const auto& section : file["sections"]) {
    if (section["title"] != "Simple 1-RTT Handshake") continue;
    for (const auto& each : section["steps"]) {
      if (each["role"] != role || each["step"] != name) continue;
      std::map<std::string, Buffer> values;
      for (const auto& value : each["values"]) values[value["name"].get<std::string>()] = hex(value["hex"]);
      return values;
    }
  }
  ADD_FAILURE() << "no step " << name;
  return {};
}

void append(Buffer& to, const Buffer& more) {
  to.insert(to.end(), more.begin(), more.end());
}

void expect_keys(const RecordKeys& keys, std::map<std::string, Buffer> expected) {
  EXPECT_EQ(copy_of(keys.key.expose(16)), expected["key expanded"]);
  EXPECT_EQ(copy_of(keys.iv.expose()), expected["iv expanded"]);
}

class Schedule : public testing::TestWithParam<const char*> {
 protected:
  Schedule() {
    if (std::string_view(GetParam()) == "libcrypto") engine_ = make_openssl_engine(random_);
  }
  Random random_ = Random::from_number(5);
  std::unique_ptr<Engine> engine_ = std::make_unique<ScheduleEngine>();
};

TEST_P(Schedule, IsRfc8448Section3) {
  const nlohmann::json json = lockstep::test::own_vectors("rfc8448.json");
  FlightCase input;
  input.shared_secret = step(json, "server", "extract secret \"handshake\"")["IKM"];
  input.hello_digest = step(json, "server", "derive secret \"tls13 c hs traffic\"")["hash"];
  append(input.transcript, step(json, "client", "construct a ClientHello handshake message")["ClientHello"]);
  append(input.transcript, step(json, "server", "construct a ServerHello handshake message")["ServerHello"]);
  append(input.transcript,
         step(json, "server", "construct an EncryptedExtensions handshake message")["EncryptedExtensions"]);
  append(input.transcript, step(json, "server", "construct a Certificate handshake message")["Certificate"]);
  input.certificate_verify =
      step(json, "server", "construct a CertificateVerify handshake message")["CertificateVerify"];
  const Flight flight(*engine_, input);
  EXPECT_EQ(copy_of(Bytes(flight.job.server_finished).first(32)),
            step(json, "server", "calculate finished \"tls13 finished\"")["finished"]);
  EXPECT_EQ(copy_of(flight.job.client_finished.expose(32)),
            step(json, "client", "calculate finished \"tls13 finished\"")["finished"]);
  EXPECT_EQ(copy_of(flight.job.client_application_secret.expose(32)),
            step(json, "server", "derive secret \"tls13 c ap traffic\"")["expanded"]);
  EXPECT_EQ(copy_of(flight.job.server_application_secret.expose(32)),
            step(json, "server", "derive secret \"tls13 s ap traffic\"")["expanded"]);
  EXPECT_EQ(copy_of(flight.job.master_secret.expose(32)), step(json, "server", "extract secret \"master\"")["secret"]);
  expect_keys(flight.keys[0], step(json, "server", "derive read traffic keys for handshake data"));
  expect_keys(flight.keys[1], step(json, "server", "derive write traffic keys for handshake data"));
  expect_keys(flight.keys[2], step(json, "client", "derive write traffic keys for application data"));
  expect_keys(flight.keys[3], step(json, "server", "derive write traffic keys for application data"));
}

INSTANTIATE_TEST_SUITE_P(Engines, Schedule, testing::Values("libcrypto", "schedule"));

/// Both engines run the same random jobs.
class Agreement : public testing::Test {
 protected:
  Buffer bytes(std::size_t size) {
    Buffer buffer(size);
    random_.fill(buffer);
    return buffer;
  }
  Buffer up_to(std::uint32_t size) { return bytes(random_.below(size + 1)); }
  Hash any_hash() { return random_.below(2) == 0 ? Hash::sha256 : Hash::sha384; }
  CbcSuite any_cbc_suite() { return static_cast<CbcSuite>(random_.below(kCbcSuites)); }
  Aead any_aead() { return static_cast<Aead>(random_.below(3)); }

  static constexpr int kRounds = 200;
  Random random_ = Random::from_number(11);
  std::unique_ptr<Engine> libcrypto_ = make_openssl_engine(random_);
  ScheduleEngine own_;
};

TEST_F(Agreement, OnTls13ServerFlights) {
  for (int round = 0; round < kRounds; ++round) {
    FlightCase input;
    input.hash = any_hash();
    input.aead = any_aead();
    const bool with_psk = random_.below(2) == 0;
    if (with_psk) input.psk = bytes(digest_size(input.hash));
    input.shared_secret = bytes(random_.below(2) == 0 ? 32 : 48);
    if (!with_psk) input.certificate_verify = bytes(8 + random_.below(600));
    input.hello_digest = bytes(digest_size(input.hash));
    input.transcript = up_to(3000);
    EXPECT_EQ(Flight(own_, input).outputs(), Flight(*libcrypto_, input).outputs()) << round;
  }
}

TEST_F(Agreement, OnTranscripts) {
  for (int round = 0; round < kRounds; ++round) {
    const Buffer before = up_to(300);
    const Buffer first = up_to(300);
    const Buffer second = up_to(300);
    const Hash hash = any_hash();
    const auto outputs = [&](Engine& engine) {
      RunningHash transcript(hash);
      transcript.update(before);
      TranscriptJob job;
      job.transcript = &transcript;
      job.append = {first, second};
      EXPECT_EQ(run_one(engine, job), JobStatus::ok);
      const std::size_t size = digest_size(hash);
      return Outputs().add(Bytes(job.digest[0]).first(size)).add(Bytes(job.digest[1]).first(size)).add(transcript);
    };
    EXPECT_EQ(outputs(own_), outputs(*libcrypto_)) << round;
  }
}

TEST_F(Agreement, OnTls13KeyUpdates) {
  for (int round = 0; round < kRounds; ++round) {
    const Hash hash = any_hash();
    const Aead aead = any_aead();
    const Buffer start = bytes(digest_size(hash));
    const auto outputs = [&](Engine& engine) {
      Secret<kMaxDigest> secret;
      secret.assign(start);
      RecordKeys keys;
      keys.aead = aead;
      Tls13KeyUpdateJob job;
      job.hash = hash;
      job.secret = &secret;
      job.keys = &keys;
      EXPECT_EQ(run_one(engine, job), JobStatus::ok);
      return Outputs().add(secret.expose(start.size())).add(keys);
    };
    EXPECT_EQ(outputs(own_), outputs(*libcrypto_)) << round;
  }
}

TEST_F(Agreement, OnTls12MasterSecrets) {
  for (int round = 0; round < kRounds; ++round) {
    const Hash hash = any_hash();
    const Aead aead = any_aead();
    const bool extended = random_.below(2) == 0;
    const Buffer premaster = bytes(random_.below(2) == 0 ? 32 : 48);
    const Buffer content = up_to(3000);
    const Buffer randoms = bytes(64);
    const auto outputs = [&](Engine& engine) {
      RunningHash transcript(hash);
      transcript.update(content);
      RecordKeys client;
      RecordKeys server;
      client.aead = server.aead = aead;
      Tls12MasterSecretJob job;
      job.hash = hash;
      job.premaster = premaster;
      job.extended = extended;
      job.transcript = &transcript;
      std::copy_n(randoms.begin(), 32, job.client_random.begin());
      std::copy_n(randoms.begin() + 32, 32, job.server_random.begin());
      job.client_keys = &client;
      job.server_keys = &server;
      EXPECT_EQ(run_one(engine, job), JobStatus::ok);
      const std::size_t iv = aead == Aead::chacha20_poly1305 ? 12 : 4;
      return Outputs().add(job.master_secret.expose()).add(client, iv).add(server, iv);
    };
    EXPECT_EQ(outputs(own_), outputs(*libcrypto_)) << round;
  }
}

TEST_F(Agreement, OnTls12KeysOfCbcSuites) {
  for (int round = 0; round < kRounds; ++round) {
    const Hash hash = any_hash();
    const CbcSuite suite = any_cbc_suite();
    const Buffer premaster = bytes(48);
    const Buffer randoms = bytes(64);
    const bool resumed = random_.below(2) == 0;
    const auto outputs = [&](Engine& engine) {
      CbcRecordKeys client;
      CbcRecordKeys server;
      client.suite = server.suite = suite;
      Tls12MasterSecretJob job;
      job.hash = hash;
      job.extended = false;
      job.resumed = resumed;
      if (resumed)
        job.master_secret.assign(premaster);
      else
        job.premaster = premaster;
      std::copy_n(randoms.begin(), 32, job.client_random.begin());
      std::copy_n(randoms.begin() + 32, 32, job.server_random.begin());
      job.client_cbc_keys = &client;
      job.server_cbc_keys = &server;
      EXPECT_EQ(run_one(engine, job), JobStatus::ok);
      Outputs all;
      all.add(job.master_secret.expose());
      for (const CbcRecordKeys* keys : {&client, &server})
        all.add(keys->mac_key.expose(mac_size(suite))).add(keys->key.expose(key_size(suite)));
      return all;
    };
    EXPECT_EQ(outputs(own_), outputs(*libcrypto_)) << round;
  }
}

TEST_F(Agreement, OnTls12FinishedValues) {
  for (int round = 0; round < kRounds; ++round) {
    const Hash hash = any_hash();
    const bool server_first = random_.below(2) == 0;
    const Buffer between = random_.below(2) == 0 ? up_to(800) : Buffer();
    const Buffer content = up_to(3000);
    Secret<48> master_secret;
    random_.fill(master_secret.writable());
    const auto outputs = [&](Engine& engine) {
      RunningHash transcript(hash);
      transcript.update(content);
      Tls12FinishedJob job;
      job.master_secret = &master_secret;
      job.transcript = &transcript;
      job.server_first = server_first;
      job.between = between;
      EXPECT_EQ(run_one(engine, job), JobStatus::ok);
      return Outputs().add(job.client_finished).add(job.server_finished).add(transcript);
    };
    EXPECT_EQ(outputs(own_), outputs(*libcrypto_)) << round;
  }
}

}  // namespace
}  // namespace lockstep::crypto::test
