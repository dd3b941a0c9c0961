#include "dataplane/base/mbuf.h"

#include <rte_errno.h>

#include <algorithm>
#include <cstring>

namespace lockstep {

namespace {

/// Makes a piece a packet of its own again, so that it can be freed or handed on.
MbufPtr stand_alone(rte_mbuf* piece) {
  piece->next = nullptr;
  piece->nb_segs = 1;
  piece->pkt_len = piece->data_len;
  return MbufPtr(piece);
}

std::uint32_t memory_of(const rte_mbuf& piece) {
  return static_cast<std::uint32_t>(sizeof(rte_mbuf)) + piece.buf_len;
}

/// Whether `size` more bytes may be written behind the data of `tail`.
bool has_room(const rte_mbuf* tail, std::uint32_t size) {
  if (tail == nullptr) return false;
  return RTE_MBUF_DIRECT(tail) && rte_mbuf_refcnt_read(tail) == 1 &&
         size <= static_cast<std::uint32_t>(tail->buf_len) - tail->data_off - tail->data_len;
}

void write_behind(rte_mbuf& tail, const rte_mbuf& piece) {
  std::memcpy(rte_pktmbuf_mtod_offset(&tail, std::uint8_t*, tail.data_len),
              rte_pktmbuf_mtod(&piece, const std::uint8_t*), piece.data_len);
  tail.data_len = static_cast<std::uint16_t>(tail.data_len + piece.data_len);
}

Result<rte_mempool*, std::string> make_pool(const std::string& name, std::uint32_t count, std::uint16_t room) {
  // A cache larger than two thirds of the pool is refused by the library and would hide buffers from other cores.
  const std::uint32_t cache = std::min<std::uint32_t>(256, count / 4);
  rte_mempool* const pool = rte_pktmbuf_pool_create(name.c_str(), count, cache, 0, room, SOCKET_ID_ANY);
  if (pool != nullptr) return pool;
  const std::uint64_t bytes = std::uint64_t{count} * (sizeof(rte_mbuf) + room);
  return Failure{"packet buffers '" + name + "': cannot allocate " + std::to_string(count) + " buffers (" +
                 std::to_string(bytes) + " bytes): " + rte_strerror(rte_errno) +
                 "; give the program more hugepage memory, or configure fewer buffers or workers"};
}

}  // namespace

Result<std::unique_ptr<MbufPools>, std::string> MbufPools::create(const std::string& name, const MbufPoolSizes& sizes) {
  struct Wanted {
    rte_mempool* MbufPools::* pool;
    const char* suffix;
    std::uint32_t count;
    std::uint32_t room;
  };
  const Wanted wanted[] = {
      {&MbufPools::packets_, "_packets", sizes.packets, RTE_PKTMBUF_HEADROOM + kPacketRoom},
      {&MbufPools::records_, "_records", sizes.records, RTE_PKTMBUF_HEADROOM + kRecordRoom},
      {&MbufPools::clones_, "_clones", sizes.clones, 0},
  };
  std::unique_ptr<MbufPools> pools(new MbufPools);
  for (const Wanted& one : wanted) {
    const auto pool = make_pool(name + one.suffix, one.count, static_cast<std::uint16_t>(one.room));
    if (!pool) return Failure{pool.error()};
    pools.get()->*one.pool = pool.value();
  }
  return pools;
}

MbufPools::~MbufPools() {
  rte_mempool_free(clones_);
  rte_mempool_free(records_);
  rte_mempool_free(packets_);
}

MbufPtr MbufPools::clone(rte_mbuf& of, std::uint32_t offset, std::uint32_t size) {
  MbufPtr clone(rte_pktmbuf_alloc(clones_));
  if (clone == nullptr) return nullptr;
  rte_pktmbuf_attach(clone.get(), &of);  // a clone of a clone refers to the buffer that owns the data
  clone->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
  clone->tx_offload = 0;
  clone->data_off = static_cast<std::uint16_t>(clone->data_off + offset);
  clone->data_len = static_cast<std::uint16_t>(size);
  clone->pkt_len = size;
  return clone;
}

void Chain::add_piece(rte_mbuf* piece) {
  if (piece->data_len == 0 || has_room(tail_, piece->data_len)) {
    size_ += piece->data_len;
    if (piece->data_len != 0) write_behind(*tail_, *piece);
    stand_alone(piece).reset();
    return;
  }
  piece->next = nullptr;
  (tail_ == nullptr ? head_ : tail_->next) = piece;
  tail_ = piece;
  size_ += piece->data_len;
  memory_ += memory_of(*piece);
}

rte_mbuf* Chain::take_piece() {
  rte_mbuf* const piece = head_;
  head_ = piece->next;
  if (head_ == nullptr) tail_ = nullptr;
  size_ -= piece->data_len;
  memory_ -= memory_of(*piece);
  return stand_alone(piece).release();
}

void Chain::append(MbufPtr packet) {
  rte_mbuf* piece = packet.release();
  while (piece != nullptr) {
    rte_mbuf* const next = piece->next;
    add_piece(stand_alone(piece).release());
    piece = next;
  }
}

void Chain::append(Chain&& other) {
  if (&other == this) return;
  while (other.head_ != nullptr && has_room(tail_, other.head_->data_len)) add_piece(other.take_piece());
  if (other.head_ == nullptr) return;
  (tail_ == nullptr ? head_ : tail_->next) = other.head_;
  tail_ = other.tail_;
  size_ += other.size_;
  memory_ += other.memory_;
  other.head_ = other.tail_ = nullptr;
  other.size_ = other.memory_ = 0;
}

void Chain::trim_front(std::uint32_t count) {
  head_->data_off = static_cast<std::uint16_t>(head_->data_off + count);
  head_->data_len = static_cast<std::uint16_t>(head_->data_len - count);
  size_ -= count;
}

void Chain::drop_front(std::uint32_t count) {
  while (count > 0 && count >= head_->data_len) {
    count -= head_->data_len;
    MbufPtr(take_piece()).reset();
  }
  if (count > 0) trim_front(count);
}

bool Chain::split_front(std::uint32_t count, MbufPools& pools, Chain& out) {
  const rte_mbuf* last = head_;
  std::uint32_t cut = count;
  while (cut > 0 && cut >= last->data_len) {
    cut -= last->data_len;
    last = last->next;
  }
  MbufPtr front;
  if (cut > 0) {
    front = pools.clone(const_cast<rte_mbuf&>(*last), 0, cut);
    if (front == nullptr) return false;
  }
  while (head_ != last) out.add_piece(take_piece());
  if (cut > 0) {
    trim_front(cut);
    out.append(std::move(front));
  }
  return true;
}

std::size_t Chain::pieces(std::uint32_t offset, std::span<MutableBytes> out) const {
  std::size_t count = 0;
  for (rte_mbuf* piece = head_; piece != nullptr && count < out.size(); piece = piece->next) {
    if (offset >= piece->data_len) {
      offset -= piece->data_len;
      continue;
    }
    out[count++] = bytes_of(*piece).subspan(offset);
    offset = 0;
  }
  return count;
}

void Chain::copy(std::uint32_t offset, MutableBytes out) const {
  for (rte_mbuf* piece = head_; piece != nullptr && !out.empty(); piece = piece->next) {
    if (offset >= piece->data_len) {
      offset -= piece->data_len;
      continue;
    }
    const MutableBytes from = bytes_of(*piece).subspan(offset);
    const std::size_t size = std::min(from.size(), out.size());
    std::memcpy(out.data(), from.data(), size);
    out = out.subspan(size);
    offset = 0;
  }
}

void Chain::clear() {
  while (head_ != nullptr) MbufPtr(take_piece()).reset();
}

void Chain::swap(Chain& other) noexcept {
  std::swap(head_, other.head_);
  std::swap(tail_, other.tail_);
  std::swap(size_, other.size_);
  std::swap(memory_, other.memory_);
}

}  // namespace lockstep
