#include "control/tickets/derive.h"

#include <algorithm>

#include "crypto/base/hmac.h"

namespace lockstep::tickets {

void extract(std::string_view salt, Bytes keying_material, Secret32& out) {
  const HmacKey key(Hash::sha256, text_bytes(salt));
  key.mac({keying_material}, out.writable());
}

void expand(const Secret32& secret, std::string_view info, MutableBytes out) {
  const HmacKey key(Hash::sha256, secret.expose());
  constexpr std::uint8_t kFirstBlock = 1;
  Secret32 block;
  key.mac({text_bytes(info), Bytes(&kFirstBlock, 1)}, block.writable());
  std::copy_n(block.expose().begin(), std::min(out.size(), block.capacity()), out.begin());
}

}  // namespace lockstep::tickets
