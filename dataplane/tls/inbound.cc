#include "dataplane/tls/inbound.h"

#include <algorithm>

namespace lockstep::tls {

using crypto::JobStatus;

namespace {

constexpr std::uint8_t kFirstContentType = 20;
constexpr std::uint8_t kLastContentType = 23;
constexpr std::uint32_t kKeyUpdateRecord = 5 + 1 + crypto::kAeadTag;  // message, inner content type, tag

}  // namespace

Inbound::Peek Inbound::peek(InputCursor cursor, RecordHeader& header) {
  std::array<std::uint8_t, kRecordHeader> bytes{};
  const std::size_t available = std::min<std::size_t>(cursor.remaining(), kRecordHeader);
  if (available == 0) return Peek::incomplete;
  cursor.copy(MutableBytes(bytes).first(available));

  // Other protocols are turned away at their first byte: TLS content types are control characters (RFC 5246 section
  // 6.2.1), an SSLv2 hello begins with its length.
  const bool known = bytes[0] >= kFirstContentType && bytes[0] <= kLastContentType;
  if (!seen_record_ && !known) return Peek::not_tls;
  if (available < kRecordHeader) return Peek::incomplete;

  Reader reader(bytes);
  header.type = static_cast<ContentType>(reader.u8());
  header.version = reader.u16();
  header.length = reader.u16();
  // The minor version is ignored (RFC 8446 section 5.1).
  if (header.version >> 8U != kRecordVersion >> 8U) return seen_record_ ? Peek::malformed : Peek::not_tls;
  const bool is_protected = protection_ != Protection::none && header.type != ContentType::change_cipher_spec;
  // Early data that is passed over comes before the keys.
  const bool may_be_early = header.type == ContentType::application_data;
  if (header.length > (is_protected || may_be_early ? kMaxProtected : kMaxFragment)) return Peek::too_long;
  if (cursor.remaining() < header.length) return Peek::incomplete;
  seen_record_ = true;
  return Peek::record;
}

void Inbound::release_held(Link& link) {
  link.dispose(false, held_);
  held_ = 0;
}

Error Inbound::open(Link& link, InputCursor& cursor, const RecordHeader& header) {
  const std::uint32_t explicit_nonce = explicit_nonce_size(protection_, traffic.keys.aead);
  // A TLS 1.3 plaintext has at least its content type (RFC 8446 section 5.2).
  if (header.length < overhead(protection_, traffic.keys.aead)) return Error::bad_record;
  if (sequence_ == link.core.limits.records_per_key) return Error::record_limit;
  OpenRecord* const record = link.core.open_records.make();
  if (record == nullptr) {
    link.starved();
    return Error::none;
  }
  record->keys = &traffic.keys;
  record->type = static_cast<std::uint8_t>(header.type);
  record->size = kRecordHeader + header.length;
  record->front = kRecordHeader + explicit_nonce;
  const auto text = static_cast<std::uint32_t>(header.length - explicit_nonce - crypto::kAeadTag);

  cursor.skip(kRecordHeader);
  if (explicit_nonce != 0) {
    std::array<std::uint8_t, 8> nonce;
    cursor.copy(nonce);
    salted_nonce(traffic.keys.iv.expose(), nonce, record->nonce);
  } else {
    xor_nonce(traffic.keys.iv.expose(), sequence_, record->nonce);
  }
  set_additional_data(*record, protection_, sequence_, header, text);
  const bool fits = cursor.take(text, [&](MutableBytes piece) {
    if (record->piece_count == crypto::kMaxRecordPieces) return false;
    record->ciphertext[record->piece_count++] = piece;
    return true;
  });
  if (!fits) {
    link.core.open_records.release(record);
    return Error::no_memory;
  }
  cursor.copy(record->tag);

  (first_ == nullptr ? first_ : last_->next_record) = record;
  last_ = record;
  ++count_;
  ++sequence_;
  in_flight_bytes_ += record->size;
  barrier_ = protection_ == Protection::tls13 && (peer_pads_ || header.length <= kKeyUpdateRecord);
  link.submit(*record);
  return Error::none;
}

OpenRecord* Inbound::front() const {
  return first_ != nullptr && first_->returned ? first_ : nullptr;
}

Error Inbound::inspect(const OpenRecord& record, OpenedRecord& opened) {
  std::uint32_t size = 0;
  for (std::size_t i = 0; i < record.piece_count; ++i) size += static_cast<std::uint32_t>(record.ciphertext[i].size());
  opened.type = static_cast<ContentType>(record.type);
  opened.size = size;
  if (record.aad_size != kRecordHeader) return size > kMaxFragment ? Error::record_too_long : Error::none;

  // TLSInnerPlaintext: content, type, zeros (RFC 8446 section 5.4).
  if (size > kMaxFragment + 1) return Error::record_too_long;
  for (std::size_t i = record.piece_count; i-- > 0;) {
    const Bytes piece = record.ciphertext[i];
    for (std::size_t at = piece.size(); at-- > 0; --size) {
      if (piece[at] == 0) continue;
      opened.type = static_cast<ContentType>(piece[at]);
      peer_pads_ = peer_pads_ || size != opened.size;
      opened.size = size - 1;
      return Error::none;
    }
  }
  return Error::missing_content_type;
}

void Inbound::remove_front(Link& link) {
  OpenRecord* const record = first_;
  first_ = record->next_record;
  --count_;
  in_flight_bytes_ -= record->size;
  if (first_ == nullptr) {
    last_ = nullptr;
    barrier_ = false;
  }
  link.core.open_records.release(record);
}

void Inbound::pop(Link& link, std::uint32_t deliver) {
  release_held(link);
  const OpenRecord& record = *first_;
  if (deliver == 0) {
    link.dispose(false, record.size);
  } else {
    link.dispose(false, record.front);
    link.dispose(true, deliver);
    link.dispose(false, record.size - record.front - deliver);
  }
  link.core.counters.records_opened.add();
  remove_front(link);
}

void Inbound::pop_and_hold(Link& link) {
  held_ += first_->size;
  link.core.counters.records_opened.add();
  remove_front(link);
}

void Inbound::pop_unopened(Link& link) {
  held_ += first_->size;
  --sequence_;
  remove_front(link);
}

void Inbound::start_key_update(Link& link) {
  updating_ = true;
  traffic.start_update(link);
}

Error Inbound::key_update_done(Link& link) {
  updating_ = false;
  if (traffic.update.status != JobStatus::ok) return Error::engine_failed;
  sequence_ = 0;
  pop(link, 0);
  return Error::none;
}

void Inbound::clear(Link& link) {
  while (first_ != nullptr) remove_front(link);
  traffic.forget(link);
}

}  // namespace lockstep::tls
