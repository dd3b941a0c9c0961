// The receiving half of the record layer: finds records in the input and has them opened in place.
#pragma once

#include "dataplane/tls/input_cursor.h"
#include "dataplane/tls/link.h"
#include "dataplane/tls/record.h"
#include "dataplane/tls/record_sizes.h"
#include "dataplane/tls/traffic_keys.h"

namespace lockstep::tls {

/// Plaintext of a record that was opened: where its pieces are, and what it says it is.
struct OpenedRecord {
  ContentType type = ContentType::invalid;
  std::uint32_t size = 0;  // of the content, without TLS 1.3's type and padding
};

/// Records are opened several at a time and leave in order. What bytes of the front of the input are *held* (read, but
/// not disposed of) or in flight is remembered; the caller of the session shows them again each time.
///
/// A TLS 1.3 record could be a KeyUpdate, behind which other keys apply, and that shows only when it is open; opened
/// with the wrong keys, a record is lost. So nothing behind a record is opened ahead that is as short as a KeyUpdate,
/// or once the peer was seen to pad its records.
class Inbound {
 public:
  static constexpr std::uint32_t kMaxInFlight = 8;

  TrafficKeys traffic;

  Protection protection() const { return protection_; }
  std::uint64_t sequence() const { return sequence_; }
  /// `traffic` was filled in: opens the following records with them.
  void protect(Protection protection) {
    protection_ = protection;
    sequence_ = 0;
  }

  /// Takes no larger plaintext than was agreed (RFC 6066 section 4).
  void limit_records(const RecordSizes& sizes) { largest_ = sizes.received; }

  /// Bytes at the front of the input that are held or in flight.
  std::uint32_t scheduled() const { return held_ + in_flight_bytes_; }
  bool idle() const { return first_ == nullptr; }
  /// The front record is the only one in flight.
  bool alone() const { return count_ == 1; }
  /// Whether the next record may be opened while those in flight are.
  bool may_open() const { return !barrier_ && count_ < kMaxInFlight; }

  enum class Peek : std::uint8_t { incomplete, record, malformed, too_long, not_tls };
  /// Reads the header at `cursor` (which is copied: it does not move). `record`: the whole record is there.
  Peek peek(InputCursor cursor, RecordHeader& header);

  /// Keeps bytes of a record that was read until `release_held`.
  void hold(std::uint32_t count) { held_ += count; }
  void release_held(Link& link);

  /// Starts to open the record at `cursor` and moves the cursor behind it. bad_record when it is too short for its
  /// protection, no_memory when it lies in too many pieces, record_limit. When the pool is empty nothing happens but
  /// Effects::retry.
  Error open(Link& link, InputCursor& cursor, const RecordHeader& header);

  /// The oldest record in flight, if it is done; nullptr otherwise.
  OpenRecord* front();
  /// Looks at an opened record: finds the content's place, type and size. missing_content_type, record_too_long.
  Error inspect(OpenRecord& record, OpenedRecord& opened);
  /// Calls f(Bytes) for each piece of the content of an opened record.
  template <class F>
  static void for_each_piece(const OpenRecord& record, std::uint32_t size, F&& f) {
    std::size_t skip = record.offset;
    for (const Bytes piece : record.pieces()) {
      const Bytes rest = piece.subspan(std::min(piece.size(), skip));
      skip -= piece.size() - rest.size();
      const Bytes content = rest.first(std::min<std::size_t>(rest.size(), size));
      if (!content.empty()) f(content);
      size -= static_cast<std::uint32_t>(content.size());
    }
  }
  /// Removes the front record: `deliver` bytes of its content go to the caller, the rest is discarded.
  void pop(Link& link, std::uint32_t deliver);
  /// Removes the front record and holds its bytes.
  void pop_and_hold(Link& link);
  /// The front record did not authenticate and is passed over: its sequence number is used again.
  void pop_unopened(Link& link);

  /// Starts the change to the next keys: the front record is a KeyUpdate and stays until they are there.
  void start_key_update(Link& link);
  /// The key update job is back.
  Error key_update_done(Link& link);
  bool updating() const { return updating_; }

  /// Forgets records and keys; only when no job is in flight.
  void clear(Link& link);

 private:
  std::uint32_t max_protected() const { return traffic.cbc() != nullptr ? kMaxCbcProtected : kMaxProtected; }
  bool prepare_aead(OpenRecord& record, InputCursor& cursor, const RecordHeader& header) const;
  bool prepare_cbc(OpenRecord& record, InputCursor& cursor, const RecordHeader& header) const;
  void remove_front(Link& link);

  OpenRecord* first_ = nullptr;
  OpenRecord* last_ = nullptr;
  std::uint64_t sequence_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t in_flight_bytes_ = 0;
  std::uint32_t held_ = 0;
  Protection protection_ = Protection::none;
  std::uint16_t largest_ = kMaxFragment;  // bytes of plaintext in a record
  bool seen_record_ = false;
  bool barrier_ = false;
  bool peer_pads_ = false;
  bool updating_ = false;
};

}  // namespace lockstep::tls
