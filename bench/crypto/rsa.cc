// RSA: private operations (as signatures) and verification, with the padding of PKCS #1 (RFC 8017 section 9.2).
#include "crypto/lanes/rsa.h"

#include <openssl/core_names.h>

#include <cstdlib>
#include <cstring>

#include "bench/crypto/openssl_signature.h"
#include "bench/crypto/rows.h"
#include "crypto/base/random.h"

namespace lockstep::bench {
namespace {

using crypto::lanes::kLanes;
using crypto::lanes::kRsaIfma;
using crypto::lanes::kRsaRandomSize;
using crypto::lanes::LaneMask;
using crypto::lanes::RsaKernels;

constexpr std::size_t kMaxModulus = 512;
constexpr std::uint32_t kExponent = 65537;

template <unsigned kBits>
class OpensslRsa {
 public:
  OpensslRsa() : signature_(rsa_key(kBits, 0), EVP_sha256(), example_digest(32)) {}
  bool run() { return signature_.sign(); }
  bool check() { return signature_.verify(signature_.signature()); }

 private:
  OpensslSignature signature_;
};

class OpensslRsaVerify {
 public:
  OpensslRsaVerify() : signature_(rsa_key(2048, 0), EVP_sha256(), example_digest(32)) {
    require(signature_.sign(), "a signature");
  }
  bool run() { return signature_.verify(signature_.signature()); }
  static bool check() { return true; }

 private:
  OpensslSignature signature_;
};

/// EMSA-PKCS1-v1_5 of the example digest, with SHA-256.
void pad(MutableBytes out) {
  constexpr std::array<std::uint8_t, 19> kDigestInfo = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  const Bytes digest = example_digest(32);
  const std::size_t content = out.size() - kDigestInfo.size() - digest.size();
  std::memset(out.data(), 0xff, content);
  out[0] = 0;
  out[1] = 1;
  out[content - 1] = 0;
  std::memcpy(out.data() + content, kDigestInfo.data(), kDigestInfo.size());
  std::memcpy(out.data() + content + kDigestInfo.size(), digest.data(), digest.size());
}

/// A private key as the kernels take it.
void prepare(const EVP_PKEY& pkey, unsigned bits, crypto::lanes::RsaKey* key) {
  std::uint8_t modulus[kMaxModulus];
  std::uint8_t parts[5][kMaxModulus / 2];
  constexpr std::array kNames = {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
                                 OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
                                 OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  read_number(pkey, OSSL_PKEY_PARAM_RSA_N, MutableBytes(modulus, bits / 8));
  for (std::size_t i = 0; i < kNames.size(); ++i) read_number(pkey, kNames[i], MutableBytes(parts[i], bits / 16));
  const crypto::lanes::RsaNumbers numbers = {modulus, kExponent, parts[0], parts[1], parts[2], parts[3], parts[4]};
  require(crypto::lanes::prepare_rsa_key(key, bits, numbers), "preparing an RSA key");
}

struct AlignedFree {
  void operator()(void* memory) const { std::free(memory); }
};

/// Padding, blinding, both exponentiations, the check with the public exponent; a slice after another without pause.
/// libcrypto blinds, too, but does not check.
template <unsigned kBits>
class LanesRsa {
 public:
  explicit LanesRsa(std::size_t lanes)
      : wanted_(static_cast<LaneMask>((1U << lanes) - 1)), state_(std::aligned_alloc(64, kKernels.state_size)) {
    for (std::size_t i = 0; i < lanes; ++i) {
      prepare(rsa_key(kBits, i), kBits, &prepared_[i]);
      key_of_[i] = &prepared_[i];
      input_of_[i] = input_[i];
      output_of_[i] = output_[i];
    }
  }
  bool run() {
    for (std::size_t i = 0; i < kLanes && key_of_[i] != nullptr; ++i) {
      pad(input_[i]);
      random_.fill(noise_[i]);
    }
    kKernels.begin(state_.get(), key_of_, input_of_, noise_);
    while (!kKernels.step(state_.get(), kKernels.slice).finished) {
    }
    return (kKernels.finish(state_.get(), output_of_) & wanted_) == wanted_;
  }
  bool check() {
    for (std::size_t i = 0; i < kLanes && key_of_[i] != nullptr; ++i) {
      if (!OpensslSignature(rsa_key(kBits, i), EVP_sha256(), example_digest(32)).verify(output_[i])) return false;
    }
    return true;
  }

 private:
  static constexpr const RsaKernels& kKernels = kRsaIfma[(kBits - 2048) / 1024];

  LaneMask wanted_;
  std::unique_ptr<void, AlignedFree> state_;
  Random random_ = Random::from_number(1);
  crypto::lanes::RsaKey prepared_[kLanes];
  const crypto::lanes::RsaKey* key_of_[kLanes] = {};
  std::uint8_t input_[kLanes][kBits / 8];
  const std::uint8_t* input_of_[kLanes] = {};
  std::uint8_t noise_[kLanes][kRsaRandomSize] = {};
  std::uint8_t output_[kLanes][kBits / 8];
  std::uint8_t* output_of_[kLanes] = {};
};

/// The public operation, and the comparison with what the padding has to be. The modulus comes as it stands in a
/// certificate; libcrypto has its key ready.
class LanesRsaVerify {
 public:
  explicit LanesRsaVerify(std::size_t lanes) : lanes_(lanes), wanted_(static_cast<LaneMask>((1U << lanes) - 1)) {
    for (std::size_t i = 0; i < lanes; ++i) {
      EVP_PKEY& key = rsa_key(2048, i);
      OpensslSignature signature(key, EVP_sha256(), example_digest(32));
      require(signature.sign(), "a signature");
      read_number(key, OSSL_PKEY_PARAM_RSA_N, modulus_[i]);
      std::memcpy(signature_[i], signature.signature().data(), sizeof signature_[i]);
      modulus_of_[i] = modulus_[i];
      signature_of_[i] = signature_[i];
      exponent_[i] = kExponent;
      output_of_[i] = output_[i];
    }
  }
  bool run() {
    if ((kRsaIfma[0].public_operation(output_of_, modulus_of_, exponent_, signature_of_) & wanted_) != wanted_)
      return false;
    for (std::size_t i = 0; i < lanes_; ++i) {
      std::uint8_t expected[256];
      pad(expected);
      if (std::memcmp(expected, output_[i], sizeof expected) != 0) return false;
    }
    return true;
  }
  /// A changed signature is found.
  bool check() {
    signature_[0][100] ^= 1U;
    return !run();
  }

 private:
  std::size_t lanes_;
  LaneMask wanted_;
  std::uint8_t modulus_[kLanes][256];
  std::uint8_t signature_[kLanes][256];
  std::uint8_t output_[kLanes][256];
  std::uint32_t exponent_[kLanes] = {};
  const std::uint8_t* modulus_of_[kLanes] = {};
  const std::uint8_t* signature_of_[kLanes] = {};
  std::uint8_t* output_of_[kLanes] = {};
};

}  // namespace

void add_rsa() {
  add_rows<OpensslRsa<2048>, LanesRsa<2048>>("Rsa2048Private");
  add_rows<OpensslRsa<3072>, LanesRsa<3072>>("Rsa3072Private");
  add_rows<OpensslRsa<4096>, LanesRsa<4096>>("Rsa4096Private");
  add_rows<OpensslRsaVerify, LanesRsaVerify>("Rsa2048Verify");
}

}  // namespace lockstep::bench
