// RSA: private operations (as signatures) and verification.
#include "bench/crypto/openssl_signature.h"
#include "bench/crypto/rows.h"

namespace lockstep::bench {
namespace {

template <unsigned kBits>
class OpensslRsa {
 public:
  OpensslRsa() : key_(make_key("RSA", kBits)), signature_(*key_, EVP_sha256(), example_digest(32)) {}
  bool run() { return signature_.sign(); }
  bool check() { return signature_.verify(signature_.signature()); }

 private:
  crypto::UniquePkey key_;
  OpensslSignature signature_;
};

class OpensslRsaVerify {
 public:
  OpensslRsaVerify() : key_(make_key("RSA", 2048)), signature_(*key_, EVP_sha256(), example_digest(32)) {
    require(signature_.sign(), "a signature");
  }
  bool run() { return signature_.verify(signature_.signature()); }
  static bool check() { return true; }

 private:
  crypto::UniquePkey key_;
  OpensslSignature signature_;
};

}  // namespace

void add_rsa() {
  add_openssl<OpensslRsa<2048>>("Rsa2048Private");
  add_openssl<OpensslRsa<3072>>("Rsa3072Private");
  add_openssl<OpensslRsa<4096>>("Rsa4096Private");
  add_openssl<OpensslRsaVerify>("Rsa2048Verify");
}

}  // namespace lockstep::bench
