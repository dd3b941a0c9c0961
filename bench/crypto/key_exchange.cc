// Ephemeral key pairs and shared secrets.
#include <cstring>

#include "bench/crypto/rows.h"
#include "bench/support/keys.h"
#include "crypto/base/random.h"
#include "crypto/lanes/curve25519.h"
#include "crypto/lanes/weierstrass.h"

namespace lockstep::bench {
namespace {

using crypto::lanes::kAllLanes;
using crypto::lanes::kCurve25519Ifma;
using crypto::lanes::kLanes;
using crypto::lanes::LaneMask;

/// EVP_PKEY_generate with a prepared context. Ours writes the public key as on the wire besides; here it stays in the
/// object, which is freed within the measured time, as an application frees it.
class OpensslKeyPair {
 public:
  explicit OpensslKeyPair(const char* group) {
    const bool curve = std::strcmp(group, "X25519") != 0;
    context_.reset(EVP_PKEY_CTX_new_from_name(nullptr, curve ? "EC" : group, nullptr));
    require(context_ != nullptr && EVP_PKEY_keygen_init(context_.get()) == 1, "preparing a key generation");
    require(!curve || EVP_PKEY_CTX_set_group_name(context_.get(), group) == 1, "choosing a curve");
  }
  bool run() {
    EVP_PKEY* key = nullptr;
    const bool made = EVP_PKEY_generate(context_.get(), &key) == 1;
    EVP_PKEY_free(key);
    return made;
  }
  static bool check() { return true; }

 private:
  crypto::UniquePkeyContext context_;
};

/// EVP_PKEY_derive with context and peer ready. Ours takes the peer's public key as it came, and checks it, within the
/// measured time; libcrypto did so when the peer was set.
class OpensslDerive {
 public:
  explicit OpensslDerive(const char* group)
      : own_(make_key(group)), peer_(make_key(group)), context_(make_context(*own_)) {
    require(EVP_PKEY_derive_init(context_.get()) == 1 && EVP_PKEY_derive_set_peer(context_.get(), peer_.get()) == 1,
            "preparing a derivation");
  }
  bool run() {
    std::size_t size = sizeof shared_;
    return EVP_PKEY_derive(context_.get(), shared_, &size) == 1;
  }
  static bool check() { return true; }

 private:
  crypto::UniquePkey own_;
  crypto::UniquePkey peer_;
  crypto::UniquePkeyContext context_;
  std::uint8_t shared_[48];
};

struct OpensslX25519KeyPair : OpensslKeyPair {
  OpensslX25519KeyPair() : OpensslKeyPair("X25519") {}
};
struct OpensslP256KeyPair : OpensslKeyPair {
  OpensslP256KeyPair() : OpensslKeyPair("P-256") {}
};
struct OpensslX25519Derive : OpensslDerive {
  OpensslX25519Derive() : OpensslDerive("X25519") {}
};
struct OpensslP256Derive : OpensslDerive {
  OpensslP256Derive() : OpensslDerive("P-256") {}
};
struct OpensslP384Derive : OpensslDerive {
  OpensslP384Derive() : OpensslDerive("P-384") {}
};

/// What libcrypto makes of our private key and the peer's public key: the reference for check().
bool same_shared_secret(EVP_PKEY& own, EVP_PKEY& peer, Bytes shared) {
  const crypto::UniquePkeyContext context = make_context(own);
  std::uint8_t expected[48];
  std::size_t size = sizeof expected;
  return EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_derive_set_peer(context.get(), &peer) == 1 &&
         EVP_PKEY_derive(context.get(), expected, &size) == 1 && size == shared.size() &&
         std::memcmp(expected, shared.data(), size) == 0;
}

class LanesX25519KeyPair {
 public:
  explicit LanesX25519KeyPair(std::size_t lanes) : lanes_(lanes) {}
  bool run() {
    random_.fill(MutableBytes(private_[0], lanes_ * sizeof private_[0]));
    kCurve25519Ifma.x25519_base(public_, private_);
    return true;
  }
  bool check() {
    for (std::size_t i = 0; i < lanes_; ++i) {
      const crypto::UniquePkey key(
          EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, private_[i], sizeof private_[i]));
      std::uint8_t expected[32];
      read_public_key(*key, expected);
      if (std::memcmp(expected, public_[i], sizeof expected) != 0) return false;
    }
    return true;
  }

