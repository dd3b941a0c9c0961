#include "dataplane/base/flow_hash.h"

#include <bit>
#include <cstring>

namespace lockstep {

namespace {

/// The state of SipHash: one compression round for each word, three to finish.
struct SipState {
  std::uint64_t v0, v1, v2, v3;

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
};

}  // namespace

std::uint64_t FlowHash::operator()(const SocketAddress& a, const SocketAddress& b) const {
  const bool ordered = a < b;
  const SocketAddress& low = ordered ? a : b;
  const SocketAddress& high = ordered ? b : a;
  SipState state{key_[0] ^ 0x736f6d6570736575U, key_[1] ^ 0x646f72616e646f6dU, key_[0] ^ 0x6c7967656e657261U,
                 key_[1] ^ 0x7465646279746573U};
  state.address(low.ip);
  state.address(high.ip);
  // 36 bytes in all: the last word carries the length in its top byte.
  state.word(std::uint64_t{36} << 56U | std::uint64_t{low.port} << 16U | high.port);
  state.v2 ^= 0xff;
  state.round();
  state.round();
  state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace lockstep
