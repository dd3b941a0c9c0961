// The NewSessionTicket message of TLS 1.3 (RFC 8446 section 4.6.1).
#pragma once

#include "crypto/base/time.h"
#include "dataplane/tls/extensions.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/ticket.h"

namespace lockstep::tls {

/// Room for the largest: lifetime, age_add, a nonce of two bytes, the ticket, early_data.
constexpr std::size_t kMaxNewSessionTicket = kHandshakeHeader + 4 + 4 + (1 + 2) + (2 + kMaxTicket) + 2 + (4 + 4);

/// No ticket is used for longer, whatever is said.
constexpr Duration kLongestTicketLifetime = hours(168);

struct NewSessionTicketTls13 {
  Duration lifetime = {};  // whole seconds are sent
  std::uint32_t age_add = 0;
  Bytes nonce = {};
  Bytes ticket = {};
  std::uint32_t max_early_data = 0;  // 0: none may be sent, and there is no extension

  /// Reads the body: malformed_message, duplicate_extension, misplaced_extension. Unknown extensions are ignored.
  Error read(Bytes body);

  /// Writes the message and returns it; empty when it does not fit.
  Bytes write(MutableBytes out) const {
    Writer writer(out);
    {
      const auto message = begin_message(writer, HandshakeType::new_session_ticket);
      writer.u32(static_cast<std::uint32_t>(lifetime.milliseconds() / 1000));
      writer.u32(age_add);
      {
        const auto length = writer.length8();
        writer.bytes(nonce);
      }
      {
        const auto length = writer.length16();
        writer.bytes(ticket);
      }
      const auto extensions = writer.length16();
      if (max_early_data != 0) {
        const auto extension = begin_extension(writer, ExtensionType::early_data);
        writer.u32(max_early_data);
      }
    }
    return writer.ok() ? Bytes(writer.written()) : Bytes();
  }
};

}  // namespace lockstep::tls
