#include "bench/support/keys.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

namespace lockstep::bench {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "bench: %s failed\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

crypto::UniquePkey make_key(const std::string& type, unsigned bits) {
  const bool curve = type.rfind("P-", 0) == 0;
  crypto::UniquePkey key(curve           ? EVP_EC_gen(type.c_str())
                         : type == "RSA" ? EVP_RSA_gen(bits)
                                         : EVP_PKEY_Q_keygen(nullptr, nullptr, type.c_str()));
  require(key != nullptr, "making a key");
  return key;
}

EVP_PKEY& rsa_key(unsigned bits, std::size_t number) {
  static std::map<std::pair<unsigned, std::size_t>, crypto::UniquePkey> made;
  crypto::UniquePkey& key = made[{bits, number}];
  if (key == nullptr) key = make_key("RSA", bits);
  return *key;
}

crypto::UniquePkeyContext make_context(EVP_PKEY& key) {
  crypto::UniquePkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, &key, nullptr));
  require(context != nullptr, "making a context");
  return context;
}

void read_number(const EVP_PKEY& key, const char* name, MutableBytes out) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(&key, name, &number) == 1, "reading a key's number");
  const crypto::UniqueBignum owner(number);
  require(BN_bn2binpad(number, out.data(), static_cast<int>(out.size())) == static_cast<int>(out.size()),
          "writing a key's number");
}

void read_private_key(const EVP_PKEY& key, MutableBytes out) {
  std::size_t size = out.size();
  require(EVP_PKEY_get_raw_private_key(&key, out.data(), &size) == 1 && size == out.size(), "reading a private key");
}

void read_public_key(EVP_PKEY& key, MutableBytes out) {
  if (EVP_PKEY_is_a(&key, "ED25519") == 1) {
    std::size_t size = out.size();
    require(EVP_PKEY_get_raw_public_key(&key, out.data(), &size) == 1 && size == out.size(), "reading a public key");
    return;
  }
  unsigned char* encoded = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(&key, &encoded);
  require(size == out.size(), "reading a public key");
  std::memcpy(out.data(), encoded, size);
  OPENSSL_free(encoded);
}

}  // namespace lockstep::bench
