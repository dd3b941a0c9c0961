#include "crypto/openssl/key_numbers.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <string_view>

namespace lockstep::crypto {
namespace {

using UniqueParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;
using UniqueParams = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;

/// One number of the key, big-endian and padded to `out`; false when it is absent or longer.
bool number(const EVP_PKEY* pkey, const char* name, MutableBytes out) {
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(pkey, name, &value) != 1) return false;
  const UniqueBignum owner(value);
  return BN_bn2binpad(value, out.data(), static_cast<int>(out.size())) == static_cast<int>(out.size());
}

bool rsa_numbers(const EVP_PKEY* pkey, unsigned bits, KeyNumbers& numbers) {
  const std::size_t size = bits / 8;
  const std::size_t half = size / 2;
  std::array<std::uint8_t, 8> exponent{};
  UniqueBignum third;
  BIGNUM* value = nullptr;
  if (bits % 16 != 0 || EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR3, &value) == 1) {
    third.reset(value);
    return false;
  }
  const bool whole = number(pkey, OSSL_PKEY_PARAM_RSA_N, MutableBytes(numbers.modulus).first(size)) &&
                     number(pkey, OSSL_PKEY_PARAM_RSA_E, exponent) &&
                     number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.prime1.writable(half)) &&
                     number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.prime2.writable(half)) &&
                     number(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.exponent1.writable(half)) &&
                     number(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.exponent2.writable(half)) &&
                     number(pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.coefficient.writable(half));
  for (const std::uint8_t byte : exponent) numbers.public_exponent = numbers.public_exponent << 8U | byte;
  // Primes of exactly half the size: the top bit of each is set.
  return whole && (numbers.prime1.expose(1)[0] & 0x80U) != 0 && (numbers.prime2.expose(1)[0] & 0x80U) != 0;
}

bool curve_numbers(const EVP_PKEY* pkey, unsigned bits, KeyNumbers& numbers) {
  const std::size_t size = bits / 8;
  numbers.public_key[0] = POINT_CONVERSION_UNCOMPRESSED;
  const MutableBytes coordinates = MutableBytes(numbers.public_key).subspan(1);
  return number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, numbers.scalar.writable(size)) &&
         number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, coordinates.first(size)) &&
         number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, coordinates.subspan(size, size));
}

bool ed25519_numbers(const EVP_PKEY* pkey, KeyNumbers& numbers) {
  std::size_t seed = 32;
  std::size_t point = 32;
  return EVP_PKEY_get_raw_private_key(pkey, numbers.scalar.writable(32).data(), &seed) == 1 && seed == 32 &&
         EVP_PKEY_get_raw_public_key(pkey, numbers.public_key.data(), &point) == 1 && point == 32;
}

UniquePkey from_params(const char* type, OSSL_PARAM_BLD* build) {
  const UniqueParams params(OSSL_PARAM_BLD_to_param(build));
  const UniquePkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* pkey = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &pkey, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return UniquePkey(pkey);
}

UniquePkey import_rsa(const PeerKey& key) {
  const UniqueBignum modulus(BN_bin2bn(key.rsa_modulus.data(), key.rsa_modulus_size, nullptr));
  const UniqueBignum exponent(BN_new());
  const UniqueParamBuild build(OSSL_PARAM_BLD_new());
  if (modulus == nullptr || exponent == nullptr || build == nullptr || BN_is_odd(modulus.get()) == 0 ||
      BN_set_word(exponent.get(), key.rsa_exponent) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
    return nullptr;
  return from_params("RSA", build.get());
}

UniquePkey import_curve(const PeerKey& key) {
  const bool p256 = key.type == KeyType::ecdsa_p256;
  const UniqueParamBuild build(OSSL_PARAM_BLD_new());
  if (build == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, p256 ? "P-256" : "P-384", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, key.point.data(), p256 ? 65 : 97) != 1)
    return nullptr;
  return from_params("EC", build.get());
}

bool export_rsa(const EVP_PKEY* pkey, PeerKey& key) {
  std::array<std::uint8_t, sizeof key.rsa_exponent> exponent{};
  key.type = KeyType::rsa;
  key.rsa_modulus_size = static_cast<std::uint16_t>(EVP_PKEY_get_bits(pkey) / 8);
  if (!number(pkey, OSSL_PKEY_PARAM_RSA_N, MutableBytes(key.rsa_modulus).first(key.rsa_modulus_size)) ||
      !number(pkey, OSSL_PKEY_PARAM_RSA_E, exponent))
    return false;
  key.rsa_exponent = 0;
  for (const std::uint8_t byte : exponent) key.rsa_exponent = key.rsa_exponent << 8U | byte;
  return true;
}

bool export_curve(const EVP_PKEY* pkey, PeerKey& key) {
  char curve[64] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(pkey, curve, sizeof curve, &size) != 1) return false;
  const std::string_view name(curve, size);
  if (name != "prime256v1" && name != "secp384r1") return false;
  key.type = name == "prime256v1" ? KeyType::ecdsa_p256 : KeyType::ecdsa_p384;
  const std::size_t coordinate = key.type == KeyType::ecdsa_p256 ? 32 : 48;
  key.point[0] = POINT_CONVERSION_UNCOMPRESSED;
  const MutableBytes coordinates = MutableBytes(key.point).subspan(1);
  return number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, coordinates.first(coordinate)) &&
         number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, coordinates.subspan(coordinate, coordinate));
}

}  // namespace

std::unique_ptr<KeyNumbers> key_numbers(const EVP_PKEY* pkey, KeyType type, unsigned bits) {
  auto numbers = std::make_unique<KeyNumbers>();
  const bool whole = type == KeyType::rsa       ? rsa_numbers(pkey, bits, *numbers)
                     : type == KeyType::ed25519 ? ed25519_numbers(pkey, *numbers)
                                                : curve_numbers(pkey, bits, *numbers);
  if (whole) return numbers;
  ERR_clear_error();
  return nullptr;
}

PeerKey peer_key(const PrivateKey& key) {
  PeerKey peer;
  peer.type = key.type();
  peer.point = key.numbers()->public_key;
  if (key.type() == KeyType::rsa) {
    peer.rsa_modulus = key.numbers()->modulus;
    peer.rsa_modulus_size = static_cast<std::uint16_t>(key.bits() / 8);
    peer.rsa_exponent = static_cast<std::uint32_t>(key.numbers()->public_exponent);
  }
  return peer;
}

bool export_peer_key(const EVP_PKEY* pkey, PeerKey& key) {
  const int bits = EVP_PKEY_get_bits(pkey);
  if (EVP_PKEY_is_a(pkey, "RSA") == 1) return bits >= 2048 && bits <= 4096 && bits % 8 == 0 && export_rsa(pkey, key);
  if (EVP_PKEY_is_a(pkey, "ED25519") == 1) {
    std::size_t size = 32;
    key.type = KeyType::ed25519;
    return EVP_PKEY_get_raw_public_key(pkey, key.point.data(), &size) == 1 && size == 32;
  }
  return EVP_PKEY_is_a(pkey, "EC") == 1 && export_curve(pkey, key);
}

UniquePkey import_peer_key(const PeerKey& key) {
  UniquePkey pkey;
  if (key.type == KeyType::rsa)
    pkey = import_rsa(key);
  else if (key.type == KeyType::ed25519)
    pkey.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.point.data(), 32));
  else
    pkey = import_curve(key);
  if (pkey == nullptr) ERR_clear_error();
  return pkey;
}

}  // namespace lockstep::crypto
