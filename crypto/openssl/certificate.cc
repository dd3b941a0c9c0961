#include "crypto/openssl/certificate.h"
#include "crypto/openssl/asn1_time.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <climits>
#include <map>
#include <mutex>

#include "crypto/openssl/key.h"

namespace lockstep::crypto {

struct KnownIssuers::State {
  std::mutex mutex;
  std::map<std::string, UniqueCertificate, std::less<>> certificates;  // by their DER
};

namespace {

/// More than any authority has intermediates; a bound for folders in which each chain has its own.
constexpr std::size_t kMaxKnownIssuers = 256;

using Certificates = std::vector<UniqueCertificate>;
/// Empty when all is well, else what is wrong.
using Complaint = std::string;

std::string name_of(const X509_NAME* name) {
  const UniqueBio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// "certificate 2 (CN=name)".
std::string label(const Certificates& certificates, std::size_t index) {
  return "certificate " + std::to_string(index + 1) + " (" + name_of(X509_get_subject_name(certificates[index].get())) +
         ")";
}

/// A block of PEM: its label and what it encodes, which may be a key.
struct Block {
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  bool is_certificate() const {
    const std::string_view name(label);
    return name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD;
  }
  Bytes bytes() const { return {data, static_cast<std::size_t>(size)}; }

  char* label = nullptr;
  char* header = nullptr;
  std::uint8_t* data = nullptr;
  long size = 0;
};

UniqueCertificate decode(Bytes der) {
  const std::uint8_t* at = der.data();
  UniqueCertificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return at == der.data() + der.size() ? std::move(certificate) : nullptr;
}

/// From `issuers` if it is there, and into them if it was not.
UniqueCertificate find_or_decode(Bytes der, KnownIssuers* issuers) {
  if (issuers == nullptr) return decode(der);
  KnownIssuers::State& state = issuers->state();
  const std::string_view key(reinterpret_cast<const char*>(der.data()), der.size());
  const std::lock_guard lock(state.mutex);
  auto found = state.certificates.find(key);
  if (found == state.certificates.end()) {
    UniqueCertificate fresh = decode(der);
    if (fresh == nullptr || state.certificates.size() == kMaxKnownIssuers) return fresh;
    found = state.certificates.emplace(key, std::move(fresh)).first;
  }
  X509_up_ref(found->second.get());
  return UniqueCertificate(found->second.get());
}

Complaint parse(std::string_view pem, KnownIssuers* issuers, Certificates& certificates) {
  const UniqueBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return "libcrypto is out of memory";
  for (;;) {
    Block block;
    const bool read = PEM_read_bio(bio.get(), &block.label, &block.header, &block.data, &block.size) == 1;
    if (!read) {
      const unsigned long error = ERR_peek_last_error();
      ERR_clear_error();
      if (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) break;
    } else if (!block.is_certificate()) {
      continue;
    }
    UniqueCertificate next;
    if (read) next = certificates.empty() ? decode(block.bytes()) : find_or_decode(block.bytes(), issuers);
    ERR_clear_error();
    if (next == nullptr)
      return "certificate " + std::to_string(certificates.size() + 1) +
             " is damaged: what stands between its BEGIN and END lines cannot be decoded; copy the file again";
    if (certificates.size() == kMaxChain)
      return "more than " + std::to_string(kMaxChain) +
             " certificates in it; keep the server's certificate and its intermediates only";
    certificates.push_back(std::move(next));
  }
  if (!certificates.empty()) return {};
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos)
    return "there is a private key but no certificate in it; name the file that has '-----BEGIN CERTIFICATE-----'";
  return "no certificate in PEM form in it ('-----BEGIN CERTIFICATE-----'); convert other forms with "
         "'openssl x509 -inform DER -in CERT -out CERT.pem'";
}

/// RFC 8446 section 4.4.2: each certificate directly certifies the one before it.
Complaint check_order(const Certificates& certificates) {
  for (std::size_t i = 0; i + 1 < certificates.size(); ++i) {
    X509* const subject = certificates[i].get();
    X509* const issuer = certificates[i + 1].get();
    if (X509_check_issued(issuer, subject) != X509_V_OK)
      return label(certificates, i + 1) + " did not issue " + label(certificates, i) +
             "; put the server's certificate first, then each issuer in turn, and leave out what does not belong";
    if (X509_verify(subject, X509_get0_pubkey(issuer)) != 1) {
      ERR_clear_error();
      return label(certificates, i) + " is not signed by the key of " + label(certificates, i + 1) +
             " though the names fit; get the issuer's certificate that belongs to it";
    }
  }
  return {};
}

Complaint describe_key(const EVP_PKEY* pkey, CertificateChain& chain) {
  chain.key_bits = static_cast<unsigned>(EVP_PKEY_get_bits(pkey));
  const int base = EVP_PKEY_get_base_id(pkey);
  if (base == EVP_PKEY_RSA) {
    chain.key_type = KeyType::rsa;
    if (chain.key_bits >= 2048 && chain.key_bits <= 4096) return {};
    return "its RSA key has " + std::to_string(chain.key_bits) + " bits; use 2048 to 4096 bits";
  }
  if (base == EVP_PKEY_ED25519) {
    chain.key_type = KeyType::ed25519;
    chain.key_bits = 255;
    return {};
  }
  char curve[64] = {};
  std::size_t size = 0;
  if (base == EVP_PKEY_EC) EVP_PKEY_get_group_name(pkey, curve, sizeof curve, &size);
  const std::string_view name(curve, size);
  chain.key_type = name == "prime256v1" ? KeyType::ecdsa_p256 : KeyType::ecdsa_p384;
  if (name == "prime256v1" || name == "secp384r1") return {};
  return "its key can be used by no signature scheme here; use RSA, ECDSA P-256 or P-384, or Ed25519";
}

Complaint read_names(X509* certificate, CertificateChain& chain) {
  const std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const entry = sk_GENERAL_NAME_value(names.get(), i);
    if (entry->type != GEN_DNS) continue;
    std::string name;
    for (int at = 0; at < ASN1_STRING_length(entry->d.dNSName); ++at) {
      const unsigned char c = ASN1_STRING_get0_data(entry->d.dNSName)[at];
      if (c <= ' ' || c >= 0x7f) return "a DNS name in it holds a character that no host name has; get it issued again";
      name.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
    }
    chain.dns_names.push_back(std::move(name));
  }
  return {};
}

/// Responders by HTTP (RFC 6960 appendix A).
void read_ocsp_urls(X509* certificate, CertificateChain& chain) {
  STACK_OF(OPENSSL_STRING)* const urls = X509_get1_ocsp(certificate);
  for (int i = 0; i < sk_OPENSSL_STRING_num(urls); ++i) chain.ocsp_urls.emplace_back(sk_OPENSSL_STRING_value(urls, i));
  X509_email_free(urls);
}

/// Whether the TLS feature status_request is required (RFC 7633 section 4.2.2).
bool is_must_staple(X509* certificate) {
  constexpr long kStatusRequest = 5;
  const std::unique_ptr<TLS_FEATURE, Release<TLS_FEATURE_free>> features(
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(certificate, NID_tlsfeature, nullptr, nullptr)));
  for (int i = 0; features != nullptr && i < sk_ASN1_INTEGER_num(features.get()); ++i)
    if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == kStatusRequest) return true;
  return false;
}

