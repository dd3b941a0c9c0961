// Certificates and configurations for the TLS tests.
#pragma once

#include "dataplane/tls/server_config.h"

namespace lockstep::tls::test {

/// A credential with a new certificate from the tests' authority; made once per process for each type: "RSA", "P-256",
/// "P-384", "ED25519".
const Credential& credential(const std::string& type);
/// A credential from PEM: the chain, leaf first, and its key.
Credential credential_of(const std::string& chain_pem, const std::string& key_pem);
/// The authority's certificate as PEM.
const std::string& authority_pem();

/// Both versions, every suite and group, with credentials of these types for all names.
ServerConfig config_with(const std::vector<std::string>& types);
/// Gives `config` identities of its own, which differ from those it had by `change`.
void change_identities(ServerConfig& config, const std::function<void(Identities&)>& change);

}  // namespace lockstep::tls::test