 private:
  std::size_t lanes_;
  Random random_ = Random::from_number(1);
  std::uint8_t private_[kLanes][32] = {};
  std::uint8_t public_[kLanes][32];
};

class LanesX25519Derive {
 public:
  explicit LanesX25519Derive(std::size_t lanes) : lanes_(lanes) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      own_[i] = make_key("X25519");
      peer_[i] = make_key("X25519");
      read_private_key(*own_[i], private_[i]);
      read_public_key(*peer_[i], peer_public_[i]);
    }
  }
  bool run() { return kCurve25519Ifma.x25519(shared_, private_, peer_public_) == kAllLanes; }
  bool check() {
    for (std::size_t i = 0; i < lanes_; ++i) {
      if (!same_shared_secret(*own_[i], *peer_[i], shared_[i])) return false;
    }
    return true;
  }

 private:
  std::size_t lanes_;
  crypto::UniquePkey own_[kLanes];
  crypto::UniquePkey peer_[kLanes];
  std::uint8_t private_[kLanes][32];
  std::uint8_t peer_public_[kLanes][32];
  std::uint8_t shared_[kLanes][32];
};

/// Scalars by rejection: all of [1, n-1] alike. A second attempt is rarer than one in 2^29.
class LanesP256KeyPair {
 public:
  explicit LanesP256KeyPair(std::size_t lanes) : lanes_(lanes), wanted_(static_cast<LaneMask>((1U << lanes) - 1)) {}
  bool run() {
    LaneMask good = 0;
    while ((good & wanted_) != wanted_) {
      random_.fill(MutableBytes(private_[0], lanes_ * sizeof private_[0]));
      good = crypto::lanes::kP256Ifma.base_multiply(public_, private_);
    }
    return true;
  }
  bool check() {
    const crypto::UniqueGroup group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    const crypto::UniquePoint point(EC_POINT_new(group.get()));
    for (std::size_t i = 0; i < lanes_; ++i) {
      const crypto::UniqueBignum scalar(BN_bin2bn(private_[i], sizeof private_[i], nullptr));
      std::uint8_t expected[65];
      if (EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) != 1 ||
          EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, expected, sizeof expected,
                             nullptr) != sizeof expected ||
          std::memcmp(expected, public_[i], sizeof expected) != 0)
        return false;
    }
    return true;
  }

 private:
  std::size_t lanes_;
  LaneMask wanted_;
  Random random_ = Random::from_number(1);
  std::uint8_t private_[kLanes][32] = {};
  std::uint8_t public_[kLanes][65];
};

template <std::size_t kSize, const crypto::lanes::WeierstrassKernels<kSize>& kKernels>
class LanesDerive {
 public:
  explicit LanesDerive(std::size_t lanes) : lanes_(lanes) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      own_[i] = make_key(kSize == 32 ? "P-256" : "P-384");
      peer_[i] = make_key(kSize == 32 ? "P-256" : "P-384");
      read_number(*own_[i], "priv", private_[i]);
      read_public_key(*peer_[i], peer_public_[i]);
    }
  }
  bool run() { return kKernels.derive(shared_, private_, peer_public_) == kAllLanes; }
  bool check() {
    for (std::size_t i = 0; i < lanes_; ++i) {
      if (!same_shared_secret(*own_[i], *peer_[i], shared_[i])) return false;
    }
    return true;
  }

 private:
  std::size_t lanes_;
  crypto::UniquePkey own_[kLanes];
  crypto::UniquePkey peer_[kLanes];
  std::uint8_t private_[kLanes][kSize];
  std::uint8_t peer_public_[kLanes][1 + 2 * kSize];
  std::uint8_t shared_[kLanes][kSize];
};

}  // namespace

void add_key_exchange() {
  add_rows<OpensslX25519KeyPair, LanesX25519KeyPair>("X25519KeyPair");
  add_rows<OpensslX25519Derive, LanesX25519Derive>("X25519Derive");
  add_rows<OpensslP256KeyPair, LanesP256KeyPair>("P256KeyPair");
  add_rows<OpensslP256Derive, LanesDerive<32, crypto::lanes::kP256Ifma>>("P256Derive");
  add_rows<OpensslP384Derive, LanesDerive<48, crypto::lanes::kP384Ifma>>("P384Derive");
}

}  // namespace lockstep::bench
