// Views of bytes, and the one reader and writer every codec uses.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace lockstep {

/// Read-only view of bytes; never owns.
using Bytes = std::span<const std::uint8_t>;
/// Writable view of bytes; never owns.
using MutableBytes = std::span<std::uint8_t>;

/// The characters of a text as bytes.
inline Bytes text_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Reads big-endian fields from a view. A read past the end makes the reader fail for good: it returns
/// zeros and empty views from then on, so a codec reads straight through and asks `ok()` once.
class Reader {
 public:
  Reader() = default;
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  /// True while no read has gone past the end.
  bool ok() const { return !failed_; }
  /// True when all bytes were read and none was missing (TLS vectors must end at their parent's end).
  bool finished() const { return !failed_ && rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }
  /// The unread bytes.
  Bytes rest() const { return rest_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(integer(3)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }

  /// The next `size` bytes, or an empty view and failure.
  Bytes bytes(std::size_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  /// Fills `out` with the next bytes; leaves it alone, and fails, when there are not as many.
  template <std::size_t N>
  void read(std::array<std::uint8_t, N>& out) {
    const Bytes taken = bytes(N);
    std::copy(taken.begin(), taken.end(), out.begin());
  }

  /// A vector with a length prefix of one, two or three bytes (RFC 8446 section 3.4).
  Bytes vector8() { return bytes(u8()); }
  Bytes vector16() { return bytes(u16()); }
  Bytes vector24() { return bytes(u24()); }

  void fail() {
    failed_ = true;
    rest_ = {};
  }

 private:
  std::uint64_t integer(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes(width)) value = value << 8U | byte;
    return value;
  }

  Bytes rest_;
  bool failed_ = false;
};

/// Writes big-endian fields into a fixed buffer. A write that does not fit makes the writer fail for good;
/// a codec writes straight through and asks `ok()` once.
class Writer {
 public:
  explicit Writer(MutableBytes buffer) : buffer_(buffer) {}

  bool ok() const { return !failed_; }
  std::size_t size() const { return size_; }
  /// What was written so far.
  MutableBytes written() const { return buffer_.first(size_); }

  void u8(std::uint8_t value) { integer(value, 1); }
  void u16(std::uint16_t value) { integer(value, 2); }
  void u24(std::uint32_t value) { integer(value, 3); }
  void u32(std::uint32_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }

  void bytes(Bytes source) {
    const MutableBytes target = reserve(source.size());
    if (!target.empty()) std::memcpy(target.data(), source.data(), source.size());
  }

  /// Room for `size` bytes to be filled in by the caller; empty when they do not fit.
  MutableBytes reserve(std::size_t size) {
    if (failed_ || size > buffer_.size() - size_) {
      failed_ = true;
      return {};
    }
    const MutableBytes room = buffer_.subspan(size_, size);
    size_ += size;
    return room;
  }

  /// A length prefix that is filled in when the scope ends, so that a length can be neither forgotten nor wrong.
  class Scope {
   public:
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { writer_.close(at_, width_); }

   private:
    friend class Writer;
    Scope(Writer& writer, std::size_t width) : writer_(writer), at_(writer.size_), width_(width) {
      writer.reserve(width);
    }
    Writer& writer_;
    std::size_t at_;
    std::size_t width_;
  };
  [[nodiscard]] Scope length8() { return {*this, 1}; }
  [[nodiscard]] Scope length16() { return {*this, 2}; }
  [[nodiscard]] Scope length24() { return {*this, 3}; }

 private:
  void integer(std::uint64_t value, std::size_t width) { store(reserve(width), value); }
  static void store(MutableBytes target, std::uint64_t value) {
    std::size_t shift = 8 * target.size();
    for (std::uint8_t& byte : target) byte = static_cast<std::uint8_t>(value >> (shift -= 8));
  }
  void close(std::size_t at, std::size_t width) {
    if (failed_) return;
    const std::size_t length = size_ - at - width;
    if (length >> 8U * width != 0) {
      failed_ = true;
      return;
    }
    for (std::size_t i = 0; i < width; ++i) buffer_[at + i] = static_cast<std::uint8_t>(length >> 8U * (width - 1 - i));
  }

  MutableBytes buffer_;
  std::size_t size_ = 0;
  bool failed_ = false;
};

}  // namespace lockstep
