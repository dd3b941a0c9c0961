#include "dataplane/tls/encrypted_extensions.h"

namespace lockstep::tls {

namespace {

Error done(const Reader& reader) {
  return reader.finished() ? Error::none : Error::malformed_message;
}

// Groups for another time (RFC 8446 section 4.2.7); nothing is made of them.
Error read_supported_groups(Bytes body) {
  Reader reader(body);
  const Bytes groups = reader.vector16();
  return groups.empty() || groups.size() % 2 != 0 ? Error::malformed_message : done(reader);
}

}  // namespace

Error read_encrypted_extensions(Bytes body, const ClientOffer& offer, Bytes& alpn) {
  Reader reader(body);
  const Bytes extensions = reader.vector16();
  if (!reader.finished()) return Error::malformed_message;
  return read_extensions(extensions, [&](std::uint16_t type, Bytes content) {
    switch (static_cast<ExtensionType>(type)) {
      case ExtensionType::server_name:
        if (offer.config.server_name.empty()) break;
        return done(Reader(content));  // empty (RFC 6066 section 3)
      case ExtensionType::alpn:
        if (offer.config.alpn.empty()) break;
        return offer.read_alpn(content, alpn);
      case ExtensionType::supported_groups:
        return read_supported_groups(content);
      default:
        break;
    }
    return offer.refuse(type);
  });
}

}  // namespace lockstep::tls
