#include "dataplane/tcp/send_queue.h"

#include <algorithm>
#include <array>

namespace lockstep::tcp {
namespace {

constexpr std::uint32_t kCopyUpTo = 256;   // a copy of this much costs less than a reference
constexpr std::size_t kMaximumPieces = 6;  // more would exceed what ports can gather

struct Part {
  rte_mbuf* piece;
  std::uint32_t offset;
  std::uint32_t size;
};

void copy_behind(rte_mbuf& segment, const Part& part) {
  std::uint8_t* const room = rte_pktmbuf_mtod_offset(&segment, std::uint8_t*, segment.data_len);
  std::memcpy(room, rte_pktmbuf_mtod_offset(part.piece, const std::uint8_t*, part.offset), part.size);
  segment.data_len = static_cast<std::uint16_t>(segment.data_len + part.size);
  segment.pkt_len += part.size;
}

}  // namespace

void SendQueue::acknowledge(std::uint32_t sequence) {
  if (!after(sequence, start_)) return;
  chain_.drop_front(sequence - start_);
  start_ = sequence;
  // A piece that started below is now the first one, or gone.
  for (Cursor* cursor : {&first_, &again_})
    if (before(cursor->start, sequence)) *cursor = {};
}

void SendQueue::clear() {
  chain_.clear();
  first_ = {};
  again_ = {};
}

void SendQueue::seek(Cursor& cursor, std::uint32_t sequence) const {
  if (cursor.piece == nullptr || before(sequence, cursor.start)) cursor = {chain_.head(), start_};
  while (sequence - cursor.start >= cursor.piece->data_len) {
    cursor.start += cursor.piece->data_len;
    cursor.piece = cursor.piece->next;
  }
}

std::uint32_t SendQueue::attach(std::uint32_t sequence, std::uint32_t length, bool retransmission, rte_mbuf& segment,
                                MbufPools& pools) {
  length = std::min(length, end() - sequence);
  if (length == 0) return 0;
  Cursor& cursor = retransmission ? again_ : first_;
  seek(cursor, sequence);
  const std::uint32_t offset = sequence - cursor.start;
  std::array<Part, kMaximumPieces> parts{};
  std::size_t count = 0;
  std::uint32_t attached = 0;
  rte_mbuf* piece = cursor.piece;
  if (length > kCopyUpTo) {
    for (; piece != nullptr && attached < length && count < parts.size(); piece = piece->next) {
      const std::uint32_t skip = count == 0 ? offset : 0;
      const std::uint32_t size = std::min<std::uint32_t>(piece->data_len - skip, length - attached);
      parts[count++] = {piece, skip, size};
      attached += size;
    }
  }
  std::array<MbufPtr, kMaximumPieces> clones;
  bool share = attached == length;
  for (std::size_t i = 0; share && i < count; ++i) {
    clones[i] = pools.clone(*parts[i].piece, parts[i].offset, parts[i].size);
    share = clones[i] != nullptr;
  }
  if (share) {
    rte_mbuf* last = &segment;
    for (std::size_t i = 0; i < count; ++i) last = last->next = clones[i].release();
    segment.nb_segs = static_cast<std::uint16_t>(segment.nb_segs + count);
    segment.pkt_len += attached;
    return attached;
  }
  // Small, in too many pieces, or no references left: copy what fits.
  length = std::min<std::uint32_t>(length, rte_pktmbuf_tailroom(&segment));
  attached = 0;
  std::uint32_t skip = offset;
  for (piece = cursor.piece; attached < length; piece = piece->next) {
    const std::uint32_t size = std::min<std::uint32_t>(piece->data_len - skip, length - attached);
    copy_behind(segment, {piece, skip, size});
    attached += size;
    skip = 0;
  }
  return attached;
}

}  // namespace lockstep::tcp
