#include "dataplane/base/flow_hash.h"

#include <bit>
#include <cstring>

namespace lockstep {

namespace {

/// The state of SipHash: one compression round for each word, three to finish.
struct SipState {
  std::uint64_t v0, v1, v2, v3;

  explicit SipState(const std::uint64_t (&key)[2])
      : v0(key[0] ^ 0x736f6d6570736575U),
        v1(key[1] ^ 0x646f72616e646f6dU),
        v2(key[0] ^ 0x6c7967656e657261U),
        v3(key[1] ^ 0x7465646279746573U) {}

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void word(std::uint64_t m) {
    v3 ^= m;
    round();
    v0 ^= m;
  }
  void address(const IpAddress& ip) {
    std::uint64_t halves[2];
    std::memcpy(halves, ip.bytes().data(), sizeof halves);
    word(halves[0]);
    word(halves[1]);
  }
  /// The two addresses, the smaller first; returns the ports in the same order.
  std::uint64_t endpoints(const SocketAddress& a, const SocketAddress& b) {
    const bool ordered = a < b;
    const SocketAddress& low = ordered ? a : b;
    const SocketAddress& high = ordered ? b : a;
    address(low.ip);
    address(high.ip);
    return std::uint64_t{low.port} << 16U | high.port;
  }
  /// Takes the last word, which carries the length of it all in its top byte.
  std::uint64_t finish(std::uint64_t last, std::uint64_t length) {
    word(length << 56U | last);
    v2 ^= 0xff;
    round();
    round();
    round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

constexpr std::uint64_t kEndpoints = 36;  // bytes

}  // namespace

std::uint64_t FlowHash::operator()(const SocketAddress& a, const SocketAddress& b) const {
  SipState state(key_);
  const std::uint64_t ports = state.endpoints(a, b);
  return state.finish(ports, kEndpoints);
}

std::uint64_t FlowHash::operator()(const FlowTuple& flow, std::uint64_t data) const {
  SipState state(key_);
  const std::uint64_t ports = state.endpoints(flow.local, flow.remote);
  state.word(data);
  return state.finish(ports, kEndpoints + sizeof data);
}

}  // namespace lockstep
