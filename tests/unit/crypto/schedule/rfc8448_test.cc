// The server's side of the TLS 1.3 traces of RFC 8448.
#include <gtest/gtest.h>

#include <memory>

#include "crypto/schedule/schedule_engine.h"
#include "tests/support/rfc8448.h"

namespace lockstep::crypto {
namespace {

using test::Rfc8448Trace;
using Buffer = std::vector<std::uint8_t>;

Buffer bytes(Bytes view) {
  return {view.begin(), view.end()};
}

Buffer digest(const RunningHash& running) {
  Buffer out(digest_size(running.hash()));
  running.digest(out);
  return out;
}

// ClientHello..ServerHello. After a HelloRetryRequest the first ClientHello is replaced by its digest (RFC 8446
// section 4.4.1); the messages are what the records carried, since a ClientHello's binders come last.
RunningHash hellos(const Rfc8448Trace& trace, bool retried) {
  RunningHash transcript;
  if (retried) {
    transcript.update(std::array<std::uint8_t, 4>{254, 0, 0, 32});
    Buffer first(32);
    digest_of(Hash::sha256, trace.at("client", "send handshake record", "payload", 0), first);
    transcript.update(first);
    transcript.update(trace.at("server", "send handshake record", "payload", 0));
  }
  const int nth = retried ? 1 : 0;
  transcript.update(trace.at("client", "send handshake record", "payload", nth));
  transcript.update(trace.at("server", "send handshake record", "payload", nth));
  return transcript;
}

void run(Job& job) {
  Job* const pointer = &job;
  ScheduleEngine engine;
  JobList done;
  engine.run(std::span<Job* const>(&pointer, 1), done);
  ASSERT_EQ(job.status, JobStatus::ok);
}

// The flight of one section, and what comes out of it.
struct Flight {
  explicit Flight(int section, std::size_t others = 0)
      : trace(section),
        transcript(hellos(trace, section == 5)),
        hello_digest(digest(transcript)),
        shared_secret(trace.at("server", "extract secret \"handshake\"", "IKM")),
        certificate_verify(trace.server_message("CertificateVerify")) {
    if (section == 4) psk = trace.at("client", "extract secret \"early\"", "IKM");
    for (const char* const name : {"EncryptedExtensions", "CertificateRequest", "Certificate"})
      transcript.update(trace.server_message(name));
    before = transcript;
    job.shared_secret = shared_secret;
    job.psk = psk;
    std::copy(hello_digest.begin(), hello_digest.end(), job.hello_digest.begin());
    job.transcript = &transcript;
    job.before_finished = certificate_verify;
    job.early_data = section == 4;
    job.client_handshake_keys = &client_handshake;
    job.server_handshake_keys = &server_handshake;
    job.client_application_keys = &client_application;
    job.server_application_keys = &server_application;
    job.secrets = &secrets;
    run(others);
  }

  // In one call with `others` flights of all sections, in turn, before it.
  void run(std::size_t others) {
    std::vector<std::unique_ptr<Flight>> flights;
    std::vector<Job*> jobs;
    for (std::size_t i = 0; i < others; ++i) {
      flights.push_back(std::make_unique<Flight>(3 + static_cast<int>(i % 5)));
      flights.back()->transcript = flights.back()->before;
      jobs.push_back(&flights.back()->job);
    }
    jobs.push_back(&job);
    ScheduleEngine engine;
    JobList done;
    engine.run(jobs, done);
  }

