// Handshake messages after the handshake: KeyUpdate in TLS 1.3, and NewSessionTicket from servers; attempts to
// renegotiate in TLS 1.2.
#pragma once

#include "dataplane/tls/key_update.h"
#include "dataplane/tls/server_config.h"
#include "dataplane/tls/ticket_receiver.h"

namespace lockstep::tls {

/// Puts the short messages together and counts them. No buffer of its own beyond one KeyUpdate.
class PostHandshake {
 public:
  /// KeyUpdates, or refused renegotiations, without application data in between before the connection ends.
  static constexpr std::uint8_t kMaxKeyUpdates = 32;
  static constexpr std::uint8_t kMaxRenegotiations = 4;

  struct Outcome {
    Error error = Error::none;
    bool key_update = false;            // the peer's next records use new keys
    bool answer = false;                // and it wants ours to change, too
    bool refuse_renegotiation = false;  // to be answered by a warning

    void add(const Outcome& next) {
      error = next.error;
      key_update = key_update || next.key_update;
      answer = answer || next.answer;
      refuse_renegotiation = refuse_renegotiation || next.refuse_renegotiation;
    }
  };

  /// Takes the content of a handshake record, in pieces; `last` with the last one. A client's tickets go to `tickets`,
  /// or are passed over where there is none.
  Outcome take(bool is_client, TicketReceiver* tickets, Version version, Bytes content, bool last);
  /// Application data arrived: handshake messages may not be interleaved with it (RFC 8446 section 5.1).
  Error application_data(bool empty);
  /// A message is incomplete.
  bool in_message() const { return size_ != 0 || to_skip_ != 0; }

 private:
  Outcome take_tls13(bool is_client, TicketReceiver* tickets, Bytes content, bool last);
  Error check_header(bool is_client, TicketReceiver* tickets);
  std::uint32_t body_size() const;
  Bytes skip(Bytes& content);
  Error take_ticket(TicketReceiver* tickets, Bytes& content);
  Outcome take_renegotiation(bool is_client, Bytes content);

  std::array<std::uint8_t, KeyUpdateMessage::kSize> buffer_{};
  std::uint8_t size_ = 0;
  std::uint8_t count_ = 0;
  std::uint32_t to_skip_ = 0;  // bytes of a ClientHello that is refused, or of a ticket
};

}  // namespace lockstep::tls
