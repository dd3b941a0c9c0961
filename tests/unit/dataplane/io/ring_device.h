// A port made of two rings, and worker pools, for tests.
#pragma once

#include <gtest/gtest.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ring.h>

#include <memory>
#include <string>

#include "dataplane/io/port.h"
#include "tests/unit/dataplane/io/frames.h"

namespace lockstep::io::test {

inline std::unique_ptr<MbufPools> make_pools(const std::string& name, std::uint32_t packets = 4095) {
  auto pools = MbufPools::create(name, {packets, 15, 255});
  EXPECT_TRUE(pools.ok()) << pools.error();
  return std::move(pools.value());
}

inline MbufPtr to_mbuf(const Frame& frame, MbufPools& pools) {
  MbufPtr mbuf = pools.packet();
  std::copy(frame.begin(), frame.end(), rte_pktmbuf_mtod(mbuf.get(), std::uint8_t*));
  mbuf->data_len = static_cast<std::uint16_t>(frame.size());
  mbuf->pkt_len = mbuf->data_len;
  return mbuf;
}

inline Frame to_frame(const rte_mbuf& mbuf) {
  Frame frame;
  for (const rte_mbuf* piece = &mbuf; piece != nullptr; piece = piece->next) {
    const auto* const data = rte_pktmbuf_mtod(piece, const std::uint8_t*);
    frame.insert(frame.end(), data, data + piece->data_len);
  }
  return frame;
}

/// The device net_ring with a ring for each direction; the test stands at the other end.
class RingDevice {
 public:
  RingDevice() {
    static int number = 0;
    name_ = "test" + std::to_string(number++);
    in_ = rte_ring_create((name_ + "_in").c_str(), 4096, SOCKET_ID_ANY, 0);
    out_ = rte_ring_create((name_ + "_out").c_str(), 64, SOCKET_ID_ANY, 0);
    EXPECT_GE(rte_eth_from_rings(name_.c_str(), &in_, 1, &out_, 1, 0), 0);
  }
  RingDevice(const RingDevice&) = delete;
  RingDevice& operator=(const RingDevice&) = delete;
  ~RingDevice() {
    void* frame = nullptr;
    while (rte_ring_dequeue(in_, &frame) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(frame));
    while (rte_ring_dequeue(out_, &frame) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(frame));
    rte_ring_free(in_);
    rte_ring_free(out_);
  }
  std::string device() const { return "net_ring_" + name_; }
  void deliver(MbufPtr frame) { ASSERT_EQ(rte_ring_enqueue(in_, frame.release()), 0); }
  MbufPtr sent() {
    void* frame = nullptr;
    return MbufPtr(rte_ring_dequeue(out_, &frame) == 0 ? static_cast<rte_mbuf*>(frame) : nullptr);
  }

 private:
  std::string name_;
  rte_ring* in_ = nullptr;
  rte_ring* out_ = nullptr;
};

}  // namespace lockstep::io::test
