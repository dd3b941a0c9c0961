#include "control/certs/authority.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "crypto/base/secret.h"
#include "crypto/openssl/handles.h"

namespace lockstep::certs {
namespace {

using crypto::UniqueBio;
using crypto::UniqueCertificate;
using crypto::UniquePkey;

struct ExtensionDeleter {
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};

std::string libcrypto_error(const std::string& what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return what + ": " + text.data();
}

UniquePkey make_key(crypto::KeyType type, unsigned rsa_bits) {
  switch (type) {
    case crypto::KeyType::rsa:
      return UniquePkey(EVP_RSA_gen(rsa_bits));
    case crypto::KeyType::ecdsa_p256:
      return UniquePkey(EVP_EC_gen("P-256"));
    case crypto::KeyType::ecdsa_p384:
      return UniquePkey(EVP_EC_gen("P-384"));
    case crypto::KeyType::ed25519:
      break;
  }
  return UniquePkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, ExtensionDeleter> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// RFC 5280 section 4.1.2.2: unique and hard to guess, at most 20 octets.
bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);
  const crypto::UniqueBignum number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509_NAME* name, const std::string& common_name) {
  const std::string cut = common_name.substr(0, 64);  // ub-common-name
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(cut.data()),
                                    static_cast<int>(cut.size()), -1, 0) == 1;
}

UniqueCertificate start_certificate(EVP_PKEY* key, const std::string& name, std::int64_t not_before,
                                    std::int64_t not_after) {
  UniqueCertificate certificate(X509_new());
  if (certificate == nullptr || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !set_serial(certificate.get()) || ASN1_TIME_set(X509_getm_notBefore(certificate.get()), not_before) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate.get()), not_after) == nullptr ||
      !set_name(X509_get_subject_name(certificate.get()), name) || X509_set_pubkey(certificate.get(), key) != 1)
    return nullptr;
  return certificate;
}

std::string alternative_names(const Request& request) {
  std::string value;
  for (const std::string& name : request.dns_names) value += (value.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& ip : request.ip_addresses) value += (value.empty() ? "IP:" : ",IP:") + ip;
  return value;
}

std::string pem_of(X509* certificate) {
  const UniqueBio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1) return {};
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string system_error(const std::string& path) {
  return "cannot write " + path + ": " + std::generic_category().message(errno);
}

/// Through libcrypto's own descriptor, so that no copy of the key is left in our memory.
std::string write_key(const std::string& path, EVP_PKEY* key) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(temporary);
  const UniqueBio bio(BIO_new_fd(fd, BIO_CLOSE));
  if (bio == nullptr || PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return libcrypto_error("cannot write " + path);
  if (rename(temporary.c_str(), path.c_str()) != 0) return system_error(path);
  return {};
}

}  // namespace

struct Authority::State {
  UniquePkey key;
  UniqueCertificate certificate;
};

Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<Authority, std::string> Authority::create(const std::string& name, std::int64_t not_before,
                                                 std::int64_t not_after) {
  auto state = std::make_unique<State>();
  state->key = make_key(crypto::KeyType::ecdsa_p256, 0);
  if (state->key == nullptr) return Failure{libcrypto_error("cannot make the authority's key")};
  state->certificate = start_certificate(state->key.get(), name, not_before, not_after);
  X509* const certificate = state->certificate.get();
  if (certificate == nullptr || !set_name(X509_get_issuer_name(certificate), name) ||
      !add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(certificate, certificate, NID_subject_key_identifier, "hash") ||
      X509_sign(certificate, state->key.get(), EVP_sha256()) == 0)
    return Failure{libcrypto_error("cannot make the authority's certificate")};
  return Authority(std::move(state));
}

std::string Authority::certificate_pem() const {
  return pem_of(state_->certificate.get());
}

std::string Authority::issue(const Request& request, const std::string& chain_path, const std::string& key_path) const {
  const UniquePkey key = make_key(request.key_type, request.rsa_bits);
  if (key == nullptr) return libcrypto_error("cannot make a key");
  X509* const issuer = state_->certificate.get();
  const std::string name = request.dns_names.empty() ? "lockstep" : request.dns_names.front();
  const UniqueCertificate certificate = start_certificate(key.get(), name, request.not_before, request.not_after);
  const std::string names = alternative_names(request);
  // The second for the RSA key exchange of TLS 1.2 (RFC 5246 section 7.4.2).
  const bool rsa = request.key_type == crypto::KeyType::rsa;
  const std::string usage = rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
  if (certificate == nullptr || X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) != 1 ||
      !add_extension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate.get(), issuer, NID_key_usage, usage) ||
      !add_extension(certificate.get(), issuer, NID_ext_key_usage, "serverAuth") ||
      !add_extension(certificate.get(), issuer, NID_subject_key_identifier, "hash") ||
      !add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always") ||
      (!names.empty() && !add_extension(certificate.get(), issuer, NID_subject_alt_name, names)) ||
      X509_sign(certificate.get(), state_->key.get(), EVP_sha256()) == 0)
    return libcrypto_error("cannot make the certificate for " + name);
  if (std::string error = write_key(key_path, key.get()); !error.empty()) return error;
  return write_file(chain_path, pem_of(certificate.get()), 0644);
}

std::string write_file(const std::string& path, const std::string& text, unsigned mode) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return system_error(temporary);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(fd, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    written += static_cast<std::size_t>(n);
  }
  const bool complete = written == text.size() && close(fd) == 0;
  if (!complete || rename(temporary.c_str(), path.c_str()) != 0) return system_error(path);
  return {};
}

}  // namespace lockstep::certs
