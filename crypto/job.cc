#include "crypto/job.h"

namespace lockstep::crypto {

namespace {

JobClass by_group(NamedGroup group, JobClass x25519, JobClass p256, JobClass p384) {
  return group == NamedGroup::x25519 ? x25519 : group == NamedGroup::secp256r1 ? p256 : p384;
}

JobClass rsa_class(const PrivateKey& key) {
  switch (key.bits()) {
    case 2048:
      return JobClass::rsa_2048;
    case 3072:
      return JobClass::rsa_3072;
    case 4096:
      return JobClass::rsa_4096;
    default:
      return JobClass::rsa_other;
  }
}

JobClass sign_class(const PrivateKey& key) {
  switch (key.type()) {
    case KeyType::rsa:
      return rsa_class(key);
    case KeyType::ecdsa_p256:
      return JobClass::sign_p256;
    case KeyType::ecdsa_p384:
      return JobClass::sign_p384;
    case KeyType::ed25519:
      break;
  }
  return JobClass::sign_ed25519;
}

JobClass verify_class(const PeerKey& key) {
  if (key.type == KeyType::ecdsa_p256) return JobClass::verify_p256;
  if (key.type == KeyType::ecdsa_p384) return JobClass::verify_p384;
  if (key.type == KeyType::rsa && key.rsa_modulus_size == 256) return JobClass::verify_rsa_2048;
  return JobClass::verify_other;
}

}  // namespace

JobClass job_class(const Job& job) {
  switch (job.kind) {
    case JobKind::key_share:
      return by_group(static_cast<const KeyShareJob&>(job).group, JobClass::key_share_x25519, JobClass::key_share_p256,
                      JobClass::key_share_p384);
    case JobKind::derive:
      return by_group(static_cast<const DeriveJob&>(job).group, JobClass::derive_x25519, JobClass::derive_p256,
                      JobClass::derive_p384);
    case JobKind::sign:
      return sign_class(*static_cast<const SignJob&>(job).key);
    case JobKind::rsa_premaster:
      return rsa_class(*static_cast<const RsaPremasterJob&>(job).key);
    case JobKind::verify:
      return verify_class(*static_cast<const VerifyJob&>(job).key);
    case JobKind::verify_chain:
      return JobClass::verify_chain;
    case JobKind::transcript:
      return JobClass::transcript;
    case JobKind::tls13_server_flight:
      return JobClass::tls13_server_flight;
    case JobKind::tls13_key_update:
      return JobClass::tls13_key_update;
    case JobKind::tls13_binder:
      return JobClass::tls13_binder;
    case JobKind::tls13_early_data:
      return JobClass::tls13_early_data;
    case JobKind::tls13_resumption:
      return JobClass::tls13_resumption;
    case JobKind::tls13_client_finished:
      return JobClass::tls13_client_finished;
    case JobKind::tls12_master_secret:
      return JobClass::tls12_master_secret;
    case JobKind::tls12_finished:
      return JobClass::tls12_finished;
    case JobKind::exporter:
      return JobClass::exporter;
    case JobKind::seal:
      return JobClass::seal;
    case JobKind::open:
      return JobClass::open;
    case JobKind::cbc_seal:
      return JobClass::cbc_seal;
    case JobKind::cbc_open:
    case JobKind::remote:  // is for no engine
      break;
  }
  return JobClass::cbc_open;
}

const char* name(JobClass job_class) {
  static constexpr std::array<const char*, kJobClasses> kNames = {"key_share_x25519",
                                                                  "key_share_p256",
                                                                  "key_share_p384",
                                                                  "derive_x25519",
                                                                  "derive_p256",
                                                                  "derive_p384",
                                                                  "sign_p256",
                                                                  "sign_p384",
                                                                  "sign_ed25519",
                                                                  "rsa_2048",
                                                                  "rsa_3072",
                                                                  "rsa_4096",
                                                                  "rsa_other",
                                                                  "verify_p256",
                                                                  "verify_p384",
                                                                  "verify_rsa_2048",
                                                                  "verify_other",
                                                                  "verify_chain",
                                                                  "transcript",
                                                                  "tls13_server_flight",
                                                                  "tls13_key_update",
                                                                  "tls13_binder",
                                                                  "tls13_early_data",
                                                                  "tls13_resumption",
                                                                  "tls13_client_finished",
                                                                  "tls12_master_secret",
                                                                  "tls12_finished",
                                                                  "exporter",
                                                                  "seal",
                                                                  "open",
                                                                  "cbc_seal",
                                                                  "cbc_open"};
  return kNames[static_cast<std::size_t>(job_class)];
}

}  // namespace lockstep::crypto
