// What only makes sense together: names, addresses, routes, services and their certificates.
#pragma once

#include <vector>

#include "control/certs/loaded_certificate.h"
#include "control/config/config.h"
#include "control/config/diagnostics.h"

namespace lockstep::config {

/// Checks `config` as far as it can be checked without opening anything; `certificates` are its loaded certificates, in
/// order.
void validate(const Config& config, const std::vector<certs::LoadedCertificate>& certificates,
              Diagnostics& diagnostics);

/// The parts of it.
void validate_general(const Config& config, Diagnostics& diagnostics);
void validate_tickets(const Config& config, Diagnostics& diagnostics);
void validate_ports(const Config& config, Diagnostics& diagnostics);
void validate_services(const Config& config, const std::vector<certs::LoadedCertificate>& loaded,
                       Diagnostics& diagnostics);

/// Whether a TLS 1.2 suite can be used with this certificate's key (RFC 8422 section 5.10: Ed25519 counts as ECDSA).
bool fits(tls::CipherSuite suite, const crypto::CertificateChain& chain);
/// Whether a suite belongs to TLS 1.3.
bool is_tls13(tls::CipherSuite suite);

/// The cores this process was started on; the calling thread's own affinity may be narrower later.
std::vector<unsigned> allowed_cores();
/// The cores of the workers: those configured, or the last allowed one.
std::vector<unsigned> worker_cores(const General& general);

/// An empty string, or why `name` is no good name for a port, certificate, service or backend.
std::string name_fault(const std::string& name);

}  // namespace lockstep::config
