// The EncryptedExtensions message (RFC 8446 section 4.3.1).
#pragma once

#include "dataplane/tls/client_offer.h"
#include "dataplane/tls/extensions.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/record_sizes.h"
#include "dataplane/tls/server_hello.h"

namespace lockstep::tls {

/// Room for the largest: an ALPN name of 255 bytes.
constexpr std::size_t kMaxEncryptedExtensions = 288;

struct EncryptedExtensions {
  bool server_name = false;  // acknowledge (RFC 6066 section 3)
  std::string_view alpn;     // empty: none
  bool early_data = false;   // it is taken (RFC 8446 section 4.2.10)
  RecordSizes sizes = {};

  /// Writes the message and returns it; empty when it does not fit.
  Bytes write(MutableBytes out) const {
    Writer writer(out);
    {
      const auto message = begin_message(writer, HandshakeType::encrypted_extensions);
      const auto extensions = writer.length16();
      if (server_name) {
        const auto extension = begin_extension(writer, ExtensionType::server_name);
      }
      if (!alpn.empty()) write_alpn(writer, alpn);
      sizes.write(writer);
      if (early_data) {
        const auto extension = begin_extension(writer, ExtensionType::early_data);
      }
    }
    return writer.ok() ? Bytes(writer.written()) : Bytes();
  }
};

/// Reads the body as the answer to `offer`: malformed_message, duplicate_extension, alpn_not_offered,
/// misplaced_extension, unsolicited_extension. `alpn`: the application protocol; empty: none.
Error read_encrypted_extensions(Bytes body, const ClientOffer& offer, Bytes& alpn);

}  // namespace lockstep::tls
