// From a checked configuration to what workers use.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "control/certs/loaded_certificate.h"
#include "control/config/config.h"
#include "dataplane/proxy/snapshot.h"
#include "dataplane/tls/ticket_keys.h"

namespace lockstep::snapshot {

/// Builds the snapshot `epoch` from a configuration that `config::load` found good. Services share `keys`; nullptr:
/// sessions are not resumed.
std::unique_ptr<proxy::Snapshot> build(const config::Config& config,
                                       const std::vector<certs::LoadedCertificate>& certificates, std::uint64_t epoch,
                                       const std::shared_ptr<const tls::TicketKeys>& keys = nullptr);

/// `current` with other ticket keys: certificates and names are shared with it, so that this costs the same however
/// many there are.
std::unique_ptr<proxy::Snapshot> rekeyed(const proxy::Snapshot& current,
                                         const std::shared_ptr<const tls::TicketKeys>& keys, std::uint64_t epoch);

/// What sessions of `service` may not cross when they are resumed, as a number: the same on all machines with the same
/// configuration.
std::array<std::uint8_t, 16> resumption_scope(const config::Service& service);

/// The certificates that `service` names, in the order of its list.
std::vector<const certs::LoadedCertificate*> certificates_of(const config::Service& service,
                                                             const certs::EntryIndex& by_entry);

/// The TLS side of one service. `used` are its certificates in the order of the file: for each name the first of each
/// kind of key counts, ECDSA before RSA; the identity of the first one's first name is the default.
tls::ServerConfig server_config(const config::Tls& tls, const std::vector<const certs::LoadedCertificate*>& used);

}  // namespace lockstep::snapshot
