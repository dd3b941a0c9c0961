// A certificate authority for demonstrations and tests: made in memory, signs a few certificates, and is gone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crypto/base/result.h"
#include "crypto/private_key.h"

namespace lockstep::certs {

/// What a certificate is to say.
struct Request {
  std::vector<std::string> dns_names;     // the first becomes the common name too
  std::vector<std::string> ip_addresses;  // text
  crypto::KeyType key_type = crypto::KeyType::ecdsa_p256;
  unsigned rsa_bits = 2048;
  std::int64_t not_before = 0;  // UNIX seconds
  std::int64_t not_after = 0;
};

/// The authority's key lives in this object only and is never written anywhere: whoever trusts the authority's
/// certificate trusts what was issued while it existed, and nobody can issue more.
class Authority {
 public:
  /// A new ECDSA P-256 authority called `name`. The error says what libcrypto refused.
  static Result<Authority, std::string> create(const std::string& name, std::int64_t not_before,
                                               std::int64_t not_after);
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) = delete;
  ~Authority();

  /// PEM of the authority's certificate.
  std::string certificate_pem() const;
  /// Issues a certificate for a new key; writes the chain (without the authority) to `chain_path` and the key to
  /// `key_path`, mode 0600. An empty string, or what went wrong.
  std::string issue(const Request& request, const std::string& chain_path, const std::string& key_path) const;

 private:
  struct State;
  explicit Authority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Writes `text` to `path`, replacing what was there, so that readers see the old or the new content; an empty string,
/// or what went wrong.
std::string write_file(const std::string& path, const std::string& text, unsigned mode);

}  // namespace lockstep::certs
