// Verification of what clients sign with their certificates: ECDSA. RSA's is in rsa.cc.
#include <cstring>

#include "bench/crypto/der.h"
#include "bench/crypto/openssl_signature.h"
#include "bench/crypto/rows.h"
#include "crypto/lanes/weierstrass.h"

namespace lockstep::bench {
namespace {

using crypto::lanes::kLanes;
using crypto::lanes::WeierstrassKernels;

/// A key, and a signature of it over the example digest.
template <std::size_t kSize>
struct Signed {
  Signed()
      : key(make_key(kSize == 32 ? "P-256" : "P-384")),
        signature(*key, kSize == 32 ? EVP_sha256() : EVP_sha384(), example_digest(kSize)) {
    require(signature.sign(), "a signature");
  }
  crypto::UniquePkey key;
  OpensslSignature signature;
};

/// The key is an object of libcrypto's already; ours takes the point as it stands in a certificate, and checks it,
/// within the measured time.
template <std::size_t kSize>
class OpensslEcdsaVerify {
 public:
  bool run() { return signed_.signature.verify(signed_.signature.signature()); }
  static bool check() { return true; }

 private:
  Signed<kSize> signed_;
};

template <std::size_t kSize, const WeierstrassKernels<kSize>& kKernels>
class LanesEcdsaVerify {
 public:
  explicit LanesEcdsaVerify(std::size_t lanes) : lanes_(lanes) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      read_public_key(*signed_[i].key, public_[i]);
      std::memcpy(digest_[i], example_digest(kSize).data(), kSize);
      require(read_ecdsa_signature(signed_[i].signature.signature(), signature_[i]), "reading a signature");
    }
  }
  bool run() {
    for (std::size_t i = 0; i < lanes_; ++i) {
      if (!read_ecdsa_signature(signed_[i].signature.signature(), signature_[i])) return false;
    }
    return kKernels.verify(public_, signature_, digest_) == crypto::lanes::kAllLanes;
  }
  /// A changed digest in one lane fails that lane and no other.
  bool check() {
    const std::size_t changed = lanes_ - 1;
    digest_[changed][kSize - 1] ^= 1U;
    return kKernels.verify(public_, signature_, digest_) == static_cast<std::uint8_t>(~(1U << changed));
  }

 private:
  std::size_t lanes_;
  Signed<kSize> signed_[kLanes];
  std::uint8_t public_[kLanes][1 + 2 * kSize];
  std::uint8_t signature_[kLanes][2 * kSize];
  std::uint8_t digest_[kLanes][kSize];
};

}  // namespace

void add_verification() {
  add_rows<OpensslEcdsaVerify<32>, LanesEcdsaVerify<32, crypto::lanes::kP256Ifma>>("EcdsaP256Verify");
  add_rows<OpensslEcdsaVerify<48>, LanesEcdsaVerify<48, crypto::lanes::kP384Ifma>>("EcdsaP384Verify");
}

}  // namespace lockstep::bench
