// Authorities and revocation lists as they come in files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/result.h"
#include "crypto/chain_job.h"

namespace lockstep::crypto {

struct TrustStoreSource {
  std::string_view authorities;  // PEM: certificates that are trusted, roots or not
  /// PEM or DER. With any, each certificate of a chain must be covered by one.
  std::vector<std::string_view> revocation_lists = {};
  int depth = 8;  // most intermediates between the peer's certificate and an authority
};

struct LoadedTrustStore {
  std::shared_ptr<const TrustStore> store;
  /// Distinguished names of the authorities in DER, as CertificateRequest lists them (RFC 5246 section 7.4.4).
  std::vector<std::vector<std::uint8_t>> names;
  std::size_t authorities = 0;
  std::size_t revocation_lists = 0;
};

/// The error says what is wrong and what to do.
Result<LoadedTrustStore, std::string> load_trust_store(const TrustStoreSource& source);

/// Verifies one chain; `job.trust` must come from load_trust_store, or be nullptr. Always ok: the verdict says the
/// rest.
JobStatus verify_chain(VerifyChainJob& job);

}  // namespace lockstep::crypto