std::vector<std::uint8_t> der_of(X509* certificate) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return {};
  const std::vector<std::uint8_t> bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

Complaint describe(X509* certificate, CertificateChain& chain) {
  chain.subject = name_of(X509_get_subject_name(certificate));
  if (!unix_seconds(X509_get0_notBefore(certificate), chain.not_before) ||
      !unix_seconds(X509_get0_notAfter(certificate), chain.not_after))
    return "its validity cannot be read; get it issued again";
  const EVP_PKEY* const pkey = X509_get0_pubkey(certificate);
  if (pkey == nullptr) return "its public key cannot be read; get it issued again";
  if (Complaint complaint = describe_key(pkey, chain); !complaint.empty()) return complaint;
  // RFC 8446 section 4.4.2.2: the key must be allowed to sign when there is a key usage extension at all.
  if ((X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0)
    return "its key usage does not allow digital signatures; get it issued with digitalSignature";
  // RFC 5246 section 7.4.2; all bits are set where there is no such extension.
  chain.key_encipherment = (X509_get_key_usage(certificate) & KU_KEY_ENCIPHERMENT) != 0;
  const std::uint32_t purposes = X509_get_extended_key_usage(certificate);
  chain.for_servers = purposes == UINT32_MAX || (purposes & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
  chain.for_clients = purposes == UINT32_MAX || (purposes & (XKU_SSL_CLIENT | XKU_ANYEKU)) != 0;
  if (!chain.for_servers && !chain.for_clients)
    return "its extended key usage allows neither TLS servers nor clients; get it issued with serverAuth or clientAuth";
  std::uint8_t* der = nullptr;
  // As it stands in the certificate: libcrypto's encoders are slow to set up.
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size > 0) chain.public_key_info.assign(der, der + size);
  OPENSSL_free(der);
  if (size <= 0) return "its public key cannot be read; get it issued again";
  read_ocsp_urls(certificate, chain);
  chain.must_staple = is_must_staple(certificate);
  return read_names(certificate, chain);
}

}  // namespace

