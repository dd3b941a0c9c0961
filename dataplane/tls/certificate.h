// The certificate messages of a credential, ready-made in every form that a client may ask for.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/base/bytes.h"

namespace lockstep::tls {

/// What a client may ask for along with a certificate; forms of the messages name what they need as a set of these.
enum class CertificateExtra : std::uint8_t {
  ocsp_response = 1,  // status_request (RFC 6066 section 8, RFC 8446 section 4.4.2.1)
  sct_list = 2,       // signed_certificate_timestamp (RFC 6962 section 3.3.1)
  zlib = 4,           // compress_certificate (RFC 8879), TLS 1.3 only
  brotli = 8,
};
using CertificateExtras = std::uint8_t;
constexpr CertificateExtras operator|(CertificateExtra a, CertificateExtra b) {
  return static_cast<CertificateExtras>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool contains(CertificateExtras extras, CertificateExtra extra) {
  return (extras & static_cast<unsigned>(extra)) != 0;
}

/// CertificateCompressionAlgorithm (RFC 8879 section 7.3).
enum class CompressionAlgorithm : std::uint16_t { zlib = 1, brotli = 2 };

/// One way to send a certificate: handshake messages, headers included.
struct CertificateForm {
  CertificateExtras needs = 0;
  std::vector<std::uint8_t> messages;
};

/// What the messages are made from.
struct CertificateParts {
  std::vector<std::vector<std::uint8_t>> der_chain;  // leaf first
  std::vector<std::uint8_t> ocsp_response;           // DER (RFC 6960 section 4.2); empty: none
  std::vector<std::uint8_t> sct_list;                // SignedCertificateTimestampList with its length; empty: none
};

/// Longest SCT list that has room in a TLS 1.2 ServerHello: four of usual size.
constexpr std::size_t kMaxSctListTls12 = 512;

/// All forms, best first; the last needs nothing. Immutable once it is used.
struct CertificateMessages {
  /// Certificate (RFC 8446 section 4.4.2) with an empty context and the leaf's extensions, or CompressedCertificate.
  std::vector<CertificateForm> tls13;
  /// Certificate (RFC 5246 section 7.4.2), and CertificateStatus behind it where an OCSP response was asked for.
  std::vector<CertificateForm> tls12;
  /// For the ServerHello of TLS 1.2; empty: none.
  std::vector<std::uint8_t> sct_list_tls12;

  /// Bytes of memory that they take.
  std::size_t size() const;
};

/// Makes all forms but the compressed ones.
CertificateMessages make_certificate_messages(const CertificateParts& parts);

/// Adds the CompressedCertificate form (RFC 8879 section 4) of `plain`, one of messages.tls13: `compressed` is what
/// `algorithm` made of its body, the message without its header. Only forms that are shorter than the plain one are
/// worth adding; of several for one plain form the shortest is preferred.
void add_compressed(CertificateMessages& messages, CertificateExtras plain, CompressionAlgorithm algorithm,
                    Bytes compressed);

/// The best form for a client that asks for `asked`.
const CertificateForm& choose_form(const std::vector<CertificateForm>& forms, CertificateExtras asked);

}  // namespace lockstep::tls
