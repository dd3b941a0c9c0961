#include "dataplane/proxy/pattern.h"

#include <algorithm>

namespace lockstep::proxy {

Pattern::Pattern(MbufPools& pools, std::uint32_t period, std::uint32_t count, std::uint8_t (*byte_at)(std::uint32_t))
    : period_(period), count_(count) {
  for (MbufPtr& buffer : buffers_) {
    buffer = pools.record();
    if (buffer == nullptr) return;
    char* const data = rte_pktmbuf_append(buffer.get(), static_cast<std::uint16_t>(count));
    for (std::uint32_t i = 0; i < count; ++i) data[i] = static_cast<char>(byte_at(i));
  }
}

std::uint32_t Pattern::append(std::uint64_t position, std::uint32_t count, MbufPools& pools, Chain& out) {
  const auto free_buffer = std::find_if(buffers_.begin(), buffers_.end(), [](const MbufPtr& buffer) {
    return buffer != nullptr && rte_mbuf_refcnt_read(buffer.get()) < kMaxReferences;
  });
  if (free_buffer == buffers_.end()) return 0;
  const auto offset = static_cast<std::uint32_t>(position % period_);
  const std::uint32_t size = std::min(count, count_ - offset);
  MbufPtr piece = pools.clone(**free_buffer, offset, size);
  if (piece == nullptr) return 0;
  out.append(std::move(piece));
  return size;
}

std::uint8_t letter_at(std::uint32_t i) {
  return static_cast<std::uint8_t>('a' + i % kLetterPeriod);
}

std::uint8_t rotating_at(std::uint32_t i) {
  const std::uint32_t line = i / kRotatingLine;
  const std::uint32_t column = i % kRotatingLine;
  if (column == kRotatingLine - 2) return '\r';
  if (column == kRotatingLine - 1) return '\n';
  return static_cast<std::uint8_t>(' ' + (line + column) % 95);
}

Patterns::Patterns(MbufPools& pools)
    : letters(pools, kLetterPeriod, kLetterPeriod * 640, letter_at),
      rotating(pools, kRotatingPeriod, kRotatingPeriod * 2, rotating_at) {}

}  // namespace lockstep::proxy
