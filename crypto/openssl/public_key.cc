#include "crypto/openssl/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

namespace lockstep::crypto {
namespace {

constexpr std::size_t kX25519 = 32;
/// A random string of the field's size is at least the order with a chance of 2^-32 (P-256) or less.
constexpr int kScalarTries = 8;

OSSL_PARAM octets(const char* name, Bytes bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

/// The private scalar as a BIGNUM; nullptr unless 0 < scalar < order.
UniqueBignum scalar_from(Bytes private_key, const EC_GROUP* curve) {
  UniqueBignum scalar(BN_new());
  if (scalar == nullptr) return nullptr;
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  if (BN_bin2bn(private_key.data(), static_cast<int>(private_key.size()), scalar.get()) == nullptr) return nullptr;
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(curve)) >= 0) return nullptr;
  return scalar;
}

}  // namespace

PublicKeyOperations::PublicKeyOperations(Random& random)
    : random_(random),
      import_x25519_(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr)),
      p256_(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)),
      p384_(EC_GROUP_new_by_curve_name(NID_secp384r1)) {
  if (import_x25519_ != nullptr && EVP_PKEY_fromdata_init(import_x25519_.get()) != 1) import_x25519_.reset();
}

bool PublicKeyOperations::ready() const {
  return import_x25519_ != nullptr && p256_ != nullptr && p384_ != nullptr;
}

const EC_GROUP* PublicKeyOperations::group(NamedGroup name) const {
  switch (name) {
    case NamedGroup::secp256r1:
      return p256_.get();
    case NamedGroup::secp384r1:
      return p384_.get();
    case NamedGroup::x25519:
      break;
  }
  return nullptr;
}

JobStatus PublicKeyOperations::key_share(KeyShareJob& job) {
  const EC_GROUP* const curve = group(job.group);
  const bool made = curve == nullptr ? share_x25519(job) : share_curve(job, curve);
  if (made) return JobStatus::ok;
  job.private_key.clear();
  ERR_clear_error();
  return JobStatus::engine_failed;
}

JobStatus PublicKeyOperations::derive(DeriveJob& job) {
  const EC_GROUP* const curve = group(job.group);
  const JobStatus status = curve == nullptr ? derive_x25519(job) : derive_curve(job, curve);
  if (status != JobStatus::ok) {
    job.shared_secret.clear();
    ERR_clear_error();
  }
  return status;
}

UniquePkey PublicKeyOperations::import_x25519(Bytes private_key, Bytes public_key) {
  std::array<OSSL_PARAM, 3> params{};
  std::size_t count = 0;
  if (!private_key.empty()) params[count++] = octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key);
  if (!public_key.empty()) params[count++] = octets(OSSL_PKEY_PARAM_PUB_KEY, public_key);
  params[count] = OSSL_PARAM_construct_end();
  EVP_PKEY* pkey = nullptr;
  const int selection = private_key.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
  if (EVP_PKEY_fromdata(import_x25519_.get(), &pkey, selection, params.data()) != 1) return nullptr;
  return UniquePkey(pkey);
}

bool PublicKeyOperations::share_x25519(KeyShareJob& job) {
  random_.fill(job.private_key.writable(kX25519));
  const UniquePkey pkey = import_x25519(job.private_key.expose(kX25519), {});
  std::size_t size = kX25519;
  return pkey != nullptr && EVP_PKEY_get_raw_public_key(pkey.get(), job.public_key.data(), &size) == 1 &&
         size == kX25519;
}

bool PublicKeyOperations::share_curve(KeyShareJob& job, const EC_GROUP* curve) {
  const MutableBytes private_key = job.private_key.writable(shared_secret_size(job.group));
  UniqueBignum scalar;
  for (int i = 0; i < kScalarTries && scalar == nullptr; ++i) {
    random_.fill(private_key);
    scalar = scalar_from(private_key, curve);
  }
  const UniqueBignumContext context(BN_CTX_new());
  const UniquePoint point(EC_POINT_new(curve));
  if (scalar == nullptr || context == nullptr || point == nullptr) return false;
  const std::size_t size = public_key_size(job.group);
  return EC_POINT_mul(curve, point.get(), scalar.get(), nullptr, nullptr, context.get()) == 1 &&
         EC_POINT_point2oct(curve, point.get(), POINT_CONVERSION_UNCOMPRESSED, job.public_key.data(), size,
                            context.get()) == size;
}

JobStatus PublicKeyOperations::derive_x25519(DeriveJob& job) {
  const Bytes peer_key = Bytes(job.peer_public_key).first(kX25519);
  // Our public key takes no part in the derivation; any 32 bytes in its place spare its computation.
  const UniquePkey own = import_x25519(job.private_key->expose(kX25519), peer_key);
  const UniquePkey peer = import_x25519({}, peer_key);
  if (own == nullptr || peer == nullptr) return JobStatus::engine_failed;
  const UniquePkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  if (context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), 0) != 1)
    return JobStatus::engine_failed;
  std::size_t size = kX25519;
  // Fails for the all-zero result only (RFC 7748 section 6.1, RFC 8446 section 7.4.2).
  if (EVP_PKEY_derive(context.get(), job.shared_secret.writable(kX25519).data(), &size) != 1 || size != kX25519)
    return JobStatus::bad_peer_key;
  return JobStatus::ok;
}

JobStatus PublicKeyOperations::derive_curve(DeriveJob& job, const EC_GROUP* curve) {
  const std::size_t size = shared_secret_size(job.group);
  const UniqueBignum scalar = scalar_from(job.private_key->expose(size), curve);
  const UniqueBignumContext context(BN_CTX_new());
  const UniquePoint peer(EC_POINT_new(curve));
  const UniquePoint product(EC_POINT_new(curve));
  const UniqueBignum x(BN_new());
  if (scalar == nullptr || context == nullptr || peer == nullptr || product == nullptr || x == nullptr)
    return JobStatus::engine_failed;
  // RFC 8446 section 4.2.8.2: uncompressed form, coordinates in range, on the curve; the cofactor is 1.
  if (job.peer_public_key[0] != POINT_CONVERSION_UNCOMPRESSED ||
      EC_POINT_oct2point(curve, peer.get(), job.peer_public_key.data(), public_key_size(job.group), context.get()) !=
          1 ||
      EC_POINT_is_at_infinity(curve, peer.get()) == 1)
    return JobStatus::bad_peer_key;
  if (EC_POINT_mul(curve, product.get(), nullptr, peer.get(), scalar.get(), context.get()) != 1 ||
      EC_POINT_get_affine_coordinates(curve, product.get(), x.get(), nullptr, context.get()) != 1 ||
      BN_bn2binpad(x.get(), job.shared_secret.writable(size).data(), static_cast<int>(size)) < 0)
    return JobStatus::engine_failed;
  return JobStatus::ok;
}

}  // namespace lockstep::crypto
