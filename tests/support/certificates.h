// Keys and certificates for tests, made on the spot.
#pragma once

#include <string>
#include <vector>

namespace lockstep::test {

/// A new private key as PKCS #8 PEM. `type`: "RSA" (with `bits`), "P-256", "P-384", "P-521", "ED25519".
std::string make_key(const std::string& type, unsigned bits = 2048);
/// An RSA-2048 key, made once per process.
const std::string& rsa_2048_key();

struct Issuer {
  std::string certificate_pem;
  std::string key_pem;
};

/// What shall stand in a certificate.
struct CertificateRequest {
  std::string key_pem;
  std::string common_name = "test";
  std::string alt_names = "DNS:example.org";            // subjectAltName in libcrypto's notation; empty: none
  std::string key_usage = "critical,digitalSignature";  // empty: none
  std::string extended_key_usage = "serverAuth";        // empty: none
  std::string ocsp_url;                                 // authorityInfoAccess; empty: none
  bool must_staple = false;                             // TLS feature status_request (RFC 7633)
  bool authority = false;                               // basicConstraints CA:TRUE, may sign certificates
  long not_before = -3600;                              // seconds from now
  long not_after = 24 * 3600;                           // seconds from now
};

/// The certificate as PEM; signed by its own key without `issuer`.
std::string make_certificate(const CertificateRequest& request, const Issuer* issuer = nullptr);
/// A certificate authority with a new P-256 key.
Issuer make_authority(const std::string& common_name);
/// A revocation list of `issuer` as PEM that names the certificate `revoked`, or nothing when that is empty.
std::string make_revocation_list(const Issuer& issuer, const std::string& revoked);

}  // namespace lockstep::test
