#include "crypto/schedule/prf.h"

#include <algorithm>

#include "crypto/schedule/hkdf.h"

namespace lockstep::crypto {

void prf(const HmacKey& secret, std::string_view label, Bytes seed, Bytes more_seed, MutableBytes out) {
  const std::size_t size = digest_size(secret.hash());
  Secret<kMaxDigest> a;  // A(i) of the RFC
  Secret<kMaxDigest> block;
  secret.mac({ascii(label), seed, more_seed}, a.writable(size));
  for (;;) {
    secret.mac({a.expose(size), ascii(label), seed, more_seed}, block.writable(size));
    const std::size_t taken = std::min(out.size(), size);
    if (taken != 0) std::memcpy(out.data(), block.expose().data(), taken);
    out = out.subspan(taken);
    if (out.empty()) return;
    secret.mac({a.expose(size)}, a.writable(size));
  }
}

}  // namespace lockstep::crypto
