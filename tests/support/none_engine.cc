#include "tests/support/none_engine.h"

#include <algorithm>

#include "crypto/base/constant_time.h"
#include "crypto/chain_job.h"

namespace lockstep::test {

using namespace crypto;

namespace {

void fill(MutableBytes out, std::uint8_t value) {
  std::fill(out.begin(), out.end(), value);
}

// Where the private key lies in a public key: at its beginning, for points behind the form byte.
std::size_t private_key_offset(NamedGroup group) {
  return group == NamedGroup::x25519 ? 0 : 1;
}

JobStatus key_share(KeyShareJob& job) {
  const MutableBytes private_key = job.private_key.writable(shared_secret_size(job.group));
  fill(private_key, kNonePrivateByte);
  fill(MutableBytes(job.public_key).first(public_key_size(job.group)), kNonePrivateByte);
  if (job.group != NamedGroup::x25519) job.public_key[0] = 4;
  return JobStatus::ok;
}

JobStatus derive(DeriveJob& job) {
  const std::size_t size = shared_secret_size(job.group);
  const Bytes peer = Bytes(job.peer_public_key).subspan(private_key_offset(job.group), size);
  const bool valid = job.group == NamedGroup::x25519
                         ? std::any_of(peer.begin(), peer.end(), [](std::uint8_t byte) { return byte != 0; })
                         : job.peer_public_key[0] == 4;
  if (!valid) return JobStatus::bad_peer_key;
  const Bytes own = job.private_key->expose(size);
  const MutableBytes shared = job.shared_secret.writable(size);
  for (std::size_t i = 0; i < size; ++i) shared[i] = own[i] ^ peer[i];
  return JobStatus::ok;
}

void sign_content(SignatureScheme signature_scheme, Bytes content, MutableBytes signature) {
  const auto scheme = static_cast<std::uint16_t>(signature_scheme);
  const std::array<std::uint8_t, 2> prefix = {static_cast<std::uint8_t>(scheme >> 8U),
                                              static_cast<std::uint8_t>(scheme & 0xffU)};
  RunningHash hash;
  hash.update(prefix);
  hash.update(content);
  hash.digest(signature);
}

JobStatus sign(SignJob& job) {
  sign_content(job.scheme, Bytes(job.content).first(job.content_size), job.signature);
  job.signature_size = static_cast<std::uint16_t>(digest_size(Hash::sha256));
  return JobStatus::ok;
}

JobStatus verify(const VerifyJob& job) {
  if (std::ranges::equal(job.signature, std::array{kNoneSignature})) return JobStatus::ok;
  std::array<std::uint8_t, kMaxDigest> expected{};
  sign_content(job.scheme, job.content, expected);
  return equal_constant_time(Bytes(expected).first(digest_size(Hash::sha256)), job.signature)
             ? JobStatus::ok
             : JobStatus::bad_signature;
}

JobStatus verify_chain(VerifyChainJob& job) {
  const Bytes certificate = Reader(job.certificates).vector24();
  digest_of(Hash::sha256, certificate, job.fingerprint);
  job.subject_size = static_cast<std::uint8_t>(kNoneSubject.size());
  std::copy(kNoneSubject.begin(), kNoneSubject.end(), job.subject.begin());
  job.verdict =
      static_cast<ChainVerdict>(std::min<unsigned>(certificate[0], static_cast<unsigned>(ChainVerdict::other)));
  if (certificate.size() > 1 && certificate[1] != 0) job.valid_until = job.time + certificate[1];
  job.key.type = KeyType::ecdsa_p256;
  return JobStatus::ok;
}

JobStatus rsa_premaster(RsaPremasterJob& job) {
  const std::size_t size = Secret<48>::capacity();
  job.premaster.assign(job.encrypted.size() == size ? job.encrypted : job.substitute.expose());
  return JobStatus::ok;
}

JobStatus transcript(TranscriptJob& job) {
  for (std::size_t i = 0; i < job.append.size(); ++i) {
    job.transcript->update(job.append[i]);
    job.transcript->digest(job.digest[i]);
  }
  return JobStatus::ok;
}

void pattern_keys(RecordKeys& keys, std::uint8_t value) {
  fill(keys.key.writable(), value);
  fill(keys.iv.writable(), value);
}

void append_finished(RunningHash& running, Bytes verify_data) {
  const std::array<std::uint8_t, 4> header = {20, 0, 0, static_cast<std::uint8_t>(verify_data.size())};
  running.update(header);
  running.update(verify_data);
}

JobStatus server_flight(Tls13ServerFlightJob& job) {
  const std::size_t size = digest_size(job.transcript->hash());
  pattern_keys(*job.client_handshake_keys, 0x10);
  pattern_keys(*job.server_handshake_keys, 0x11);
  pattern_keys(*job.client_application_keys, 0x20);
  pattern_keys(*job.server_application_keys, 0x21);
  fill(job.client_finished.writable(), kNoneClientFinished);
  fill(job.server_finished, kNoneServerFinished);
  fill(job.client_application_secret.writable(), 0x30);
  fill(job.server_application_secret.writable(), 0x31);
  fill(job.master_secret.writable(), 0x40);
  if (job.secrets != nullptr) {
    fill(job.secrets->client_handshake_traffic.writable(), 0x12);
    fill(job.secrets->server_handshake_traffic.writable(), 0x13);
    fill(job.secrets->exporter_master.writable(), 0x41);
  }
  job.transcript->update(job.before_finished);
  append_finished(*job.transcript, Bytes(job.server_finished).first(size));
  if (job.early_data) job.transcript->update(kEndOfEarlyData);
  return JobStatus::ok;
}

JobStatus key_update(Tls13KeyUpdateJob& job) {
  for (std::uint8_t& byte : job.secret->writable()) byte = static_cast<std::uint8_t>(byte + 2);
  pattern_keys(*job.keys, job.secret->expose()[0]);
  return JobStatus::ok;
}

JobStatus binder(Tls13BinderJob& job) {
  job.transcript->update(job.truncated_hello);
  fill(job.binder.writable(), kNoneBinder);
  return JobStatus::ok;
}

JobStatus early_data(Tls13EarlyDataJob& job) {
  job.transcript->update(job.binders);
  pattern_keys(*job.keys, 0x12);
  if (job.traffic_secret != nullptr) fill(job.traffic_secret->writable(), 0x14);
  return JobStatus::ok;
}

JobStatus resumption(Tls13ResumptionJob& job) {
  if (job.master_secret != nullptr) {
    job.transcript->update(job.client_finished);
    fill(job.resumption_secret.writable(), 0x6f);
  }
  for (std::uint8_t i = 0; i < job.count; ++i) fill(job.psks[i].writable(), static_cast<std::uint8_t>(0x70 + i));
  return JobStatus::ok;
}

JobStatus client_finished(Tls13ClientFinishedJob& job) {
  job.transcript->update(job.before_finished);
  fill(job.client_finished.writable(), kNoneClientFinished);
  return JobStatus::ok;
}

void pattern_keys(CbcRecordKeys& keys, std::uint8_t value) {
  fill(keys.key.writable(), value);
  fill(keys.mac_key.writable(), value);
}

JobStatus master_secret(Tls12MasterSecretJob& job) {
  if (!job.resumed) fill(job.master_secret.writable(), job.extended ? 0x50 : 0x51);
  if (job.client_cbc_keys != nullptr) {
    pattern_keys(*job.client_cbc_keys, 0x60);
    pattern_keys(*job.server_cbc_keys, 0x61);
  } else {
    pattern_keys(*job.client_keys, 0x60);
    pattern_keys(*job.server_keys, 0x61);
  }
  return JobStatus::ok;
}

JobStatus finished(Tls12FinishedJob& job) {
  fill(job.client_finished, kNoneClientFinished);
  fill(job.server_finished, kNoneServerFinished);
  append_finished(*job.transcript, job.server_first ? job.server_finished : job.client_finished);
  job.transcript->update(job.between);
  return JobStatus::ok;
}

// FNV-1a with 64 bits: notices changes, keeps nobody out.
class Checksum {
 public:
  void add(Bytes bytes) {
    for (const std::uint8_t byte : bytes) value_ = (value_ ^ byte) * 0x100000001b3;
  }
  std::array<std::uint8_t, kAeadTag> tag() const {
    std::array<std::uint8_t, kAeadTag> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(value_ >> 8U * (i % 8));
    return bytes;
  }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

// What seal and open have in common: everything but the plaintext.
template <class RecordJob>
Checksum checksum_of_parameters(const RecordJob& job) {
  Checksum checksum;
  checksum.add(job.keys->key.expose(key_size(job.keys->aead)));
  checksum.add(job.nonce);
  checksum.add(Bytes(job.aad).first(job.aad_size));
  return checksum;
}

JobStatus seal(SealJob& job) {
  Checksum checksum = checksum_of_parameters(job);
  std::uint8_t* out = job.ciphertext;
  for (const Bytes piece : std::span(job.plaintext).first(job.piece_count)) {
    checksum.add(piece);
    out = std::copy(piece.begin(), piece.end(), out);
  }
  if (job.has_trailer) {
    checksum.add(Bytes(&job.trailer, 1));
    *out++ = job.trailer;
  }
  const auto tag = checksum.tag();
  std::copy(tag.begin(), tag.end(), out);
  return JobStatus::ok;
}

JobStatus open(const OpenJob& job) {
  Checksum checksum = checksum_of_parameters(job);
  for (const MutableBytes piece : std::span(job.ciphertext).first(job.piece_count)) checksum.add(piece);
  return equal_constant_time(checksum.tag(), job.tag) ? JobStatus::ok : JobStatus::bad_record;
}

JobStatus cbc_seal(CbcSealJob& job) {
  std::size_t size = 0;
  for (const Bytes piece : std::span(job.plaintext).first(job.piece_count)) size += piece.size();
  const std::size_t mac = mac_size(job.keys->suite);
  Writer writer({job.fragment, cbc_fragment_size(*job.keys, size)});
  writer.bytes(job.iv);
  for (const Bytes piece : std::span(job.plaintext).first(job.piece_count)) writer.bytes(piece);
  const std::size_t padding = cbc_fragment_size(*job.keys, size) - kCbcBlock - size - mac - 1;
  for (std::size_t i = 0; i <= padding; ++i) writer.u8(static_cast<std::uint8_t>(padding));
  const Bytes covered = writer.written();
  none_cbc_checksum(*job.keys, job.header, covered, writer.reserve(mac));
  return writer.ok() ? JobStatus::ok : JobStatus::engine_failed;
}

JobStatus cbc_open(CbcOpenJob& job) {
  std::array<std::uint8_t, kMaxCbcFragment> record;
  std::size_t size = 0;
  for (const MutableBytes piece : std::span(job.fragment).first(job.piece_count)) {
    std::copy(piece.begin(), piece.end(), record.begin() + static_cast<std::ptrdiff_t>(size));
    size += piece.size();
  }
  const std::size_t mac = mac_size(job.keys->suite);
  if (size < kCbcBlock + mac + 1) return JobStatus::bad_record;
  const Bytes covered = Bytes(record).first(size - mac);
  std::array<std::uint8_t, kMaxMac> expected{};
  none_cbc_checksum(*job.keys, job.header, covered, MutableBytes(expected).first(mac));
  if (!equal_constant_time(Bytes(record).subspan(covered.size(), mac), Bytes(expected).first(mac)))
    return JobStatus::bad_record;
  const std::size_t behind = covered.back() + std::size_t{1};
  if (kCbcBlock + behind > covered.size()) return JobStatus::bad_record;
  job.plaintext_offset = kCbcBlock;
  job.plaintext_size = static_cast<std::uint16_t>(covered.size() - kCbcBlock - behind);
  return JobStatus::ok;
}

JobStatus run_one(Job& job) {
  switch (job.kind) {
    case JobKind::key_share:
      return key_share(static_cast<KeyShareJob&>(job));
    case JobKind::derive:
      return derive(static_cast<DeriveJob&>(job));
    case JobKind::sign:
      return sign(static_cast<SignJob&>(job));
    case JobKind::transcript:
      return transcript(static_cast<TranscriptJob&>(job));
    case JobKind::tls13_server_flight:
      return server_flight(static_cast<Tls13ServerFlightJob&>(job));
    case JobKind::tls13_key_update:
      return key_update(static_cast<Tls13KeyUpdateJob&>(job));
    case JobKind::tls13_binder:
      return binder(static_cast<Tls13BinderJob&>(job));
    case JobKind::tls13_early_data:
      return early_data(static_cast<Tls13EarlyDataJob&>(job));
    case JobKind::tls13_resumption:
      return resumption(static_cast<Tls13ResumptionJob&>(job));
    case JobKind::tls13_client_finished:
      return client_finished(static_cast<Tls13ClientFinishedJob&>(job));
    case JobKind::tls12_master_secret:
      return master_secret(static_cast<Tls12MasterSecretJob&>(job));
    case JobKind::tls12_finished:
      return finished(static_cast<Tls12FinishedJob&>(job));
    case JobKind::exporter:
      fill(static_cast<ExportJob&>(job).out, 0x45);
      return JobStatus::ok;
    case JobKind::seal:
      return seal(static_cast<SealJob&>(job));
    case JobKind::open:
      return open(static_cast<OpenJob&>(job));
    case JobKind::verify:
      return verify(static_cast<VerifyJob&>(job));
    case JobKind::rsa_premaster:
      return rsa_premaster(static_cast<RsaPremasterJob&>(job));
    case JobKind::cbc_seal:
      return cbc_seal(static_cast<CbcSealJob&>(job));
    case JobKind::cbc_open:
      return cbc_open(static_cast<CbcOpenJob&>(job));
    case JobKind::verify_chain:
      return verify_chain(static_cast<VerifyChainJob&>(job));
    case JobKind::remote:
      break;
  }
  return JobStatus::engine_failed;
}

}  // namespace

void none_cbc_checksum(const CbcRecordKeys& keys, const CbcRecordHeader& header, Bytes covered, MutableBytes out) {
  std::array<std::uint8_t, 11> bytes{};
  Writer writer(bytes);
  writer.u64(header.sequence_number);
  writer.u8(header.content_type);
  writer.u16(header.version);
  Checksum checksum;
  checksum.add(keys.mac_key.expose(mac_size(keys.suite)));
  checksum.add(bytes);
  checksum.add(covered);
  const auto tag = checksum.tag();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = tag[i % tag.size()];
}

void NoneEngine::run(std::span<Job* const> jobs, JobList& done) {
  for (Job* const job : jobs) {
    job->status = run_one(*job);
    done.push(*job);
  }
}

}  // namespace lockstep::test
