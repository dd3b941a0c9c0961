// Certificate compression (RFC 8879), done once per certificate.
#pragma once

#include "dataplane/tls/certificate.h"

namespace lockstep::certs {

/// Adds to `messages` what zlib and brotli make of each of its plain TLS 1.3 forms, where that is shorter.
void compress(tls::CertificateMessages& messages);

}  // namespace lockstep::certs
