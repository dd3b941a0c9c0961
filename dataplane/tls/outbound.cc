#include "dataplane/tls/outbound.h"

#include <algorithm>

#include "dataplane/tls/alert.h"
#include "dataplane/tls/input_cursor.h"
#include "dataplane/tls/key_update.h"

namespace lockstep::tls {

using crypto::Aead;
using crypto::JobStatus;

namespace {

std::size_t total_size(std::span<const Bytes> pieces) {
  std::size_t total = 0;
  for (const Bytes piece : pieces) total += piece.size();
  return total;
}

// Takes up to `count` bytes from the front of `pieces` and hands them to f(Bytes), piece by piece.
template <class F>
void take_front(std::span<Bytes>& pieces, std::size_t count, F&& f) {
  while (count != 0) {
    const Bytes part = pieces.front().first(std::min(count, pieces.front().size()));
    if (!part.empty()) f(part);
    count -= part.size();
    pieces.front() = pieces.front().subspan(part.size());
    if (pieces.front().empty()) pieces = pieces.subspan(1);
  }
}

constexpr std::array<std::uint8_t, kMaxFragment> kZeros{};

}  // namespace

// Zeros behind the content and its type; a limit that was agreed counts them, too (RFC 8449 section 4).
std::uint32_t Outbound::padding_of(std::uint32_t plaintext) const {
  if (protection_ != Protection::tls13 || padding_multiple_ == 0) return 0;
  const std::uint32_t inner = plaintext + 1;
  const std::uint32_t beyond = inner % padding_multiple_;
  return beyond == 0 ? 0 : std::min(padding_multiple_ - beyond, largest_ + 1U - inner);
}

// On the wire, header included.
std::uint32_t Outbound::record_size(std::uint32_t plaintext) const {
  if (traffic.cbc() != nullptr)
    return kRecordHeader + static_cast<std::uint32_t>(cbc_fragment_size(*traffic.cbc(), plaintext));
  return kRecordHeader + plaintext + padding_of(plaintext) + overhead(protection_, traffic.aead()->keys.aead);
}

// What a record may have beside its plaintext, header included.
std::uint32_t Outbound::max_overhead() const {
  return kRecordHeader +
         (traffic.cbc() != nullptr ? kMaxCbcOverhead : overhead(protection_, traffic.aead()->keys.aead));
}

SealRecord* Outbound::make_record(Link& link, std::uint32_t plaintext) {
  SealRecord* const record = link.core.seal_records.make(traffic.cbc() != nullptr);
  if (record == nullptr) {
    link.starved();
    return nullptr;
  }
  const std::uint32_t size = record_size(plaintext);
  record->buffer = link.core.environment.output_buffer(size);
  if (record->buffer.handle == nullptr) {
    link.core.seal_records.release(record);
    link.starved();
    return nullptr;
  }
  return record;
}

void Outbound::seal(Link& link, SealRecord& record, ContentType type, std::uint32_t plaintext) {
  record.buffer.size = record_size(plaintext);
  RecordHeader header;
  header.type = protection_ == Protection::tls13 ? ContentType::application_data : type;
  header.version = kRecordVersion;
  header.length = static_cast<std::uint16_t>(record.buffer.size - kRecordHeader);
  Writer writer(MutableBytes(record.buffer.data, record.buffer.size));
  write_record_header(writer, header.type, header.length);
  if (record.cbc() != nullptr)
    prepare_cbc(link, record, writer, header);
  else
    prepare_aead(record, writer, type, header, plaintext);

  (first_ == nullptr ? first_ : last_->next_record) = &record;
  last_ = &record;
  ++count_;
  ++sequence_;
  scheduled_ += record.source;
  in_flight_bytes_ += record.buffer.size;
  link.submit(record.job());
}

void Outbound::prepare_aead(SealRecord& record, Writer& writer, ContentType type, const RecordHeader& header,
                            std::uint32_t plaintext) const {
  const crypto::RecordKeys& keys = traffic.aead()->keys;
  crypto::SealJob& job = *record.aead();
  job.keys = &keys;
  if (explicit_nonce_size(protection_, keys.aead) != 0) {
    // Unique as long as the sequence number is (RFC 5288 section 3).
    writer.u64(sequence_);
    salted_nonce(keys.iv.expose(), writer.written().last(8), job.nonce);
  } else {
    xor_nonce(keys.iv.expose(), sequence_, job.nonce);
  }
  set_additional_data(job, protection_, sequence_, header, plaintext);
  if (protection_ == Protection::tls13) end_inner_plaintext(record, type, plaintext);
  job.ciphertext = record.buffer.data + writer.size();
}

// The content's type, and padding behind it (RFC 8446 section 5.2), of which the job appends the last byte.
void Outbound::end_inner_plaintext(SealRecord& record, ContentType type, std::uint32_t plaintext) const {
  crypto::SealJob& job = *record.aead();
  job.has_trailer = true;
  job.trailer = static_cast<std::uint8_t>(type);
  const std::uint32_t padding = padding_of(plaintext);
  if (padding == 0) return;
  record.own.back() = std::exchange(job.trailer, std::uint8_t{0});
  record.end_with(Bytes(record.own).last(1), Bytes(kZeros).first(padding - 1));
}

// The IV must not be foretold by whoever chooses plaintext (RFC 5246 section 6.2.3.2).
void Outbound::prepare_cbc(Link& link, SealRecord& record, Writer& writer, const RecordHeader& header) const {
  crypto::CbcSealJob& job = *record.cbc();
  job.keys = traffic.cbc();
  job.header = {sequence_, static_cast<std::uint8_t>(header.type), header.version};
  link.core.random.fill(job.iv);
  job.fragment = record.buffer.data + writer.size();
}

bool Outbound::send_plain(Link& link, ContentType type, std::span<const Bytes> pieces, bool ends_output) {
  const std::size_t size = kRecordHeader + total_size(pieces);
  if (link.output_full()) return false;
  OutputBuffer buffer = link.core.environment.output_buffer(static_cast<std::uint32_t>(size));
  if (buffer.handle == nullptr) {
    link.starved();
    return false;
  }
  Writer writer(MutableBytes(buffer.data, size));
  write_record_header(writer, type, size - kRecordHeader);
  for (const Bytes piece : pieces) writer.bytes(piece);
  buffer.size = static_cast<std::uint32_t>(writer.size());
  link.emit(buffer);
  if (ends_output) end_sealed_ = ended_ = true;
  return true;
}

Error Outbound::send(Link& link, ContentType type, std::span<const Bytes> pieces) {
  constexpr std::size_t kMaxPieces = 8;
  std::array<Bytes, kMaxPieces> copy;
  std::copy(pieces.begin(), pieces.end(), copy.begin());
  std::span<Bytes> rest(copy.data(), pieces.size());
  const std::size_t largest = protection_ == Protection::none ? largest_unprotected_ : largest_;
  for (std::size_t left = total_size(pieces); left != 0;) {
    const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(left, largest));
    left -= size;
    if (protection_ == Protection::none) {
      std::array<Bytes, kMaxPieces> fragment;
      std::size_t count = 0;
      take_front(rest, size, [&](Bytes part) { fragment[count++] = part; });
      if (!send_plain(link, type, std::span<const Bytes>(fragment.data(), count), false)) return Error::no_memory;
      continue;
    }
    SealRecord* const record = make_record(link, size);
    if (record == nullptr) return Error::no_memory;
    take_front(rest, size, [&](Bytes part) { record->add(part); });
    seal(link, *record, type, size);
  }
  return Error::none;
}

