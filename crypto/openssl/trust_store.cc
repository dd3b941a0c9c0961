#include "crypto/openssl/trust_store.h"
#include "crypto/openssl/asn1_time.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>

#include "crypto/openssl/key_numbers.h"

namespace lockstep::crypto {
namespace {

using UniqueStore = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using UniqueStoreContext = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
using UniqueRevocationList = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;

void free_certificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using UniqueStack = std::unique_ptr<STACK_OF(X509), Release<free_certificates>>;

/// Signatures and keys of at least 112 bits of security: no SHA-1, no RSA below 2048 bits (SP 800-57 part 1).
constexpr int kSecurityLevel = 2;

class OpensslTrustStore final : public TrustStore {
 public:
  explicit OpensslTrustStore(UniqueStore store) : store_(std::move(store)) {}
  X509_STORE* store() const { return store_.get(); }
  void set_digest(const RunningHash& hash) { hash.digest(digest_); }

 private:
  UniqueStore store_;
};

UniqueBio reader(std::string_view text) {
  return UniqueBio(text.size() > INT_MAX ? nullptr : BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

template <class T>
std::vector<std::uint8_t> der_of(const T* object, int (*encode)(const T*, unsigned char**)) {
  unsigned char* der = nullptr;
  const int size = encode(object, &der);
  std::vector<std::uint8_t> bytes(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return bytes;
}

/// True when `bio` has no further PEM block, rather than a damaged one.
bool at_end() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

std::string add_authorities(std::string_view pem, OpensslTrustStore& trust, RunningHash& hash,
                            LoadedTrustStore& loaded) {
  const UniqueBio bio = reader(pem);
  if (bio == nullptr) return "it is too large";
  for (;;) {
    const UniqueCertificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) {
      if (!at_end()) return "authority " + std::to_string(loaded.authorities + 1) + " is damaged; copy the file again";
      break;
    }
    if (X509_check_ca(certificate.get()) == 0)
      return "certificate " + std::to_string(loaded.authorities + 1) +
             " is not that of an authority (basicConstraints CA:TRUE); name the file with those that issue";
    if (X509_STORE_add_cert(trust.store(), certificate.get()) != 1) return "libcrypto refuses an authority";
    hash.update(der_of(certificate.get(), i2d_X509));
    loaded.names.push_back(der_of(X509_get_subject_name(certificate.get()), i2d_X509_NAME));
    ++loaded.authorities;
  }
  return loaded.authorities != 0
             ? std::string()
             : "no certificate in PEM form in it ('-----BEGIN CERTIFICATE-----'); name the file with "
               "the authorities' certificates";
}

std::string add_revocation_lists(std::string_view text, OpensslTrustStore& trust, RunningHash& hash,
                                 LoadedTrustStore& loaded) {
  const bool pem = text.find("-----BEGIN") != std::string_view::npos;
  const UniqueBio bio = reader(text);
  if (bio == nullptr) return "a revocation list is too large";
  for (std::size_t count = 0;; ++count) {
    const UniqueRevocationList list(pem          ? PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)
                                    : count == 0 ? d2i_X509_CRL_bio(bio.get(), nullptr)
                                                 : nullptr);
    if (list == nullptr) {
      if (count != 0 && (!pem || at_end())) return {};
      ERR_clear_error();
      return "a revocation list cannot be read; it must be an X.509 CRL in PEM or DER form";
    }
    if (X509_STORE_add_crl(trust.store(), list.get()) != 1) return "libcrypto refuses a revocation list";
    hash.update(der_of(list.get(), i2d_X509_CRL));
    ++loaded.revocation_lists;
  }
}

ChainVerdict verdict_of(int error) {
  switch (error) {
    case X509_V_OK:
      return ChainVerdict::valid;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_CERT_UNTRUSTED:
      return ChainVerdict::unknown_authority;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return ChainVerdict::expired;
    case X509_V_ERR_CERT_REVOKED:
      return ChainVerdict::revoked;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return ChainVerdict::wrong_name;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
      return ChainVerdict::unsupported;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
      return ChainVerdict::malformed;
    default:
      return ChainVerdict::other;
  }
}

/// The certificates of a Certificate message; empty when one does not parse to its exact end.
UniqueStack parse(const VerifyChainJob& job) {
  UniqueStack stack(sk_X509_new_null());
  for (Reader reader(job.certificates); stack != nullptr && reader.remaining() != 0;) {
    const Bytes der = reader.vector24();
    if (job.with_extensions) reader.vector16();
    const unsigned char* at = der.data();
    X509* const certificate = reader.ok() ? d2i_X509(nullptr, &at, static_cast<long>(der.size())) : nullptr;
    if (certificate == nullptr) return nullptr;
    if (sk_X509_push(stack.get(), certificate) == 0) {
      X509_free(certificate);
      return nullptr;
    }
    if (at != der.data() + der.size()) return nullptr;
  }
  return stack != nullptr && sk_X509_num(stack.get()) != 0 ? std::move(stack) : nullptr;
}

void describe(X509* leaf, VerifyChainJob& job) {
  unsigned size = 0;
  X509_digest(leaf, EVP_sha256(), job.fingerprint.data(), &size);
  const UniqueBio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr ||
      X509_NAME_print_ex(bio.get(), X509_get_subject_name(leaf), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
    return;
  const char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  job.subject_size = static_cast<std::uint8_t>(std::min<long>(length, VerifyChainJob::kMaxSubject));
  std::copy_n(text, job.subject_size, job.subject.begin());
}

bool configure(X509_VERIFY_PARAM* parameters, const VerifyChainJob& job) {
  X509_VERIFY_PARAM_set_time(parameters, job.time);
  X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int purpose = job.purpose == ChainPurpose::client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER;
  if (X509_VERIFY_PARAM_set_purpose(parameters, purpose) != 1) return false;
  if (job.server_name.empty()) return true;
  const std::string host(reinterpret_cast<const char*>(job.server_name.data()), job.server_name.size());
  return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1 ||
         X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) == 1;
}

std::int64_t end_of_validity(X509_STORE_CTX* context) {
  std::int64_t first = INT64_MAX;
  const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    std::int64_t end = 0;
    unix_seconds(X509_get0_notAfter(sk_X509_value(chain, i)), end);
    first = std::min(first, end);
  }
  return first;
}

ChainVerdict verify_trust(STACK_OF(X509) * chain, VerifyChainJob& job) {
  X509* const leaf = sk_X509_value(chain, 0);
  const UniqueStoreContext context(X509_STORE_CTX_new());
  X509_STORE* const store = static_cast<const OpensslTrustStore*>(job.trust)->store();
  if (context == nullptr || X509_STORE_CTX_init(context.get(), store, leaf, chain) != 1 ||
      !configure(X509_STORE_CTX_get0_param(context.get()), job))
    return ChainVerdict::other;
  if (X509_verify_cert(context.get()) == 1) {
    job.valid_until = end_of_validity(context.get());
    return ChainVerdict::valid;
  }
  const ChainVerdict verdict = verdict_of(X509_STORE_CTX_get_error(context.get()));
  return verdict == ChainVerdict::valid ? ChainVerdict::other : verdict;
}

ChainVerdict verify(STACK_OF(X509) * chain, VerifyChainJob& job) {
  const ChainVerdict verdict = job.trust != nullptr ? verify_trust(chain, job) : ChainVerdict::valid;
  if (verdict != ChainVerdict::valid) return verdict;
  X509* const leaf = sk_X509_value(chain, 0);
  // RFC 8446 section 4.4.2.2: the key must be allowed to sign when there is a key usage extension at all.
  if ((X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0) return ChainVerdict::unsupported;
  return export_peer_key(X509_get0_pubkey(leaf), job.key) ? ChainVerdict::valid : ChainVerdict::unsupported;
}

}  // namespace

Result<LoadedTrustStore, std::string> load_trust_store(const TrustStoreSource& source) {
  UniqueStore store(X509_STORE_new());
  if (store == nullptr) return Failure{std::string("libcrypto is out of memory")};
  auto trust = std::make_shared<OpensslTrustStore>(std::move(store));
  LoadedTrustStore loaded;
  RunningHash hash;
  if (std::string error = add_authorities(source.authorities, *trust, hash, loaded); !error.empty())
    return Failure{std::move(error)};
  for (const std::string_view list : source.revocation_lists)
    if (std::string error = add_revocation_lists(list, *trust, hash, loaded); !error.empty())
      return Failure{std::move(error)};
  const std::array<std::uint8_t, 1> depth = {static_cast<std::uint8_t>(source.depth)};
  hash.update(depth);
  trust->set_digest(hash);
  // Authorities are trusted as such, self-signed or not.
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST;
  if (loaded.revocation_lists != 0) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  X509_STORE_set_flags(trust->store(), flags);
  X509_STORE_set_depth(trust->store(), source.depth);
  loaded.store = std::move(trust);
  return loaded;
}

JobStatus verify_chain(VerifyChainJob& job) {
  const UniqueStack chain = parse(job);
  if (chain == nullptr) {
    job.verdict = ChainVerdict::malformed;
  } else {
    describe(sk_X509_value(chain.get(), 0), job);
    job.verdict = verify(chain.get(), job);
  }
  ERR_clear_error();
  return JobStatus::ok;
}

}  // namespace lockstep::crypto
