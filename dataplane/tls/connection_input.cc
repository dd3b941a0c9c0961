// What the peer's records mean: which are allowed when, and where their content goes.
#include "dataplane/tls/alert.h"
#include "dataplane/tls/connection.h"

namespace lockstep::tls {

using crypto::Aead;
using crypto::JobStatus;

namespace {

// Records without content, and warnings, in a row.
constexpr std::uint8_t kMaxEmptyRecords = 32;
constexpr std::uint8_t kMaxWarnings = 4;

}  // namespace

bool Connection::wants_record() const {
  if (discards_input()) return false;
  if (established_) return !inbound_.updating() && inbound_.may_open();
  return handshake_ != nullptr && handshake_->wants_input() && inbound_.idle();
}

Error Connection::take_record(InputCursor& cursor, const RecordHeader& header) {
  if (header.type == ContentType::change_cipher_spec) return take_change_cipher_spec(cursor, header);
  switch (inbound_.protection()) {
    case Protection::none:
      return take_unprotected(cursor, header);
    case Protection::tls12:
      // RFC 5246 section 6: other types are refused, and not only when they do not open.
      if (header.type < ContentType::alert || header.type > ContentType::application_data)
        return Error::unexpected_record_type;
      return open_record(cursor, header);
    case Protection::tls13:
      if (header.type == ContentType::application_data) return open_record(cursor, header);
      // A client that cannot make sense of ServerHello has no keys for its alert.
      if (header.type == ContentType::alert && !is_client_ && !established_ && inbound_.sequence() == 0 &&
          !early_data_ended())
        return take_plain_alert(cursor, header);
      return Error::unexpected_record_type;
  }
  return Error::unexpected_record_type;
}

Error Connection::take_change_cipher_spec(InputCursor& cursor, const RecordHeader& header) {
  std::array<std::uint8_t, 1> content{};
  if (header.length != content.size()) return Error::bad_change_cipher_spec;
  cursor.skip(kRecordHeader);
  cursor.copy(content);
  if (content[0] != 1 || handshake_ == nullptr || established_) return Error::bad_change_cipher_spec;
  if (handshake_->awaiting == HandshakeBase::Awaiting::change_cipher_spec) {
    handshake_->change_cipher_spec_received = true;
  } else if (handshake_->tolerates_change_cipher_spec && handshake_->reader.at_boundary()) {
    handshake_->tolerates_change_cipher_spec = false;
  } else {
    return Error::bad_change_cipher_spec;
  }
  inbound_.hold(kRecordHeader + header.length);
  return Error::none;
}

Error Connection::take_unprotected(InputCursor& cursor, const RecordHeader& header) {
  switch (header.type) {
    case ContentType::handshake:
      return take_plain_handshake(cursor, header);
    case ContentType::alert:
      return take_plain_alert(cursor, header);
    case ContentType::application_data:
      // Early data between two hellos (RFC 8446 section 4.2.10), but not between fragments of one (section 5.1).
      if (!handshake_->reader.at_boundary()) return Error::unexpected_record_type;
      cursor.skip(kRecordHeader + header.length);
      return skip_early_data(kRecordHeader + header.length);
    default:
      return Error::unexpected_record_type;
  }
}

Error Connection::take_plain_handshake(InputCursor& cursor, const RecordHeader& header) {
  if (header.length == 0) return Error::empty_record;  // RFC 8446 section 5.1
  if (handshake_->awaiting == HandshakeBase::Awaiting::change_cipher_spec) return Error::unexpected_handshake_message;
  Error error = Error::none;
  cursor.skip(kRecordHeader);
  cursor.take(header.length, [&](MutableBytes piece) {
    error = handshake_->reader.append(piece);
    return error == Error::none;
  });
  inbound_.hold(kRecordHeader + header.length);
  return error;
}

Error Connection::take_plain_alert(InputCursor& cursor, const RecordHeader& header) {
  std::array<std::uint8_t, 2> content{};
  if (header.length == 0) return Error::empty_record;
  if (header.length != content.size()) return Error::malformed_alert;
  cursor.skip(kRecordHeader);
  cursor.copy(content);
  inbound_.hold(kRecordHeader + header.length);
  return take_alert(AlertMessage(content));
}

Error Connection::skip_early_data(std::uint32_t size) {
  if (handshake_->early_data_to_skip < size) return Error::unexpected_record_type;
  handshake_->early_data_to_skip -= size;
  inbound_.hold(size);
  return Error::none;
}

Error Connection::open_record(InputCursor& cursor, const RecordHeader& header) {
  const Error error = inbound_.open(link_, cursor, header);
  const bool passed_over = error == Error::bad_record && !established_ && handshake_->early_data_to_skip != 0;
  if (passed_over) {
    cursor.skip(kRecordHeader + header.length);
    return skip_early_data(kRecordHeader + header.length);
  }
  // The peer's keys wear out, too (RFC 8446 section 5.5): asked for new ones, it has to change them.
  if (established_ && inbound_.protection() == Protection::tls13 &&
      inbound_.traffic.aead()->keys.aead != Aead::chacha20_poly1305 &&
      inbound_.sequence() == link_.core.limits.records_before_key_update)
    outbound_.update_keys(true);
  return error;
}

void Connection::take_opened_records() {
  while (OpenRecord* const record = inbound_.front()) {
    if (inbound_.updating()) return;
    if (discards_input()) {
      inbound_.pop(link_, 0);
      continue;
    }
    if (const Error error = take_opened(*record); error != Error::none) fail(error);
    advance_handshake();
  }
}

Error Connection::take_opened(OpenRecord& record) {
  if (record.status() == JobStatus::bad_record) {
    if (established_ || handshake_->early_data_to_skip < record.size) return Error::bad_record;
    handshake_->early_data_to_skip -= record.size;
    inbound_.pop_unopened(link_);
    return Error::none;
  }
  if (record.status() != JobStatus::ok) return Error::engine_failed;
  if (handshake_ != nullptr) handshake_->early_data_to_skip = 0;
  OpenedRecord opened;
  const Error error = inbound_.inspect(record, opened);
  return error != Error::none ? error : take_content(record, opened);
}

Error Connection::take_content(const OpenRecord& record, const OpenedRecord& opened) {
  switch (opened.type) {
    case ContentType::application_data:
      return take_application_data(opened.size);
    case ContentType::handshake:
      return take_handshake_content(record, opened.size);
    case ContentType::alert: {
      if (opened.size == 0) return Error::empty_record;
      if (opened.size != 2) return Error::malformed_alert;
      std::array<std::uint8_t, 2> content{};
      std::size_t filled = 0;
      Inbound::for_each_piece(record, opened.size, [&](Bytes piece) {
        for (const std::uint8_t byte : piece) content[filled++] = byte;
      });
      inbound_.pop_and_hold(link_);
      return take_alert(AlertMessage(content));
    }
    case ContentType::change_cipher_spec:
      return Error::bad_change_cipher_spec;  // RFC 8446 section 5: never protected
    default:
      return Error::unexpected_record_type;
  }
}

Error Connection::take_application_data(std::uint32_t size) {
  const Error error = established_ ? post_handshake_.application_data(size == 0) : take_early_data(size);
  if (error != Error::none) return error;
  if (size != 0) {
    empty_records_ = warnings_ = 0;
  } else if (++empty_records_ > kMaxEmptyRecords) {
    return Error::too_many_empty_records;
  }
  inbound_.pop(link_, size);
  return Error::none;
}

// Plaintext is counted, without padding and type (RFC 8446 section 4.2.10).
Error Connection::take_early_data(std::uint32_t size) {
  if (!handshake_->takes_early_data || !handshake_->reader.at_boundary()) return Error::unexpected_record_type;
  if (size > handshake_->early_data_left) return Error::too_much_early_data;
  handshake_->early_data_left -= size;
  return Error::none;
}

Error Connection::take_handshake_content(const OpenRecord& record, std::uint32_t size) {
  if (size == 0) return Error::empty_record;  // RFC 8446 section 5.1
  if (established_) return take_post_handshake(record, size);
  Error error = Error::none;
  Inbound::for_each_piece(record, size, [&](Bytes piece) {
    if (error == Error::none) error = handshake_->reader.append(piece);
  });
  inbound_.pop_and_hold(link_);
  return error;
}

Error Connection::take_post_handshake(const OpenRecord& record, std::uint32_t size) {
  TicketReceiver* const tickets = is_client_ ? tickets_ : nullptr;
  PostHandshake::Outcome outcome;
  std::uint32_t left = size;
  Inbound::for_each_piece(record, size, [&](Bytes piece) {
    left -= static_cast<std::uint32_t>(piece.size());
    if (outcome.error == Error::none)
      outcome.add(post_handshake_.take(is_client_, tickets, negotiated_.version, piece, left == 0));
  });
  if (outcome.error != Error::none) return outcome.error;
  if (outcome.refuse_renegotiation) outbound_.warn(Alert::no_renegotiation);
  if (!outcome.key_update) {
    inbound_.pop(link_, 0);
    return Error::none;
  }
  // Records behind it were opened with keys that are no more; see Inbound.
  if (!inbound_.alone()) return Error::bad_record;
  link_.core.counters.key_updates_received.add();
  if (outcome.answer && !outbound_.ending()) outbound_.update_keys(false);
  inbound_.start_key_update(link_);
  return Error::none;
}

Error Connection::take_alert(const AlertMessage& alert) {
  if (alert.is(Alert::close_notify)) {
    if (!established_) return Error::peer_alert;
    peer_closed_ = link_.effects->peer_closed = true;
    return Error::none;
  }
  // In TLS 1.3 the description alone decides (RFC 8446 section 6), and user_canceled announces a close_notify.
  const bool agreed = phase_ != (is_client_ ? Phase::server_hello : Phase::client_hello);
  const bool tls13 = agreed && negotiated_.version == Version::tls13;
  const bool warning =
      tls13 ? alert.is(Alert::user_canceled) : alert.level() == static_cast<std::uint8_t>(AlertLevel::warning);
  // RFC 8446 section 5.1: nothing comes between the fragments of a message. TLS 1.2 allows it (RFC 5246 section 6.2.1).
  const bool in_message = handshake_ != nullptr ? !handshake_->reader.at_boundary() : post_handshake_.in_message();
  const bool tls12 = agreed && !tls13;
  if (warning && in_message && !tls12) return Error::unexpected_record_type;
  if (warning) return ++warnings_ > kMaxWarnings ? Error::too_many_alerts : Error::none;
  if (!tls13 && alert.level() != static_cast<std::uint8_t>(AlertLevel::fatal)) return Error::illegal_parameter;
  return Error::peer_alert;
}

}  // namespace lockstep::tls
