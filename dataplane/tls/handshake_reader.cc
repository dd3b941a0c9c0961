#include "dataplane/tls/handshake_reader.h"

namespace lockstep::tls {

namespace {

// The length of the message at the front, or 0 while its header is incomplete.
std::size_t message_size(Bytes front) {
  Reader reader(front);
  reader.u8();
  const std::size_t length = reader.u24();
  return reader.ok() ? kHandshakeHeader + length : 0;
}

}  // namespace

HandshakeReader::~HandshakeReader() {
  if (large_ != nullptr) core_.large_messages.release(large_);
}

MutableBytes HandshakeReader::buffer() {
  return large_ != nullptr ? MutableBytes(large_->bytes) : MutableBytes(small_);
}

Bytes HandshakeReader::unread() const {
  const Bytes all = large_ != nullptr ? Bytes(large_->bytes) : Bytes(small_);
  return all.subspan(begin_ + taken_, end_ - begin_ - taken_);
}

void HandshakeReader::drop_taken() {
  begin_ += taken_;
  taken_ = 0;
  if (begin_ != end_) return;
  begin_ = end_ = 0;
  if (large_ == nullptr) return;
  core_.large_messages.release(large_);
  large_ = nullptr;
}

bool HandshakeReader::grow() {
  if (large_ != nullptr) return true;
  large_ = core_.large_messages.make();
  if (large_ == nullptr) return false;
  std::memcpy(large_->bytes.data(), small_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  return true;
}

Error HandshakeReader::append(Bytes content) {
  drop_taken();
  if (begin_ != 0) {
    std::memmove(buffer().data(), buffer().data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (content.size() > buffer().size() - end_ && !grow()) return Error::no_memory;
  if (content.size() > buffer().size() - end_) return Error::handshake_message_too_long;
  if (!content.empty()) std::memcpy(buffer().data() + end_, content.data(), content.size());
  end_ += content.size();
  if (message_size(unread()) > kHandshakeHeader + limit_) return Error::handshake_message_too_long;
  return Error::none;
}

bool HandshakeReader::has_message() const {
  const std::size_t size = message_size(unread());
  return size != 0 && size <= unread().size();
}

Message HandshakeReader::next() {
  drop_taken();
  const std::size_t size = message_size(unread());
  const Bytes whole = unread().first(size);
  taken_ = size;
  return {static_cast<HandshakeType>(whole[0]), whole.subspan(kHandshakeHeader), whole};
}

}  // namespace lockstep::tls
