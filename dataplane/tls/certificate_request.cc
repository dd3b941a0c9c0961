#include "dataplane/tls/certificate_request.h"

namespace lockstep::tls {

Error read_certificate_request_tls13(Bytes body, const ClientOffer& offer, CodePoints& signature_algorithms) {
  Reader reader(body);
  const Bytes context = reader.vector8();
  const Bytes extensions = reader.vector16();
  if (!reader.finished()) return Error::malformed_message;
  if (!context.empty()) return Error::illegal_parameter;
  const Error error = read_extensions(extensions, [&](std::uint16_t type, Bytes content) {
    if (type != static_cast<std::uint16_t>(ExtensionType::signature_algorithms))
      return offer.refuse(type) == Error::misplaced_extension ? Error::misplaced_extension : Error::none;
    Reader list(content);
    const Bytes schemes = list.vector16();
    if (!list.finished() || schemes.empty() || schemes.size() % 2 != 0) return Error::malformed_message;
    signature_algorithms = CodePoints(schemes);
    return Error::none;
  });
  if (error != Error::none) return error;
  return signature_algorithms.empty() ? Error::missing_extension : Error::none;
}

Error read_certificate_request_tls12(Bytes body, CodePoints& signature_algorithms) {
  Reader reader(body);
  const Bytes types = reader.vector8();
  const Bytes schemes = reader.vector16();
  Reader authorities(reader.vector16());
  while (authorities.remaining() != 0) authorities.vector16();
  if (!reader.finished() || !authorities.ok() || types.empty() || schemes.empty() || schemes.size() % 2 != 0)
    return Error::malformed_message;
  signature_algorithms = CodePoints(schemes);
  return Error::none;
}

}  // namespace lockstep::tls