bool Outbound::send_own(Link& link, ContentType type, Bytes message, bool is_key_update, bool ends_output) {
  if (protection_ == Protection::none) return send_plain(link, type, std::span<const Bytes>(&message, 1), ends_output);
  SealRecord* const record = make_record(link, static_cast<std::uint32_t>(message.size()));
  if (record == nullptr) return false;
  std::copy(message.begin(), message.end(), record->own.begin());
  record->add(Bytes(record->own).first(message.size()));
  record->is_key_update = is_key_update;
  record->ends_output = ends_output;
  end_sealed_ = end_sealed_ || ends_output;
  seal(link, *record, type, static_cast<std::uint32_t>(message.size()));
  return true;
}

void Outbound::check_key_limit(const Core& core) {
  // RFC 8446 section 5.5. ChaCha20-Poly1305 has no limit that could be reached.
  if (!updating_ && protection_ == Protection::tls13 && traffic.aead()->keys.aead != Aead::chacha20_poly1305 &&
      sequence_ >= core.limits.records_before_key_update)
    key_update_wanted_ = true;
}

void Outbound::write(Link& link, std::span<const MutableBytes> pending, std::uint32_t budget) {
  InputCursor cursor(pending);
  cursor.skip(scheduled_);
  const std::uint32_t extra = max_overhead();
  while (cursor.remaining() != 0 && count_ < kMaxInFlight && !at_record_limit(link.core)) {
    check_key_limit(link.core);
    start_waiting(link);
    if (updating_ || ending() || budget <= in_flight_bytes_ + extra) return;
    const std::uint32_t room = std::min<std::uint32_t>(budget - in_flight_bytes_ - extra, largest_);
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(cursor.remaining(), room));
    SealRecord* const record = make_record(link, wanted);
    if (record == nullptr) return;
    cursor.take(wanted, [&](MutableBytes piece) {
      if (!record->add(piece)) return false;
      record->source += static_cast<std::uint32_t>(piece.size());
      return true;
    });
    // Plaintext in many small pieces makes a shorter record.
    const bool cut_short = record->source != wanted;
    seal(link, *record, ContentType::application_data, record->source);
    if (cut_short) {
      cursor = InputCursor(pending);
      cursor.skip(scheduled_);
    }
  }
}

