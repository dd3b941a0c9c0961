// The only wrapper of rte_mbuf and rte_mempool: owned buffers, pools of a worker, and chains of bytes.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace lockstep {

struct MbufDeleter {
  void operator()(rte_mbuf* mbuf) const { rte_pktmbuf_free(mbuf); }
};
/// Owns a packet (an mbuf and all that is chained to it).
using MbufPtr = std::unique_ptr<rte_mbuf, MbufDeleter>;

/// The first piece of `mbuf`.
inline MutableBytes bytes_of(rte_mbuf& mbuf) {
  return {rte_pktmbuf_mtod(&mbuf, std::uint8_t*), mbuf.data_len};
}

/// Number of buffers of each pool of one worker.
struct MbufPoolSizes {
  std::uint32_t packets = 16384;  // frames received and headers sent: 2 KB each
  std::uint32_t records = 1024;   // TLS records to be sent: 17 KB each
  std::uint32_t clones = 16384;   // references into other buffers: no data room
};

/// The buffer pools of one worker. All allocations return nullptr when the pool is empty.
class MbufPools {
 public:
  /// `name` is unique in the process. The environment abstraction layer must have been started. The error names the
  /// pool, its size in bytes and the remedy.
  static Result<std::unique_ptr<MbufPools>, std::string> create(const std::string& name, const MbufPoolSizes& sizes);
  MbufPools(const MbufPools&) = delete;
  MbufPools& operator=(const MbufPools&) = delete;
  ~MbufPools();

  /// An empty buffer with RTE_PKTMBUF_HEADROOM in front and at least kPacketRoom bytes.
  MbufPtr packet() { return MbufPtr(rte_pktmbuf_alloc(packets_)); }
  /// An empty buffer with room for kRecordRoom bytes.
  MbufPtr record() { return MbufPtr(rte_pktmbuf_alloc(records_)); }
  /// A reference to `size` bytes of the single piece `of` from `offset` on; shares the data.
  MbufPtr clone(rte_mbuf& of, std::uint32_t offset, std::uint32_t size);

  rte_mempool* packets() const { return packets_; }
  rte_mempool* records() const { return records_; }
  rte_mempool* clones() const { return clones_; }

  static constexpr std::uint32_t kPacketRoom = 2048;
  static constexpr std::uint32_t kRecordRoom = 16384 + 512;

 private:
  MbufPools() = default;
  rte_mempool* packets_ = nullptr;
  rte_mempool* records_ = nullptr;
  rte_mempool* clones_ = nullptr;
};

/// A queue of bytes held in mbufs: what TCP receives and sends. Appending and dropping are O(pieces touched) and never
/// copy, but for joining small pieces (see append).
class Chain {
 public:
  Chain() = default;
  Chain(Chain&& other) noexcept { swap(other); }
  Chain& operator=(Chain&& other) noexcept {
    Chain(std::move(other)).swap(*this);
    return *this;
  }
  ~Chain() { clear(); }

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The first mbuf, chained through rte_mbuf::next; its packet-level fields (pkt_len, nb_segs) mean nothing here.
  rte_mbuf* head() const { return head_; }
  /// Bytes of buffer memory held, whatever part of it is data: what limits have to count. A clone counts as the whole
  /// buffer that it keeps alive.
  std::uint32_t memory() const { return memory_; }

  /// Appends a packet's data (all its pieces). A piece that fits into the tail room of the last one, when that buffer
  /// is direct and not shared, is copied there and freed, so that any kMaxRecordPieces neighbouring pieces hold a
  /// TLS record and tiny segments cannot exhaust the pool.
  void append(MbufPtr packet);
  void append(Chain&& other);
  /// Drops the first `count` bytes (count <= size()).
  void drop_front(std::uint32_t count);
  /// Moves the first `count` bytes to `out` (appended). A cut inside a piece takes a clone from `pools`; false, with
  /// nothing moved, when there is none.
  [[nodiscard]] bool split_front(std::uint32_t count, MbufPools& pools, Chain& out);
  /// The bytes from `offset` on as views, at most out.size() of them; returns how many.
  std::size_t pieces(std::uint32_t offset, std::span<MutableBytes> out) const;
  /// Copies `out.size()` bytes from `offset` on (offset + out.size() <= size()).
  void copy(std::uint32_t offset, MutableBytes out) const;
  void clear();
  void swap(Chain& other) noexcept;

 private:
  void add_piece(rte_mbuf* piece);
  rte_mbuf* take_piece();
  void trim_front(std::uint32_t count);

  rte_mbuf* head_ = nullptr;
  rte_mbuf* tail_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t memory_ = 0;
};

}  // namespace lockstep
