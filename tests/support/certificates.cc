#include "tests/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <memory>

#include "tests/support/openssl_objects.h"

namespace lockstep::test {
namespace {

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string content(const Bio& bio) {
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Key read_key(const std::string& pem) {
  Key key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, nullptr));
  require(key != nullptr, "test key");
  return key;
}

void extend(X509* certificate, X509* issuer, int extension, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>> made(
      X509V3_EXT_conf_nid(nullptr, &context, extension, value.c_str()));
  require(made != nullptr && X509_add_ext(certificate, made.get(), -1) == 1, "test certificate extension");
}

}  // namespace

std::string make_key(const std::string& type, unsigned bits) {
  const bool curve = type.rfind("P-", 0) == 0;
  const Key key(curve           ? EVP_EC_gen(type.c_str())
                : type == "RSA" ? EVP_RSA_gen(bits)
                                : EVP_PKEY_Q_keygen(nullptr, nullptr, type.c_str()));
  require(key != nullptr, "test key");
  const Bio bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "test key PEM");
  return content(bio);
}

const std::string& rsa_2048_key() {
  static const std::string key = make_key("RSA");
  return key;
}

std::string make_certificate(const CertificateRequest& request, const Issuer* issuer) {
  static std::atomic<long> serial{1};
  const Key key = read_key(request.key_pem);
  const Certificate certificate(X509_new());
  X509* const x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x509), request.not_before);
  X509_gmtime_adj(X509_getm_notAfter(x509), request.not_after);
  X509_set_pubkey(x509, key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()), -1, -1, 0);
  Certificate issuer_certificate;
  Key issuer_key;
  if (issuer != nullptr) {
    issuer_certificate.reset(PEM_read_bio_X509(reader(issuer->certificate_pem).get(), nullptr, nullptr, nullptr));
    issuer_key = read_key(issuer->key_pem);
  }
  X509* const signer = issuer == nullptr ? x509 : issuer_certificate.get();
  EVP_PKEY* const signing_key = issuer == nullptr ? key.get() : issuer_key.get();
  X509_set_issuer_name(x509, X509_get_subject_name(signer));
  extend(x509, signer, NID_basic_constraints, request.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  extend(x509, signer, NID_key_usage,
         request.authority ? "critical,keyCertSign,cRLSign,digitalSignature" : request.key_usage);
  extend(x509, signer, NID_ext_key_usage, request.extended_key_usage);
  extend(x509, signer, NID_subject_alt_name, request.alt_names);
  if (!request.ocsp_url.empty()) extend(x509, signer, NID_info_access, "OCSP;URI:" + request.ocsp_url);
  if (request.must_staple) extend(x509, signer, NID_tlsfeature, "status_request");
  const EVP_MD* const digest = EVP_PKEY_is_a(signing_key, "ED25519") == 1 ? nullptr : EVP_sha256();
  require(X509_sign(x509, signing_key, digest) > 0, "test certificate signature");
  const Bio bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), x509) == 1, "test certificate PEM");
  return content(bio);
}

Issuer make_authority(const std::string& common_name) {
  CertificateRequest request;
  request.key_pem = make_key("P-256");
  request.common_name = common_name;
  request.alt_names.clear();
  request.extended_key_usage.clear();
  request.authority = true;
  return {make_certificate(request), request.key_pem};
}

std::string make_revocation_list(const Issuer& issuer, const std::string& revoked) {
  const auto read = [](const std::string& pem) {
    return Certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
  };
  const std::unique_ptr<X509_CRL, Release<X509_CRL_free>> list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(read(issuer.certificate_pem).get()));
  const std::unique_ptr<ASN1_TIME, Release<ASN1_TIME_free>> before(X509_gmtime_adj(nullptr, -60));
  const std::unique_ptr<ASN1_TIME, Release<ASN1_TIME_free>> after(X509_gmtime_adj(nullptr, 24L * 3600));
  X509_CRL_set1_lastUpdate(list.get(), before.get());
  X509_CRL_set1_nextUpdate(list.get(), after.get());
  if (!revoked.empty()) {
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(read(revoked).get()));
    X509_REVOKED_set_revocationDate(entry, before.get());
    X509_CRL_add0_revoked(list.get(), entry);
  }
  require(X509_CRL_sign(list.get(), read_key(issuer.key_pem).get(), EVP_sha256()) > 0, "test revocation list");
  const Bio bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1, "test revocation list PEM");
  return content(bio);
}

}  // namespace lockstep::test
