#include "dataplane/tls/retry_state.h"

namespace lockstep::tls {

namespace {

// Tells it from a SessionState, whose first byte is its format.
constexpr std::uint8_t kFormat = 0xc1;

}  // namespace

Bytes RetryState::write(MutableBytes out) const {
  Writer writer(out);
  writer.u8(kFormat);
  writer.bytes(scope);
  writer.u16(static_cast<std::uint16_t>(suite));
  writer.u16(static_cast<std::uint16_t>(group));
  writer.u8(offered_psk ? 1 : 0);
  writer.bytes(unchanging);
  writer.bytes(digest);
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

bool RetryState::read(Bytes state) {
  Reader reader(state);
  if (reader.u8() != kFormat) return false;
  reader.read(scope);
  suite = static_cast<CipherSuite>(reader.u16());
  group = static_cast<crypto::NamedGroup>(reader.u16());
  offered_psk = reader.u8() != 0;
  reader.read(unchanging);
  reader.read(digest);
  return reader.finished();
}

}  // namespace lockstep::tls
