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
  const std::uint32_t limit = is_protected ? max_protected() : may_be_early ? kMaxProtected : largest_;
  if (header.length > limit) return Peek::too_long;
  if (cursor.remaining() < header.length) return Peek::incomplete;
  seen_record_ = true;
  return Peek::record;
}

void Inbound::release_held(Link& link) {
  link.dispose(false, held_);
  held_ = 0;
}

Error Inbound::open(Link& link, InputCursor& cursor, const RecordHeader& header) {
  // A TLS 1.3 plaintext has at least its content type (RFC 8446 section 5.2). What a CBC suite needs is found in the
  // same place as its other faults.
  const bool cbc = traffic.cbc() != nullptr;
  if (!cbc && header.length < overhead(protection_, traffic.aead()->keys.aead)) return Error::bad_record;
  if (sequence_ == link.core.limits.records_per_key) return Error::record_limit;
  OpenRecord* const record = link.core.open_records.make(cbc);
  if (record == nullptr) {
    link.starved();
    return Error::none;
  }
  record->type = static_cast<std::uint8_t>(header.type);
  record->size = kRecordHeader + header.length;
  cursor.skip(kRecordHeader);
  if (!(cbc ? prepare_cbc(*record, cursor, header) : prepare_aead(*record, cursor, header))) {
    link.core.open_records.release(record);
    return Error::no_memory;
  }

  (first_ == nullptr ? first_ : last_->next_record) = record;
  last_ = record;
  ++count_;
  ++sequence_;
  in_flight_bytes_ += record->size;
  barrier_ = protection_ == Protection::tls13 && (peer_pads_ || header.length <= kKeyUpdateRecord);
  link.submit(record->job());
  return Error::none;
}

// False when the record lies in too many pieces.
bool Inbound::prepare_aead(OpenRecord& record, InputCursor& cursor, const RecordHeader& header) const {
  const crypto::RecordKeys& keys = traffic.aead()->keys;
  const std::uint32_t explicit_nonce = explicit_nonce_size(protection_, keys.aead);
  const auto text = static_cast<std::uint32_t>(header.length - explicit_nonce - crypto::kAeadTag);
  crypto::OpenJob& job = *record.aead();
  job.keys = &keys;
  record.front = kRecordHeader + explicit_nonce;
  if (explicit_nonce != 0) {
    std::array<std::uint8_t, 8> nonce;
    cursor.copy(nonce);
    salted_nonce(keys.iv.expose(), nonce, job.nonce);
  } else {
    xor_nonce(keys.iv.expose(), sequence_, job.nonce);
  }
  set_additional_data(job, protection_, sequence_, header, text);
  if (!cursor.take(text, [&](MutableBytes piece) { return record.add(piece); })) return false;
  cursor.copy(job.tag);
  return true;
}

// The same. The explicit IV is the first block (RFC 5246 section 6.2.3.2).
bool Inbound::prepare_cbc(OpenRecord& record, InputCursor& cursor, const RecordHeader& header) const {
  crypto::CbcOpenJob& job = *record.cbc();
  job.keys = traffic.cbc();
  job.header = {sequence_, static_cast<std::uint8_t>(header.type), header.version};
  record.front = kRecordHeader;
  return cursor.take(header.length, [&](MutableBytes piece) { return record.add(piece); });
}

OpenRecord* Inbound::front() {
  return first_ != nullptr && first_->returned() ? first_ : nullptr;
}

Error Inbound::inspect(OpenRecord& record, OpenedRecord& opened) {
  opened.type = static_cast<ContentType>(record.type);
  if (const crypto::CbcOpenJob* const job = record.cbc(); job != nullptr) {
    record.offset = job->plaintext_offset;
    opened.size = job->plaintext_size;
    return opened.size > largest_ ? Error::record_too_long : Error::none;
  }
  const std::span<const MutableBytes> pieces = record.pieces();
  std::uint32_t size = 0;
  for (const Bytes piece : pieces) size += static_cast<std::uint32_t>(piece.size());
  opened.size = size;
  if (record.aead()->aad_size != kRecordHeader) return size > largest_ ? Error::record_too_long : Error::none;

  // TLSInnerPlaintext: content, type, zeros (RFC 8446 section 5.4).
  if (size > kMaxFragment + 1) return Error::record_too_long;
  for (std::size_t i = pieces.size(); i-- > 0;) {
    const Bytes piece = pieces[i];
    for (std::size_t at = piece.size(); at-- > 0; --size) {
      if (piece[at] == 0) continue;
      opened.type = static_cast<ContentType>(piece[at]);
      peer_pads_ = peer_pads_ || size != opened.size;
      opened.size = size - 1;
      return opened.size > largest_ ? Error::record_too_long : Error::none;
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
    const std::uint32_t front = record.front + record.offset;
    link.dispose(false, front);
    link.dispose(true, deliver);
    link.dispose(false, record.size - front - deliver);
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
  if (traffic.aead()->update.status != JobStatus::ok) return Error::engine_failed;
  sequence_ = 0;
  pop(link, 0);
  return Error::none;
}

void Inbound::clear(Link& link) {
  while (first_ != nullptr) remove_front(link);
  traffic.forget(link);
}

}  // namespace lockstep::tls
