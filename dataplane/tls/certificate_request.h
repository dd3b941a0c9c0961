// The CertificateRequest message as a client sees it (RFC 8446 section 4.3.2).
#pragma once

#include "dataplane/tls/client_hello.h"
#include "dataplane/tls/client_offer.h"

namespace lockstep::tls {

/// Reads the body: malformed_message; illegal_parameter when the context is not empty, as it is in a handshake;
/// duplicate_extension; misplaced_extension; missing_extension without `signature_algorithms`. Unknown extensions are
/// passed over.
Error read_certificate_request_tls13(Bytes body, const ClientOffer& offer, CodePoints& signature_algorithms);

/// The same of TLS 1.2 (RFC 5246 section 7.4.4): malformed_message. Types of certificates and authorities are passed
/// over.
Error read_certificate_request_tls12(Bytes body, CodePoints& signature_algorithms);

}  // namespace lockstep::tls
