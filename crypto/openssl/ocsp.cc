#include "crypto/openssl/ocsp.h"
#include "crypto/openssl/asn1_time.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "crypto/openssl/handles.h"

namespace lockstep::crypto {
namespace {

using UniqueRequest = std::unique_ptr<OCSP_REQUEST, Release<OCSP_REQUEST_free>>;
using UniqueResponse = std::unique_ptr<OCSP_RESPONSE, Release<OCSP_RESPONSE_free>>;
using UniqueBasic = std::unique_ptr<OCSP_BASICRESP, Release<OCSP_BASICRESP_free>>;
using UniqueId = std::unique_ptr<OCSP_CERTID, Release<OCSP_CERTID_free>>;
using UniqueStore = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;

/// Clears libcrypto's error queue when it goes.
struct ErrorScope {
  ErrorScope() = default;
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
  ~ErrorScope() { ERR_clear_error(); }
};

UniqueCertificate parse_certificate(Bytes der) {
  const unsigned char* at = der.data();
  return UniqueCertificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

/// Whether `basic` is signed by `issuer` or by one that it delegated. The issuer is all that is trusted, whoever issued
/// it, and the only one who may have issued the responder.
bool is_signed(OCSP_BASICRESP* basic, X509* issuer, std::int64_t now) {
  const UniqueStore store(X509_STORE_new());
  if (store == nullptr || X509_STORE_add_cert(store.get(), issuer) != 1) return false;
  X509_VERIFY_PARAM* const parameters = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters, now);
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> candidates(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  if (candidates == nullptr || sk_X509_push(candidates.get(), issuer) == 0) return false;
  return OCSP_basic_verify(basic, candidates.get(), store.get(), 0) == 1;
}

/// By the digest that the response itself names its certificates with.
int find_single(OCSP_BASICRESP* basic, X509* leaf, X509* issuer) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i) {
    const auto* const id = OCSP_SINGLERESP_get0_id(OCSP_resp_get0(basic, i));
    ASN1_OBJECT* algorithm = nullptr;
    OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
    const EVP_MD* const digest = EVP_get_digestbyobj(algorithm);
    if (digest == nullptr) continue;
    const UniqueId own(OCSP_cert_to_id(digest, leaf, issuer));
    if (own != nullptr && OCSP_id_cmp(own.get(), id) == 0) return i;
  }
  return -1;
}

Result<OcspStatus, std::string> read_single(OCSP_SINGLERESP* single, std::int64_t now) {
  ASN1_GENERALIZEDTIME *revoked = nullptr, *this_update = nullptr, *next_update = nullptr;
  const int code = OCSP_single_get0_status(single, nullptr, &revoked, &this_update, &next_update);
  OcspStatus status;
  if (!unix_seconds(this_update, status.this_update) ||
      (next_update != nullptr && !unix_seconds(next_update, status.next_update)))
    return Failure{std::string("the OCSP response has dates that cannot be read; ask the responder again")};
  if (status.this_update > now + kOcspClockSkewSeconds)
    return Failure{std::string("the OCSP response is from the future; check the clock of this machine")};
  if (next_update != nullptr && status.next_update <= now)
    return Failure{std::string("the OCSP response is past its next update; get a new one")};
  if (code == V_OCSP_CERTSTATUS_GOOD) status.verdict = OcspStatus::Verdict::good;
  if (code == V_OCSP_CERTSTATUS_REVOKED) {
    status.verdict = OcspStatus::Verdict::revoked;
    unix_seconds(revoked, status.revoked_at);
  }
  return status;
}

}  // namespace

std::vector<std::uint8_t> make_ocsp_request(Bytes leaf_der, Bytes issuer_der) {
  const ErrorScope errors;
  const UniqueCertificate leaf = parse_certificate(leaf_der), issuer = parse_certificate(issuer_der);
  const UniqueRequest request(OCSP_REQUEST_new());
  if (leaf == nullptr || issuer == nullptr || request == nullptr) return {};
  UniqueId id(OCSP_cert_to_id(EVP_sha1(), leaf.get(), issuer.get()));
  if (id == nullptr || OCSP_request_add0_id(request.get(), id.get()) == nullptr) return {};
  [[maybe_unused]] const OCSP_CERTID* const taken = id.release();  // the request's now
  std::uint8_t* der = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &der);
  if (size <= 0) return {};
  const std::vector<std::uint8_t> bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

Result<OcspStatus, std::string> check_ocsp_response(Bytes response_der, Bytes leaf_der, Bytes issuer_der,
                                                    std::int64_t now) {
  const ErrorScope errors;
  const UniqueCertificate leaf = parse_certificate(leaf_der), issuer = parse_certificate(issuer_der);
  if (leaf == nullptr || issuer == nullptr) return Failure{std::string("the certificates cannot be read")};
  const unsigned char* at = response_der.data();
  const UniqueResponse response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response_der.size())));
  if (response == nullptr || at != response_der.data() + response_der.size())
    return Failure{std::string("this is no OCSP response in DER; get one, for instance with 'openssl ocsp -respout'")};
  const int outcome = OCSP_response_status(response.get());
  if (outcome != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return Failure{std::string("the OCSP responder answered with an error (") + OCSP_response_status_str(outcome) +
                   "); ask it again later"};
  const UniqueBasic basic(OCSP_response_get1_basic(response.get()));
  if (basic == nullptr) return Failure{std::string("the OCSP response is of an unknown kind; ask another responder")};
  const int index = find_single(basic.get(), leaf.get(), issuer.get());
  if (index < 0)
    return Failure{std::string("the OCSP response is about another certificate; get the one of this certificate")};
  if (!is_signed(basic.get(), issuer.get(), now))
    return Failure{
        std::string("the OCSP response is not signed by the certificate's issuer or its responder; check "
                    "which responder answered")};
  return read_single(OCSP_resp_get0(basic.get(), index), now);
}

}  // namespace lockstep::crypto
