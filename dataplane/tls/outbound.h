// The sending half of the record layer: cuts plaintext into records, has them sealed, emits them in order.
#pragma once

#include <optional>

#include "dataplane/tls/link.h"
#include "dataplane/tls/record.h"
#include "dataplane/tls/record_sizes.h"
#include "dataplane/tls/traffic_keys.h"

namespace lockstep::tls {

/// Several records are sealed at a time and leave in order. Alerts and KeyUpdates wait inside until the keys allow
/// them.
class Outbound {
 public:
  static constexpr std::uint32_t kMaxInFlight = 8;

  TrafficKeys traffic;

  Protection protection() const { return protection_; }
  /// `traffic` was filled in: seals the following records with it. Only when idle().
  void protect(Protection protection) {
    protection_ = protection;
    sequence_ = 0;
  }

  /// Cuts plaintext as agreed; `sizes` of record_size_limit bind protected records only (RFC 8449 section 4).
  void limit_records(const RecordSizes& sizes) {
    largest_ = sizes.sent;
    largest_unprotected_ = sizes.record_size_limit != 0 ? kMaxFragment : sizes.sent;
  }

  /// Pads what TLS 1.3 protects to a multiple of so many bytes, the content type included, as far as records may be
  /// that large (RFC 8446 section 5.4); 0: not at all.
  void pad_records(std::uint16_t multiple) { padding_multiple_ = multiple; }

  /// No record is being sealed or waits to be emitted.
  bool idle() const { return first_ == nullptr; }

  /// Sends messages of the session's own that stay where they are until idle(): `pieces` one behind the other, cut into
  /// as few records as possible. no_memory when there are no buffers.
  Error send(Link& link, ContentType type, std::span<const Bytes> pieces);
  /// Seals from `pending` (Session::write).
  void write(Link& link, std::span<const MutableBytes> pending, std::uint32_t budget);

  /// Sends the last alert as soon as the keys allow; nothing can be written any more.
  void end_with(Alert alert) {
    if (!ending()) last_alert_ = alert;
  }
  /// An alert will be, is being or was sent after which nothing follows.
  bool ending() const { return last_alert_.has_value() || end_sealed_; }
  /// The last alert could not be sent for want of memory.
  bool end_starved() const { return last_alert_.has_value() && !updating_; }
  /// The last alert was emitted.
  bool ended() const { return ended_; }
  /// Sends a warning and goes on.
  void warn(Alert alert) { warning_ = alert; }

  /// Announces and takes new keys (RFC 8446 section 4.6.3) as soon as possible; several wishes become one.
  void update_keys(bool request_peer) {
    key_update_wanted_ = true;
    request_peer_ = request_peer_ || request_peer;
  }
  /// No more records may be sealed, since the keys cannot be changed.
  bool at_record_limit(const Core& core) const { return sequence_ >= core.limits.records_per_key; }

  /// Emits what is sealed, in order, and starts what had to wait. engine_failed when a record could not be sealed.
  Error pump(Link& link);
  /// The key update job is back.
  Error key_update_done();

  /// Gives back records, buffers and keys; only when no job is in flight.
  void clear(Link& link);

 private:
  std::uint32_t padding_of(std::uint32_t plaintext) const;
  std::uint32_t record_size(std::uint32_t plaintext) const;
  std::uint32_t max_overhead() const;
  SealRecord* make_record(Link& link, std::uint32_t plaintext);
  void prepare_aead(SealRecord& record, Writer& writer, ContentType type, const RecordHeader& header,
                    std::uint32_t plaintext) const;
  void end_inner_plaintext(SealRecord& record, ContentType type, std::uint32_t plaintext) const;
  void prepare_cbc(Link& link, SealRecord& record, Writer& writer, const RecordHeader& header) const;
  void seal(Link& link, SealRecord& record, ContentType type, std::uint32_t plaintext);
  bool send_own(Link& link, ContentType type, Bytes message, bool is_key_update, bool ends_output);
  bool send_plain(Link& link, ContentType type, std::span<const Bytes> pieces, bool ends_output);
  void start_waiting(Link& link);
  void check_key_limit(const Core& core);

  SealRecord* first_ = nullptr;
  SealRecord* last_ = nullptr;
  std::uint64_t sequence_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t scheduled_ = 0;        // bytes of the caller's plaintext in flight
  std::uint32_t in_flight_bytes_ = 0;  // on the wire
  Protection protection_ = Protection::none;
  std::uint16_t largest_ = kMaxFragment;  // bytes of plaintext in a record
  std::uint16_t largest_unprotected_ = kMaxFragment;
  std::uint16_t padding_multiple_ = 0;
  std::optional<Alert> last_alert_;
  std::optional<Alert> warning_;
  bool end_sealed_ = false;
  bool ended_ = false;
  bool key_update_wanted_ = false;
  bool request_peer_ = false;
  bool updating_ = false;        // from the KeyUpdate's sealing until the keys are there
  bool keys_submitted_ = false;  // the job for them is out
};

}  // namespace lockstep::tls
