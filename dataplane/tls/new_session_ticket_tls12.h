// The NewSessionTicket message of TLS 1.2 (RFC 5077 section 3.3).
#pragma once

#include "crypto/base/time.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/ticket.h"

namespace lockstep::tls {

/// Room for the largest: lifetime and ticket.
constexpr std::size_t kMaxNewSessionTicketTls12 = kHandshakeHeader + 4 + (2 + kMaxTicket);

struct NewSessionTicketTls12 {
  Duration lifetime = {};  // whole seconds are sent; 0: unspecified
  Bytes ticket = {};       // empty: none after all

  /// Reads the body; false when it does not parse.
  bool read(Bytes body) {
    Reader reader(body);
    lifetime = seconds(reader.u32());
    ticket = reader.vector16();
    return reader.finished();
  }

  /// Writes the message and returns it; empty when it does not fit.
  Bytes write(MutableBytes out) const {
    Writer writer(out);
    {
      const auto message = begin_message(writer, HandshakeType::new_session_ticket);
      writer.u32(static_cast<std::uint32_t>(lifetime.milliseconds() / 1000));
      const auto length = writer.length16();
      writer.bytes(ticket);
    }
    return writer.ok() ? Bytes(writer.written()) : Bytes();
  }
};

}  // namespace lockstep::tls
