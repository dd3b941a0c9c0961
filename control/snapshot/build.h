// From a checked configuration to what workers use.
#pragma once

#include <memory>
#include <vector>

#include "control/certs/loaded_certificate.h"
#include "control/config/config.h"
#include "dataplane/proxy/snapshot.h"

namespace lockstep::snapshot {

/// Builds the snapshot `epoch` from a configuration that `config::load` found good. Services share `ticket_keys`;
/// nullptr: sessions are not resumed.
std::unique_ptr<proxy::Snapshot> build(const config::Config& config,
                                       const std::vector<certs::LoadedCertificate>& certificates, std::uint64_t epoch,
                                       const std::shared_ptr<const tls::TicketKeys>& ticket_keys = nullptr);

/// The TLS side of one service. `used` are its certificates in the order of the file: for each name the first of each
/// kind of key counts, ECDSA before RSA; the identity of the first one's first name is the default.
tls::ServerConfig server_config(const config::Tls& tls, const std::vector<const certs::LoadedCertificate*>& used);

}  // namespace lockstep::snapshot