KnownIssuers::KnownIssuers() : state_(std::make_unique<State>()) {}
KnownIssuers::~KnownIssuers() = default;

Result<CertificateChain, std::string> load_certificate_chain(std::string_view pem, KnownIssuers* issuers) {
  if (pem.size() > INT_MAX) return Failure{std::string("the file is too large for a certificate chain")};
  Certificates certificates;
  if (Complaint complaint = parse(pem, issuers, certificates); !complaint.empty()) return Failure{std::move(complaint)};
  CertificateChain chain;
  if (const Complaint complaint = describe(certificates.front().get(), chain); !complaint.empty()) {
    ERR_clear_error();
    return Failure{label(certificates, 0) + ": " + complaint};
  }
  if (Complaint complaint = check_order(certificates); !complaint.empty()) return Failure{std::move(complaint)};
  if (certificates.size() > 1) chain.issuer_der = der_of(certificates[1].get());
  chain.root_left_out = certificates.size() > 1 && X509_self_signed(certificates.back().get(), 0) == 1;
  const std::size_t sent = certificates.size() - (chain.root_left_out ? 1 : 0);
  for (std::size_t i = 0; i < sent; ++i) {
    chain.der.push_back(der_of(certificates[i].get()));
    if (chain.der.back().empty()) return Failure{std::string("libcrypto is out of memory")};
    chain.subjects.push_back(name_of(X509_get_subject_name(certificates[i].get())));
  }
  chain.subjects.push_back(name_of(X509_get_issuer_name(certificates[sent - 1].get())));
  return chain;
}

Result<std::vector<std::uint8_t>, std::string> load_issuer(const CertificateChain& chain, std::string_view pem) {
  if (pem.size() > INT_MAX) return Failure{std::string("the file is too large for a certificate")};
  Certificates certificates;
  if (Complaint complaint = parse(pem, nullptr, certificates); !complaint.empty()) return Failure{std::move(complaint)};
  UniqueCertificate leaf = decode(chain.der.front());
  if (leaf == nullptr) return Failure{std::string("libcrypto is out of memory")};
  certificates.insert(certificates.begin(), std::move(leaf));
  certificates.resize(2);
  if (Complaint complaint = check_order(certificates); !complaint.empty()) return Failure{std::move(complaint)};
  return der_of(certificates[1].get());
}

bool key_matches(const CertificateChain& chain, const PrivateKey& key) {
  return key.type() == chain.key_type && static_cast<const OpensslKey&>(key).has_public_half(chain.public_key_info);
}

}  // namespace lockstep::crypto
