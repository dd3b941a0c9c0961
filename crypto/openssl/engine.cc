#include "crypto/openssl/engine.h"

#include <algorithm>

#include "crypto/openssl/cbc_records.h"
#include "crypto/openssl/key.h"
#include "crypto/openssl/public_key.h"
#include "crypto/openssl/records.h"
#include "crypto/openssl/schedule.h"
#include "crypto/openssl/trust_store.h"
#include "crypto/openssl/verify.h"
#include "crypto/rsa_premaster.h"

namespace lockstep::crypto {
namespace {

class OpensslEngine final : public Engine {
 public:
  explicit OpensslEngine(Random& random) : public_key_(random) {}
  bool ready() const {
    return public_key_.ready() && records_.ready() && cbc_records_.ready() && schedule_.ready() && verify_.ready();
  }

  const char* name() const override { return "libcrypto"; }
  bool supports(JobClass) const override { return true; }
  void run(std::span<Job* const> jobs, JobList& done) override {
    for (Job* const job : jobs) {
      job->status = run_one(*job);
      done.push(*job);
    }
  }
  void forget(std::uint64_t id) override {
    records_.forget(id);
    cbc_records_.forget(id);
  }

 private:
  static JobStatus sign(SignJob& job) {
    const auto* const key = static_cast<const OpensslKey*>(job.key);
    job.signature_size =
        static_cast<std::uint16_t>(key->sign(job.scheme, Bytes(job.content).first(job.content_size), job.signature));
    return job.signature_size == 0 ? JobStatus::engine_failed : JobStatus::ok;
  }

  /// An attempt with another number would take time of its own. True where the modulus is not at hand.
  static bool below_modulus(const OpensslKey& key, Bytes number) {
    const KeyNumbers* const numbers = key.numbers();
    if (numbers == nullptr) return true;
    const Bytes modulus = Bytes(numbers->modulus).first(number.size());
    return std::lexicographical_compare(number.begin(), number.end(), modulus.begin(), modulus.end());
  }

  /// A ciphertext that is no number below the modulus, as who sent it knows, is replaced by one that is, so that the
  /// same work is done.
  static JobStatus rsa_premaster(RsaPremasterJob& job) {
    const auto* const key = static_cast<const OpensslKey*>(job.key);
    const std::size_t size = (job.key->bits() + 7) / 8;
    Secret<kMaxRsaModulus> decrypted;
    std::array<std::uint8_t, kMaxRsaModulus> dummy{};
    dummy[size - 1] = 2;
    const bool number = job.encrypted.size() == size && below_modulus(*key, job.encrypted);
    const bool at_all = number && key->rsa_private(job.encrypted, decrypted.writable(size));
    if (!at_all && !key->rsa_private(Bytes(dummy).first(size), decrypted.writable(size)))
      return JobStatus::engine_failed;
    take_rsa_premaster(job.premaster.writable(), decrypted.expose(size), at_all, job.client_version,
                       job.substitute.expose());
    return JobStatus::ok;
  }

  JobStatus run_one(Job& job) {
    switch (job.kind) {
      case JobKind::key_share:
        return public_key_.key_share(static_cast<KeyShareJob&>(job));
      case JobKind::derive:
        return public_key_.derive(static_cast<DeriveJob&>(job));
      case JobKind::sign:
        return sign(static_cast<SignJob&>(job));
      case JobKind::transcript:
        return ScheduleOperations::transcript(static_cast<TranscriptJob&>(job));
      case JobKind::tls13_server_flight:
        return schedule_.tls13_server_flight(static_cast<Tls13ServerFlightJob&>(job));
      case JobKind::tls13_key_update:
        return schedule_.tls13_key_update(static_cast<Tls13KeyUpdateJob&>(job));
      case JobKind::tls13_binder:
        return schedule_.tls13_binder(static_cast<Tls13BinderJob&>(job));
      case JobKind::tls13_early_data:
        return schedule_.tls13_early_data(static_cast<Tls13EarlyDataJob&>(job));
      case JobKind::tls13_resumption:
        return schedule_.tls13_resumption(static_cast<Tls13ResumptionJob&>(job));
      case JobKind::tls13_client_finished:
        return schedule_.tls13_client_finished(static_cast<Tls13ClientFinishedJob&>(job));
      case JobKind::tls12_master_secret:
        return schedule_.tls12_master_secret(static_cast<Tls12MasterSecretJob&>(job));
      case JobKind::tls12_finished:
        return schedule_.tls12_finished(static_cast<Tls12FinishedJob&>(job));
      case JobKind::exporter:
        return schedule_.export_keying_material(static_cast<ExportJob&>(job));
      case JobKind::seal:
        return records_.seal(static_cast<SealJob&>(job));
      case JobKind::open:
        return records_.open(static_cast<OpenJob&>(job));
      case JobKind::verify:
        return verify_.verify(static_cast<VerifyJob&>(job));
      case JobKind::rsa_premaster:
        return rsa_premaster(static_cast<RsaPremasterJob&>(job));
      case JobKind::cbc_seal:
        return cbc_records_.seal(static_cast<CbcSealJob&>(job));
      case JobKind::cbc_open:
        return cbc_records_.open(static_cast<CbcOpenJob&>(job));
      case JobKind::verify_chain:
        return verify_chain(static_cast<VerifyChainJob&>(job));
      case JobKind::remote:
        break;
    }
    return JobStatus::engine_failed;
  }

  PublicKeyOperations public_key_;
  RecordOperations records_;
  CbcRecordOperations cbc_records_;
  ScheduleOperations schedule_;
  VerifyOperations verify_;
};

}  // namespace

std::unique_ptr<Engine> make_openssl_engine(Random& random) {
  auto engine = std::make_unique<OpensslEngine>(random);
  if (!engine->ready()) return nullptr;
  return engine;
}

}  // namespace lockstep::crypto
