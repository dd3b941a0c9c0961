#include "bench/crypto/openssl_signature.h"

#include <openssl/rsa.h>

namespace lockstep::bench {
namespace {

constexpr auto kPattern = [] {
  std::array<std::uint8_t, 130> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(37 * i + 11);
  return bytes;
}();

void prepare(EVP_PKEY_CTX* context, const EVP_MD* hash, bool rsa) {
  require(EVP_PKEY_CTX_set_signature_md(context, hash) == 1, "choosing a hash");
  require(!rsa || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1, "choosing a padding");
}

}  // namespace

Bytes example_digest(std::size_t size) {
  return Bytes(kPattern).first(size);
}

Bytes example_message() {
  return kPattern;
}

OpensslSignature::OpensslSignature(EVP_PKEY& key, const EVP_MD* hash, Bytes digest)
    : sign_(make_context(key)), verify_(make_context(key)), digest_(digest) {
  const bool rsa = EVP_PKEY_is_a(&key, "RSA") == 1;
  require(EVP_PKEY_sign_init(sign_.get()) == 1, "preparing a signature");
  prepare(sign_.get(), hash, rsa);
  require(EVP_PKEY_verify_init(verify_.get()) == 1, "preparing a verification");
  prepare(verify_.get(), hash, rsa);
}

bool OpensslSignature::sign() {
  size_ = signature_.size();
  return EVP_PKEY_sign(sign_.get(), signature_.data(), &size_, digest_.data(), digest_.size()) == 1;
}

bool OpensslSignature::verify(Bytes signature) {
  return EVP_PKEY_verify(verify_.get(), signature.data(), signature.size(), digest_.data(), digest_.size()) == 1;
}

}  // namespace lockstep::bench
