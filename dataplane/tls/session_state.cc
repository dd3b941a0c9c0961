#include "dataplane/tls/session_state.h"

#include <algorithm>

#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/client_identity.h"
#include "dataplane/tls/new_session_ticket_tls13.h"

namespace lockstep::tls {

namespace {

// Of the format: states of other versions of this program are not resumed.
constexpr std::uint8_t kFormat = 3;

constexpr std::size_t kFingerprint = std::tuple_size_v<decltype(ClientIdentity::fingerprint)>;

// By how much the clocks of those who share ticket keys may differ.
constexpr Duration kClockSkew = seconds(10);

}  // namespace

Bytes SessionState::write(MutableBytes out) const {
  Writer writer(out);
  writer.u8(kFormat);
  writer.u16(static_cast<std::uint16_t>(version));
  writer.u16(static_cast<std::uint16_t>(cipher_suite));
  writer.u64(static_cast<std::uint64_t>(issued));
  writer.u32(age_add);
  writer.bytes(scope);
  writer.bytes(instance);
  writer.bytes(secret.expose());
  {
    const auto length = writer.length8();
    writer.bytes(server_name);
  }
  {
    const auto length = writer.length8();
    writer.bytes(alpn);
  }
  writer.u32(max_early_data);
  writer.u64(static_cast<std::uint64_t>(issued_at.ns));
  {
    const auto length = writer.length8();
    writer.bytes(client_fingerprint);
  }
  {
    const auto length = writer.length8();
    writer.bytes(client_subject);
  }
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

bool SessionState::read(Bytes state) {
  Reader reader(state);
  if (reader.u8() != kFormat) return false;
  version = static_cast<Version>(reader.u16());
  cipher_suite = static_cast<CipherSuite>(reader.u16());
  issued = static_cast<std::int64_t>(reader.u64());
  age_add = reader.u32();
  reader.read(scope);
  reader.read(instance);
  secret.assign(reader.bytes(secret.capacity()));
  server_name = reader.vector8();
  alpn = reader.vector8();
  max_early_data = reader.u32();
  issued_at.ns = static_cast<std::int64_t>(reader.u64());
  client_fingerprint = reader.vector8();
  client_subject = reader.vector8();
  const bool client_fits =
      client_fingerprint.size() == kFingerprint || (client_fingerprint.empty() && client_subject.empty());
  return reader.finished() && client_fits;
}

Duration lifetime_of_sessions(const ServerConfig& config) {
  return std::min(config.session_lifetime, kLongestTicketLifetime);
}

Resumption SessionState::check(const ServerConfig& config, Version spoken, Bytes name, std::int64_t now) const {
  if (version != spoken || scope != config.resumption_scope ||
      !std::equal(server_name.begin(), server_name.end(), name.begin(), name.end()))
    return Resumption::mismatched;
  if (config.client_authentication != nullptr && config.client_authentication->required && client_fingerprint.empty())
    return Resumption::mismatched;
  const std::int64_t lifetime = lifetime_of_sessions(config).milliseconds();
  // Nothing is subtracted from `issued`, which may be any number.
  const bool issued_already = issued <= now + kClockSkew.milliseconds();
  return issued_already && issued >= now - lifetime ? Resumption::possible : Resumption::expired;
}

}  // namespace lockstep::tls
