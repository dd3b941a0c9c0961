#include "tests/unit/dataplane/tls/trace_engine.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "crypto/chain_job.h"
#include "crypto/openssl/engine.h"
#include "crypto/openssl/handles.h"
#include "crypto/record/engine.h"
#include "crypto/schedule/schedule_engine.h"
#include "dataplane/tls/record.h"

namespace lockstep::tls::test {

using crypto::JobKind;
using crypto::JobStatus;

namespace {

Buffer copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

Buffer digest_of(const RunningHash& running) {
  Buffer digest(digest_size(running.hash()));
  running.digest(digest);
  return digest;
}

TraceEngine::Keys copy(const crypto::RecordKeys& keys) {
  return {copy(keys.key.expose(key_size(keys.aead))), copy(keys.iv.expose())};
}

void run_in(crypto::Engine& engine, crypto::Job& job) {
  crypto::Job* const jobs[] = {&job};
  crypto::JobList done;
  engine.run(jobs, done);
}

}  // namespace

TraceEngine::TraceEngine(TraceScript script, bool house)
    : script_(std::move(script)), libcrypto_(crypto::make_openssl_engine(random_)) {
  if (!house) return;
  schedule_ = std::make_unique<crypto::ScheduleEngine>();
  auto records = crypto::make_ipsec_mb_engine(16);
  EXPECT_TRUE(records.ok());
  if (records.ok()) records_ = std::move(records.value());
}

void TraceEngine::expect(bool condition, const char* what) {
  if (!condition) failures.emplace_back(what);
}

crypto::Engine& TraceEngine::engine_of(const crypto::Job& job) {
  for (crypto::Engine* const engine : {schedule_.get(), records_.get()})
    if (engine != nullptr && engine->supports(job_class(job))) return *engine;
  return *libcrypto_;
}

void TraceEngine::run(std::span<crypto::Job* const> jobs, crypto::JobList& done) {
  for (crypto::Job* const job : jobs) {
    run_one(*job);
    done.push(*job);
  }
}

void TraceEngine::run_one(crypto::Job& job) {
  switch (job.kind) {
    case JobKind::key_share:
      return make_share(static_cast<crypto::KeyShareJob&>(job));
    case JobKind::sign:
      return sign(static_cast<crypto::SignJob&>(job));
    case JobKind::transcript:
      append(static_cast<crypto::TranscriptJob&>(job));
      return run_in(engine_of(job), job);
    case JobKind::tls13_server_flight: {
      auto& flight = static_cast<crypto::Tls13ServerFlightJob&>(job);
      flight.before_finished = exchange(flight.before_finished);
      if (script_.took_early_data) flight.early_data = true;
      run_in(engine_of(job), job);
      return keep(flight);
    }
    case JobKind::tls13_resumption:
      run_in(engine_of(job), job);
      psk = copy(static_cast<crypto::Tls13ResumptionJob&>(job).psks[0].expose(32));
      return;
    case JobKind::verify_chain: {
      // The recorded certificate has expired, and nobody vouches for it.
      auto& chain = static_cast<crypto::VerifyChainJob&>(job);
      expect(script_.client_key.has_value(), "no certificate of a client is expected");
      chain.verdict = crypto::ChainVerdict::valid;
      chain.key = script_.client_key.value_or(crypto::PeerKey());
      job.status = JobStatus::ok;
      return;
    }
    case JobKind::seal:
      seal(static_cast<crypto::SealJob&>(job));
      return run_in(engine_of(job), job);
    case JobKind::open:
      return open(static_cast<crypto::OpenJob&>(job));
    default:
      return run_in(engine_of(job), job);
  }
}

void TraceEngine::make_share(crypto::KeyShareJob& job) {
  expect(script_.public_key.size() == public_key_size(job.group), "a key share of another group");
  job.private_key.assign(script_.private_key);
  std::copy(script_.public_key.begin(), script_.public_key.end(), job.public_key.begin());
  job.status = JobStatus::ok;
}

// What we are to sign has to be what they signed: their signature is one of it.
void TraceEngine::sign(crypto::SignJob& job) {
  crypto::VerifyJob verify;
  verify.key = &*script_.signer;
  verify.scheme = job.scheme;
  verify.content = Bytes(job.content).first(job.content_size);
  verify.signature = script_.signature;
  run_in(*libcrypto_, verify);
  expect(verify.ok(), "the recorded signature is not one of what is to be signed");
  std::copy(script_.signature.begin(), script_.signature.end(), job.signature.begin());
  job.signature_size = static_cast<std::uint16_t>(script_.signature.size());
  job.status = JobStatus::ok;
}

void TraceEngine::exchange_transcript(const RunningHash& ours, const RunningHash& theirs) {
  next_transcript_.emplace(digest_of(ours), theirs);
}

void TraceEngine::append(crypto::TranscriptJob& job) {
  if (next_transcript_) {
    expect(digest_of(*job.transcript) == next_transcript_->first, "another transcript");
    *job.transcript = next_transcript_->second;
    next_transcript_.reset();
  }
  for (Bytes& message : job.append) message = exchange(message);
}

Bytes TraceEngine::exchange(Bytes message) {
  if (message.empty()) return message;
  const auto type = static_cast<HandshakeType>(message[0]);
  const auto found = script_.messages.find(type);
  if (found == script_.messages.end()) return message;
  exchanged[type] = copy(message);
  return found->second;
}

void TraceEngine::keep(const crypto::Tls13ServerFlightJob& job) {
  const std::size_t size = digest_size(job.transcript->hash());
  hello_digest = copy(Bytes(job.hello_digest).first(size));
  client_handshake = copy(*job.client_handshake_keys);
  server_handshake = copy(*job.server_handshake_keys);
  client_application = copy(*job.client_application_keys);
  server_application = copy(*job.server_application_keys);
  server_finished = copy(Bytes(job.server_finished).first(size));
  client_application_secret = copy(job.client_application_secret.expose(size));
  server_application_secret = copy(job.server_application_secret.expose(size));
  master_secret = copy(job.master_secret.expose(size));
}

// The record with other messages may have another length, so it is sealed beside the session's own: with the same key
// and nonce, and a header that says the length.
void TraceEngine::seal(const crypto::SealJob& job) {
  if (job.aad_size != kRecordHeader) return;  // a ticket
  crypto::SealJob theirs;
  theirs.keys = job.keys;
  theirs.nonce = job.nonce;
  theirs.trailer = job.trailer;
  theirs.has_trailer = job.has_trailer;
  theirs.piece_count = job.piece_count;
  std::size_t size = 1 + crypto::kAeadTag;
  for (std::size_t i = 0; i < job.piece_count; ++i) {
    const bool handshake = job.trailer == static_cast<std::uint8_t>(ContentType::handshake);
    theirs.plaintext[i] = handshake ? exchange(job.plaintext[i]) : job.plaintext[i];
    size += theirs.plaintext[i].size();
  }
  const Buffer header = join({{job.aad[0], job.aad[1], job.aad[2]}, u16(size)});
  std::copy(header.begin(), header.end(), theirs.aad.begin());
  theirs.aad_size = kRecordHeader;
  Buffer record = join({header, Buffer(size)});
  theirs.ciphertext = record.data() + kRecordHeader;
  run_in(engine_of(theirs), theirs);
  expect(theirs.ok(), "a record could not be sealed");
  sealed_.push_back(std::move(record));
}

void TraceEngine::open(crypto::OpenJob& job) {
  if (job.aad_size == kRecordHeader) return run_in(engine_of(job), job);
  const bool fits = script_.session && script_.session->size() == job.ciphertext[0].size();
  expect(fits, "a ticket of another size");
  if (fits) std::copy(script_.session->begin(), script_.session->end(), job.ciphertext[0].begin());
  job.status = fits ? JobStatus::ok : JobStatus::bad_record;
}

Buffer TraceEngine::rewrite(const Buffer& output) {
  Buffer all;
  std::size_t next = 0;
  for (Reader reader(output); reader.remaining() != 0;) {
    const Bytes header = reader.bytes(3);
    const Bytes content = reader.vector16();
    expect(reader.ok(), "output that is not whole records");
    if (!reader.ok()) break;
    if (header[0] == static_cast<std::uint8_t>(ContentType::application_data)) {
      expect(next < sealed_.size(), "a record that nobody sealed");
      if (next < sealed_.size()) all = join({all, sealed_[next++]});
      continue;
    }
    const bool handshake = header[0] == static_cast<std::uint8_t>(ContentType::handshake);
    all = join({all, copy(header), vector16(copy(handshake ? exchange(content) : content))});
  }
  expect(next == sealed_.size(), "records that were not sent");
  sealed_.clear();
  return all;
}

crypto::PeerKey public_key_of(const Buffer& certificate_message) {
  crypto::PeerKey key;
  Reader reader(Bytes(certificate_message).subspan(kHandshakeHeader));
  reader.vector8();
  reader.bytes(3);
  const Bytes der = reader.vector24();
  const std::uint8_t* in = der.data();
  const crypto::UniqueCertificate certificate(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
  if (certificate == nullptr) {
    ADD_FAILURE() << "no certificate";
    return key;
  }
  const EVP_PKEY* const pkey = X509_get0_pubkey(certificate.get());
  if (EVP_PKEY_is_a(pkey, "RSA") == 1) {
    BIGNUM* modulus = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
    const crypto::UniqueBignum owner(modulus);
    key.type = crypto::KeyType::rsa;
    key.rsa_modulus_size = static_cast<std::uint16_t>(BN_num_bytes(modulus));
    BN_bn2bin(modulus, key.rsa_modulus.data());
    key.rsa_exponent = 65537;
  } else {
    std::size_t size = 0;
    EXPECT_EQ(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, key.point.data(), key.point.size(), &size),
              1);
  }
  return key;
}

}  // namespace lockstep::tls::test
