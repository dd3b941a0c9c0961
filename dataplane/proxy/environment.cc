#include "dataplane/proxy/environment.h"

#include <algorithm>

#include "dataplane/proxy/key_log_event.h"

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

void Environment::log_secret(tls::SecretName name, Bytes client_random, Bytes secret) {
  KeyLogEvent line;
  line.name = name;
  line.secret_size = static_cast<std::uint8_t>(secret.size());
  std::copy(client_random.begin(), client_random.end(), line.client_random.begin());
  std::copy(secret.begin(), secret.end(), line.secret.begin());
  Event entry = Event::make(kKeyLogEvent, now_, line);
  if (!events_.push(entry)) counters_.events_lost.add();
  wipe(line.secret);
  wipe(entry.payload);
}

MbufPtr Environment::take(const tls::OutputBuffer& buffer) {
  MbufPtr packet(static_cast<rte_mbuf*>(buffer.handle));
  packet->data_len = static_cast<std::uint16_t>(buffer.size);
  packet->pkt_len = buffer.size;
  return packet;
}

}  // namespace lockstep::proxy