void Outbound::start_waiting(Link& link) {
  if (updating_ || ended_) return;
  if (warning_.has_value() && send_own(link, ContentType::alert, AlertMessage(*warning_).bytes(), false, false))
    warning_.reset();
  if (key_update_wanted_ && !ending() &&
      send_own(link, ContentType::handshake, KeyUpdateMessage(request_peer_).bytes(), true, false)) {
    key_update_wanted_ = request_peer_ = false;
    updating_ = true;
    link.core.counters.key_updates_sent.add();
    return;
  }
  if (last_alert_.has_value() && send_own(link, ContentType::alert, AlertMessage(*last_alert_).bytes(), false, true))
    last_alert_.reset();
}

Error Outbound::pump(Link& link) {
  while (first_ != nullptr && first_->returned() && !link.output_full()) {
    SealRecord& record = *first_;
    if (record.status() != JobStatus::ok) return Error::engine_failed;
    if (record.is_key_update) {
      if (!std::exchange(keys_submitted_, true)) traffic.start_update(link);
      break;
    }
    link.emit(record.buffer);
    link.effects->released += record.source;
    link.core.counters.records_sealed.add();
    ended_ = ended_ || record.ends_output;
    scheduled_ -= record.source;
    in_flight_bytes_ -= record.buffer.size;
    --count_;
    first_ = record.next_record;
    if (first_ == nullptr) last_ = nullptr;
    link.core.seal_records.release(&record);
  }
  start_waiting(link);
  return Error::none;
}

Error Outbound::key_update_done() {
  if (traffic.aead()->update.status != JobStatus::ok) return Error::engine_failed;
  sequence_ = 0;
  updating_ = keys_submitted_ = false;
  first_->is_key_update = false;
  return Error::none;
}

void Outbound::clear(Link& link) {
  while (first_ != nullptr) {
    SealRecord* const record = first_;
    first_ = record->next_record;
    link.core.environment.release(record->buffer);
    link.core.seal_records.release(record);
  }
  last_ = nullptr;
  traffic.forget(link);
}

}  // namespace lockstep::tls
