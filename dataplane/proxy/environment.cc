#include "dataplane/proxy/environment.h"

#include <algorithm>

namespace lockstep::proxy {

tls::OutputBuffer Environment::output_buffer(std::uint32_t capacity) {
  // Small records do not occupy one of the few large buffers while there are others.
  MbufPtr buffer = capacity <= MbufPools::kPacketRoom ? pools_.packet() : MbufPtr();
  if (buffer == nullptr && capacity <= MbufPools::kRecordRoom) buffer = pools_.record();
  if (buffer == nullptr) {
    counters_.buffers_exhausted.add();
    return {};
  }
  if (lent_ != nullptr) *lent_ += capacity;
  std::uint8_t* const data = rte_pktmbuf_mtod(buffer.get(), std::uint8_t*);
  return {.handle = buffer.release(), .data = data, .capacity = capacity, .size = 0};
}

void Environment::release(const tls::OutputBuffer& buffer) {
  if (lent_ != nullptr) *lent_ -= std::min(*lent_, buffer.capacity);
  MbufPtr(static_cast<rte_mbuf*>(buffer.handle)).reset();
}

MbufPtr Environment::take(const tls::OutputBuffer& buffer) {
  MbufPtr packet(static_cast<rte_mbuf*>(buffer.handle));
  packet->data_len = static_cast<std::uint16_t>(buffer.size);
  packet->pkt_len = buffer.size;
  return packet;
}

}  // namespace lockstep::proxy
