// Signatures on curves: ECDSA (FIPS 186-5) and Ed25519 (RFC 8032).
#include <cstring>

#include "bench/crypto/der.h"
#include "bench/crypto/openssl_signature.h"
#include "bench/crypto/rows.h"
#include "crypto/base/random.h"
#include "crypto/lanes/curve25519.h"
#include "crypto/lanes/weierstrass.h"

namespace lockstep::bench {
namespace {

using crypto::lanes::kAllLanes;
using crypto::lanes::kCurve25519Ifma;
using crypto::lanes::kLanes;
using crypto::lanes::kP256Ifma;
using crypto::lanes::kP384Ifma;
using crypto::lanes::LaneMask;
using crypto::lanes::NoncePair;
using crypto::lanes::WeierstrassKernels;

template <std::size_t kSize>
const EVP_MD* hash_of_curve() {
  return kSize == 32 ? EVP_sha256() : EVP_sha384();
}

template <std::size_t kSize>
class OpensslEcdsa {
 public:
  OpensslEcdsa()
      : key_(make_key(kSize == 32 ? "P-256" : "P-384")),
        signature_(*key_, hash_of_curve<kSize>(), example_digest(kSize)) {}
  bool run() { return signature_.sign(); }
  bool check() { return signature_.verify(signature_.signature()); }

 private:
  crypto::UniquePkey key_;
  OpensslSignature signature_;
};

/// The whole signature: random nonces, the nonce pairs, s, DER.
template <std::size_t kSize, const WeierstrassKernels<kSize>& kKernels>
class LanesEcdsa {
 public:
  explicit LanesEcdsa(std::size_t lanes) : lanes_(lanes) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      key_[i] = make_key(kSize == 32 ? "P-256" : "P-384");
      read_number(*key_[i], "priv", private_[i]);
      std::memcpy(digest_[i], example_digest(kSize).data(), kSize);
    }
    make_nonces();
  }
  bool run() {
    make_nonces();
    return sign();
  }
  bool check() {
    for (std::size_t i = 0; i < lanes_; ++i) {
      OpensslSignature reference(*key_[i], hash_of_curve<kSize>(), example_digest(kSize));
      if (!reference.verify(Bytes(der_[i], der_size_[i]))) return false;
    }
    return true;
  }

 protected:
  // By rejection: all of [1, n-1] alike. Lanes without a job keep a nonce from before, which signs nothing.
  void make_nonces() {
    LaneMask good = 0;
    while (good != kAllLanes) {
      random_.fill(MutableBytes(nonce_[0], (pairs_made_ ? lanes_ : kLanes) * kSize));
      good = kKernels.make_nonce_pair(pair_, nonce_);
    }
    pairs_made_ = true;
  }
  bool sign() {
    if (kKernels.sign(signature_, pair_, private_, digest_) != kAllLanes) return false;
    for (std::size_t i = 0; i < lanes_; ++i) der_size_[i] = write_ecdsa_signature(signature_[i], der_[i]);
    return true;
  }

 private:
  std::size_t lanes_;
  bool pairs_made_ = false;
  Random random_ = Random::from_number(1);
  crypto::UniquePkey key_[kLanes];
  std::uint8_t private_[kLanes][kSize];
  std::uint8_t digest_[kLanes][kSize];
  std::uint8_t nonce_[kLanes][kSize];
  NoncePair<kSize> pair_[kLanes];
  std::uint8_t signature_[kLanes][2 * kSize];
  std::uint8_t der_[kLanes][kMaxEcdsaSignature];
  std::size_t der_size_[kLanes];
};

/// What is left of a signature when a nonce pair made ahead is at hand. The same pair again and again, which only a
/// benchmark with throwaway keys may do.
class LanesEcdsaOnline : private LanesEcdsa<32, kP256Ifma> {
 public:
  using LanesEcdsa::check;
  using LanesEcdsa::LanesEcdsa;
  bool run() { return sign(); }
};

class OpensslEd25519 {
 public:
  OpensslEd25519() : key_(make_key("ED25519")), context_(EVP_MD_CTX_new()) {
    require(EVP_DigestSignInit(context_.get(), nullptr, nullptr, nullptr, key_.get()) == 1, "preparing a signature");
  }
  bool run() {
    const Bytes message = example_message();
    std::size_t size = sizeof signature_;
    return EVP_DigestSign(context_.get(), signature_, &size, message.data(), message.size()) == 1;
  }
  static bool check() { return true; }

 private:
  crypto::UniquePkey key_;
  crypto::UniqueDigestContext context_;
  std::uint8_t signature_[64];
};

/// With noise from the generator, which libcrypto's deterministic signature does not have.
class LanesEd25519 {
 public:
  explicit LanesEd25519(std::size_t lanes) : lanes_(lanes) {
    std::uint8_t seed[kLanes][32];
    for (std::size_t i = 0; i < kLanes; ++i) {
      key_[i] = make_key("ED25519");
      read_private_key(*key_[i], seed[i]);
      expanded_of_[i] = &expanded_[i];
      message_[i] = example_message().data();
      message_size_[i] = example_message().size();
    }
    kCurve25519Ifma.ed25519_expand(expanded_, seed);
  }
  bool run() {
    random_.fill(MutableBytes(noise_[0], lanes_ * sizeof noise_[0]));
    kCurve25519Ifma.ed25519_sign(signature_, expanded_of_, message_, message_size_, noise_);
    return true;
  }
  bool check() {
    for (std::size_t i = 0; i < lanes_; ++i) {
      const crypto::UniqueDigestContext context(EVP_MD_CTX_new());
      if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_[i].get()) != 1 ||
          EVP_DigestVerify(context.get(), signature_[i], sizeof signature_[i], message_[i], message_size_[i]) != 1)
        return false;
    }
    return true;
  }

 private:
  std::size_t lanes_;
  Random random_ = Random::from_number(1);
  crypto::UniquePkey key_[kLanes];
  crypto::lanes::Ed25519Key expanded_[kLanes];
  const crypto::lanes::Ed25519Key* expanded_of_[kLanes];
  const std::uint8_t* message_[kLanes];
  std::size_t message_size_[kLanes];
  std::uint8_t noise_[kLanes][32] = {};
  std::uint8_t signature_[kLanes][64];
};

}  // namespace

void add_signatures() {
  add_rows<OpensslEcdsa<32>, LanesEcdsa<32, kP256Ifma>>("EcdsaP256Sign");
  add_rows<OpensslEcdsa<32>, LanesEcdsaOnline>("EcdsaP256SignOnline");
  add_rows<OpensslEcdsa<48>, LanesEcdsa<48, kP384Ifma>>("P384Sign");
  add_rows<OpensslEd25519, LanesEd25519>("Ed25519Sign");
}

}  // namespace lockstep::bench
