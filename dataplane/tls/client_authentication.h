// Asking clients for certificates, and what of their answers may be taken (RFC 8446 sections 4.3.2 and 4.4, RFC 5246
// sections 7.4.4 to 7.4.8).
#pragma once

#include <memory>
#include <vector>

#include "crypto/chain_job.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// Made by the control plane, immutable while in use.
struct ClientAuthentication {
  bool required = false;  // a client without a certificate is refused
  std::shared_ptr<const crypto::TrustStore> trust;
  std::vector<std::uint8_t> request_tls13;  // CertificateRequest, header included
  std::vector<std::uint8_t> request_tls12;
};
/// `authority_names`: distinguished names in DER, listed in the requests for clients that choose by them; left out
/// where they do not fit into 64 KB, which means any authority.
ClientAuthentication make_client_authentication(bool required, std::shared_ptr<const crypto::TrustStore> trust,
                                                const std::vector<std::vector<std::uint8_t>>& authority_names);

/// Whether a key of that type signs by `scheme`, a known one. In TLS 1.2 a scheme of ECDSA names a hash and no curve.
bool is_of_key(Version version, crypto::KeyType type, crypto::SignatureScheme scheme);

/// Whether a certificate's key of that type may sign CertificateVerify by `scheme`: one that was asked for, and of that
/// key. In TLS 1.2, whose signatures cover all messages so far, only by the hashes that transcripts are kept in.
bool may_sign(Version version, crypto::KeyType type, crypto::SignatureScheme scheme);

/// The hash of a scheme that TLS 1.2 asks for: one that transcripts are kept in.
Hash hash_of(crypto::SignatureScheme scheme);

/// Reads a peer's Certificate message: `entries` is its list, without the length, as crypto::VerifyChainJob takes it;
/// empty when a client has none. malformed_message; illegal_parameter when the context is not the request's, or a
/// server's, empty one (RFC 8446 section 4.4.2); unsolicited_extension, since neither our request nor our ClientHello
/// asks for any (section 4.4.2).
Error read_certificate(Version version, const Message& message, Bytes& entries);

/// Reads CertificateVerify: malformed_message. `scheme` may be any value.
Error read_certificate_verify(const Message& message, crypto::SignatureScheme& scheme, Bytes& signature);

/// What a verdict on a peer's chain means for the connection.
Error error_of(crypto::ChainVerdict verdict);

}  // namespace lockstep::tls
