// Who a client with a certificate is: what logs, backends and tickets are told of it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "crypto/chain_job.h"

namespace lockstep::tls {

/// Lies in a pool of the core, so that sessions of services that ask for no certificate need no room for it.
struct ClientIdentity {
  crypto::ChainVerdict verdict = crypto::ChainVerdict::other;
  std::array<std::uint8_t, 32> fingerprint{};  // SHA-256 of the certificate
  std::uint8_t subject_size = 0;
  std::array<char, crypto::VerifyChainJob::kMaxSubject> subject;  // RFC 2253, cut to this size

  std::string_view subject_text() const { return {subject.data(), subject_size}; }
  /// The subject's first common name without the escapes of RFC 2253, written to `out`; empty when there is none.
  std::string_view common_name(std::span<char, crypto::VerifyChainJob::kMaxSubject> out) const;
};

}  // namespace lockstep::tls
