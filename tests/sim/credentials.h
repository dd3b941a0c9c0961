// Certificates of the simulation. They are signed by an RSA authority, so that their size does not depend on the moment
// they are made, and made from a fixed seed: a replay sees the same bytes.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "dataplane/tls/server_config.h"

namespace lockstep::sim {

/// To be called before the first seed is set: reseeds libcrypto.
void make_certificates();
/// Both versions, every suite and group, an RSA and a P-256 certificate for example.org. Keys of its own each time: a
/// key object keeps random numbers (blinding) from one use to the next, and an old snapshot's keys must go with it.
std::shared_ptr<const tls::ServerConfig> tls_config();
/// Lets clients of `context` trust the authority.
void trust_authority(SSL_CTX* context);

}  // namespace lockstep::sim
