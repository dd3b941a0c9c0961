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

HkdfLabel::HkdfLabel(std::string_view label, Bytes context, std::size_t out_size) {
  Writer writer(bytes_);
  writer.u16(static_cast<std::uint16_t>(out_size));
  {
    const auto scope = writer.length8();
    writer.bytes(ascii(kPrefix));
    writer.bytes(ascii(label));
  }
  {
    const auto scope = writer.length8();
    writer.bytes(context);
  }
  assert(writer.ok() && "labels are the schedule's own");
  size_ = writer.size();
}

void hkdf_expand_label(const HmacKey& secret, std::string_view label, Bytes context, MutableBytes out) {
  [[maybe_unused]] const bool expanded = hkdf_expand(secret, HkdfLabel(label, context, out.size()).bytes(), out);
  assert(expanded && "outputs are the schedule's own");
}

}  // namespace lockstep::crypto
