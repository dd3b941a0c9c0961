#include "tests/support/ocsp.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include <memory>

#include "tests/support/openssl_objects.h"

namespace lockstep::test {
namespace {

using Time = std::unique_ptr<ASN1_TIME, Release<ASN1_TIME_free>>;
using Response = std::unique_ptr<OCSP_RESPONSE, Release<OCSP_RESPONSE_free>>;
using Basic = std::unique_ptr<OCSP_BASICRESP, Release<OCSP_BASICRESP_free>>;
using Id = std::unique_ptr<OCSP_CERTID, Release<OCSP_CERTID_free>>;

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate certificate_of(const std::string& pem) {
  Certificate certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
  require(certificate != nullptr, "test certificate");
  return certificate;
}

std::vector<std::uint8_t> der_of(OCSP_RESPONSE* response) {
  std::uint8_t* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &der);
  require(size > 0, "test OCSP response");
  std::vector<std::uint8_t> bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

int code_of(OcspAnswer::Status status) {
  if (status == OcspAnswer::Status::good) return V_OCSP_CERTSTATUS_GOOD;
  return status == OcspAnswer::Status::revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_UNKNOWN;
}

}  // namespace

std::vector<std::uint8_t> make_ocsp_response(const std::string& leaf_pem, const Issuer& issuer, const Issuer& responder,
                                             const OcspAnswer& answer) {
  const Certificate leaf = certificate_of(leaf_pem), authority = certificate_of(issuer.certificate_pem);
  const Certificate signer = certificate_of(responder.certificate_pem);
  const Key key(PEM_read_bio_PrivateKey(reader(responder.key_pem).get(), nullptr, nullptr, nullptr));
  const Basic basic(OCSP_BASICRESP_new());
  const Id id(OCSP_cert_to_id(EVP_sha1(), leaf.get(), authority.get()));
  const Time this_update(X509_gmtime_adj(nullptr, answer.this_update));
  const Time next_update(X509_gmtime_adj(nullptr, answer.next_update));
  const bool revoked = answer.status == OcspAnswer::Status::revoked;
  require(OCSP_basic_add1_status(basic.get(), id.get(), code_of(answer.status), OCSP_REVOKED_STATUS_UNSPECIFIED,
                                 revoked ? this_update.get() : nullptr, this_update.get(),
                                 answer.has_next_update ? next_update.get() : nullptr) != nullptr,
          "test OCSP status");
  require(OCSP_basic_sign(basic.get(), signer.get(), key.get(), EVP_sha256(), nullptr, 0) == 1, "test OCSP signature");
  const Response response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  return der_of(response.get());
}

std::vector<std::uint8_t> make_ocsp_error() {
  const Response response(OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, nullptr));
  return der_of(response.get());
}

}  // namespace lockstep::test
