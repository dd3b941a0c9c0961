#include "crypto/schedule/hkdf.h"

#include <algorithm>
#include <cassert>

namespace lockstep::crypto {

bool hkdf_expand(const HmacKey& prk, Bytes info, MutableBytes out) {
  const std::size_t size = digest_size(prk.hash());
  if (out.size() > 255 * size) return false;
  Secret<kMaxDigest> block;
  Bytes previous;
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    prk.mac({previous, info, Bytes(&counter, 1)}, block.writable(size));
    previous = block.expose(size);
    const std::size_t taken = std::min(out.size(), size);
    std::memcpy(out.data(), previous.data(), taken);
    out = out.subspan(taken);
  }
  return true;
}

void hkdf_expand_label(const HmacKey& secret, std::string_view label, Bytes context, MutableBytes out) {
  constexpr std::string_view kPrefix = "tls13 ";
  constexpr std::size_t kMaxLabel = 18;
  std::array<std::uint8_t, 2 + 1 + kPrefix.size() + kMaxLabel + 1 + kMaxDigest> info;
  Writer writer(info);
  writer.u16(static_cast<std::uint16_t>(out.size()));
  {
    const auto scope = writer.length8();
    writer.bytes(ascii(kPrefix));
    writer.bytes(ascii(label));
  }
  {
    const auto scope = writer.length8();
    writer.bytes(context);
  }
  [[maybe_unused]] const bool expanded = hkdf_expand(secret, writer.written(), out);
  assert(writer.ok() && expanded && "labels, contexts and sizes are the schedule's own");
}

}  // namespace lockstep::crypto
