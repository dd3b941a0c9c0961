// Puts handshake messages together from records, wherever they are cut.
#pragma once

#include <algorithm>

#include "dataplane/tls/core.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

/// Holds the bytes of handshake messages. Most fit into the small buffer; larger ones borrow from the core.
class HandshakeReader {
 public:
  /// `limit`: bytes of the largest message taken.
  HandshakeReader(Core& core, std::uint32_t limit) : core_(core), limit_(std::min(limit, kMaxHandshakeMessage)) {}
  HandshakeReader(const HandshakeReader&) = delete;
  HandshakeReader& operator=(const HandshakeReader&) = delete;
  ~HandshakeReader();

  /// Appends content of a record. handshake_message_too_long as soon as a header says so, no_memory when no large
  /// buffer is left.
  Error append(Bytes content);
  bool has_message() const;
  /// The next message; its views hold until the next append or next call.
  Message next();
  /// Nothing is left behind the messages taken: keys may change (RFC 8446 section 5.1).
  bool at_boundary() const { return begin_ + taken_ == end_; }

 private:
  static constexpr std::size_t kSmall = 4096;

  MutableBytes buffer();
  Bytes unread() const;
  void drop_taken();
  bool grow();

  Core& core_;
  std::uint32_t limit_;
  LargeMessage* large_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t taken_ = 0;  // bytes of the message handed out last
  std::size_t end_ = 0;
  std::array<std::uint8_t, kSmall> small_;
};

}  // namespace lockstep::tls