  Rfc8448Trace trace;
  RunningHash transcript;
  RunningHash before;  // as the flight found it
  Buffer hello_digest;
  Buffer shared_secret;
  Buffer psk;
  Buffer certificate_verify;
  RecordKeys client_handshake;
  RecordKeys server_handshake;
  RecordKeys client_application;
  RecordKeys server_application;
  Tls13Secrets secrets;
  Tls13ServerFlightJob job;
};

void expect_keys(const Rfc8448Trace& trace, std::string_view role, std::string_view step, const RecordKeys& keys) {
  EXPECT_EQ(bytes(keys.key.expose(16)), trace.at(role, step, "key expanded")) << role << ": " << step;
  EXPECT_EQ(bytes(keys.iv.expose()), trace.at(role, step, "iv expanded")) << role << ": " << step;
}

class Rfc8448 : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Section, Rfc8448, testing::Values(3, 4, 5, 6, 7), testing::PrintToStringParamName());

TEST_P(Rfc8448, TranscriptUpToServerHelloHasTheDigestOfTheTrace) {
  const Flight flight(GetParam());
  EXPECT_EQ(flight.hello_digest, flight.trace.at("server", "derive secret \"tls13 c hs traffic\"", "hash"));
}

TEST_P(Rfc8448, FlightIsTheSameAmongOthers) {
  const Flight alone(GetParam());
  for (const std::size_t others : {1, 4, 11, 15, 16, 40}) {
    const Flight flight(GetParam(), others);
    EXPECT_EQ(flight.job.server_finished, alone.job.server_finished) << others;
    EXPECT_EQ(digest(flight.transcript), digest(alone.transcript)) << others;
    EXPECT_EQ(bytes(flight.job.client_finished.expose(32)), bytes(alone.job.client_finished.expose(32))) << others;
    EXPECT_EQ(bytes(flight.server_application.key.expose(16)), bytes(alone.server_application.key.expose(16)))
        << others;
    EXPECT_EQ(bytes(flight.job.master_secret.expose(32)), bytes(alone.job.master_secret.expose(32))) << others;
  }
}

TEST_P(Rfc8448, ServerFinishedIsTheTracesOne) {
  const Flight flight(GetParam());
  EXPECT_EQ(flight.job.status, JobStatus::ok);
  EXPECT_EQ(bytes(Bytes(flight.job.server_finished).first(32)),
            flight.trace.at("server", "calculate finished", "finished"));
}

TEST_P(Rfc8448, TranscriptUpToServerFinishedHasTheDigestOfTheTrace) {
  const Flight flight(GetParam());
  RunningHash whole = flight.before;
  for (const char* const name : {"CertificateVerify", "Finished"}) whole.update(flight.trace.server_message(name));
  EXPECT_EQ(digest(whole), flight.trace.at("server", "derive secret \"tls13 c ap traffic\"", "hash"));
  if (GetParam() == 4) whole.update(flight.trace.at("client", "construct an EndOfEarlyData", "EndOfEarlyData"));
  EXPECT_EQ(digest(flight.transcript), digest(whole));
}

TEST_P(Rfc8448, TrafficAndMasterSecretsAreTheTracesOnes) {
  const Flight flight(GetParam());
  const Rfc8448Trace& trace = flight.trace;
  EXPECT_EQ(bytes(flight.job.client_application_secret.expose(32)),
            trace.at("server", "derive secret \"tls13 c ap traffic\"", "expanded"));
  EXPECT_EQ(bytes(flight.job.server_application_secret.expose(32)),
            trace.at("server", "derive secret \"tls13 s ap traffic\"", "expanded"));
  EXPECT_EQ(bytes(flight.job.master_secret.expose(32)), trace.at("server", "extract secret \"master\"", "secret"));
}

TEST_P(Rfc8448, SecretsForExportersAndDiagnosisAreTheTracesOnes) {
  for (const std::size_t others : {0, 15}) {
    const Flight flight(GetParam(), others);
    const auto expanded = [&](const char* step) { return flight.trace.at("server", step, "expanded"); };
    EXPECT_EQ(bytes(flight.secrets.client_handshake_traffic.expose(32)),
              expanded("derive secret \"tls13 c hs traffic\""));
    EXPECT_EQ(bytes(flight.secrets.server_handshake_traffic.expose(32)),
              expanded("derive secret \"tls13 s hs traffic\""));
    EXPECT_EQ(bytes(flight.secrets.exporter_master.expose(32)), expanded("derive secret \"tls13 exp master\""));
  }
}

TEST_P(Rfc8448, RecordKeysAreTheTracesOnes) {
  const Flight flight(GetParam());
  const Rfc8448Trace& trace = flight.trace;
  expect_keys(trace, "server", "derive write traffic keys for handshake data", flight.server_handshake);
  // The RFC prints these where they are used first: by the client when it sends EndOfEarlyData, else by the server.
  if (GetParam() == 4) {
    expect_keys(trace, "client", "derive write traffic keys for handshake data", flight.client_handshake);
  } else {
    expect_keys(trace, "server", "derive read traffic keys for handshake data", flight.client_handshake);
  }
  expect_keys(trace, "server", "derive write traffic keys for application data", flight.server_application);
  expect_keys(trace, "client", "derive write traffic keys for application data", flight.client_application);
}

// In section 4 it covers EndOfEarlyData. Not in section 6, where it covers the client's certificate.
class Rfc8448ClientFinished : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Section, Rfc8448ClientFinished, testing::Values(3, 4, 5, 7),
                         testing::PrintToStringParamName());

