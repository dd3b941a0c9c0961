#include "dataplane/tls/new_session_ticket_tls13.h"

namespace lockstep::tls {

namespace {

// RFC 8446 section 4.2: illegal_parameter for what belongs into other messages.
Error check_place(std::uint16_t type) {
  switch (static_cast<ExtensionType>(type)) {
    case ExtensionType::server_name:
    case ExtensionType::supported_groups:
    case ExtensionType::signature_algorithms:
    case ExtensionType::alpn:
    case ExtensionType::pre_shared_key:
    case ExtensionType::supported_versions:
    case ExtensionType::cookie:
    case ExtensionType::psk_key_exchange_modes:
    case ExtensionType::key_share:
      return Error::misplaced_extension;
    default:
      return Error::none;
  }
}

}  // namespace

Error NewSessionTicketTls13::read(Bytes body) {
  Reader reader(body);
  lifetime = seconds(reader.u32());
  age_add = reader.u32();
  nonce = reader.vector8();
  ticket = reader.vector16();
  const Bytes extensions = reader.vector16();
  if (!reader.finished() || ticket.empty()) return Error::malformed_message;
  return read_extensions(extensions, [&](std::uint16_t type, Bytes content) {
    if (type != static_cast<std::uint16_t>(ExtensionType::early_data)) return check_place(type);
    Reader early_data(content);
    max_early_data = early_data.u32();
    return early_data.finished() ? Error::none : Error::malformed_message;
  });
}

}  // namespace lockstep::tls