TEST_P(Rfc8448ClientFinished, IsTheTracesOne) {
  const Flight flight(GetParam());
  EXPECT_EQ(bytes(flight.job.client_finished.expose(32)), flight.trace.at("client", "calculate finished", "finished"));
}

TEST(Rfc8448Resumption, MakesThePskOfSection4FromSection3) {
  const Rfc8448Trace trace(3);
  Secret<kMaxDigest> master_secret;
  master_secret.assign(trace.at("server", "extract secret \"master\"", "secret"));
  RunningHash transcript = hellos(trace, false);
  for (const char* const name : {"EncryptedExtensions", "Certificate", "CertificateVerify", "Finished"})
    transcript.update(trace.server_message(name));
  const Buffer finished = trace.at("client", "construct a Finished", "Finished");
  Tls13ResumptionJob job;
  job.master_secret = &master_secret;
  job.transcript = &transcript;
  job.client_finished = finished;
  const Buffer nonce = {0, 0};
  job.count = 1;
  job.nonces[0] = nonce;
  run(job);
  EXPECT_EQ(digest(transcript), trace.at("client", "derive secret \"tls13 res master\"", "hash"));
  EXPECT_EQ(bytes(job.psks[0].expose(32)), trace.at("server", "generate resumption secret", "expanded"));
  EXPECT_EQ(bytes(job.psks[0].expose(32)), Rfc8448Trace(4).at("client", "extract secret \"early\"", "IKM"));
}

TEST(Rfc8448Resumption, BinderIsTheTracesOne) {
  const Rfc8448Trace trace(4);
  const Buffer psk = trace.at("client", "extract secret \"early\"", "IKM");
  const Buffer prefix = trace.at("client", "calculate PSK binder", "ClientHello prefix");
  RunningHash transcript;
  Tls13BinderJob job;
  job.psk = psk;
  job.transcript = &transcript;
  job.truncated_hello = prefix;
  run(job);
  EXPECT_EQ(digest(transcript), trace.at("client", "calculate PSK binder", "binder hash"));
  EXPECT_EQ(bytes(job.binder.expose(32)), trace.at("client", "calculate PSK binder", "finished"));
}

TEST(Rfc8448EarlyData, KeysAreTheTracesOnes) {
  const Rfc8448Trace trace(4);
  const Buffer psk = trace.at("client", "extract secret \"early\"", "IKM");
  const Buffer hello = trace.at("client", "send handshake record", "payload");
  const Buffer prefix = trace.at("client", "calculate PSK binder", "ClientHello prefix");
  const Buffer binders(hello.begin() + static_cast<std::ptrdiff_t>(prefix.size()), hello.end());
  RunningHash transcript;
  transcript.update(prefix);
  RecordKeys keys;
  Tls13EarlyDataJob job;
  job.psk = psk;
  job.transcript = &transcript;
  job.binders = binders;
  job.keys = &keys;
  run(job);
  EXPECT_EQ(digest(transcript), trace.at("client", "derive secret \"tls13 c e traffic\"", "hash"));
  expect_keys(trace, "client", "derive write traffic keys for early application data", keys);
}

}  // namespace
}  // namespace lockstep::crypto
