// The HMAC of CBC records, for many records at once, when how much of a record is content is a secret (RFC 5246 section
// 6.2.3.2; N. AlFardan and K. Paterson, "Lucky Thirteen", 2013).
#pragma once

#include <array>
#include <span>

#include "crypto/record/hash_kernels.h"

namespace lockstep::crypto {

/// An HMAC key as the chaining values after its inner and outer pad (RFC 2104): host-order words, which is what
/// ipsec-mb takes too.
struct HmacStates {
  alignas(64) std::array<std::uint8_t, 64> inner;
  alignas(64) std::array<std::uint8_t, 64> outer;
};
/// Hashes both pads of `key`, which is not longer than a block.
void expand_hmac(MacHash hash, Bytes key, HmacStates& states);

/// Size of what a record's MAC covers before the content: sequence number, type, version, length.
constexpr std::size_t kMacHeader = 13;
/// Writes the header of a MAC over `size` bytes of content to `out` (kMacHeader bytes); in a time that does not depend
/// on any of them.
void write_mac_header(const CbcRecordHeader& header, std::size_t size, std::uint8_t* out);

/// One MAC to make: over the header and the first `size` bytes of `content`.
struct RecordMac {
  const HmacStates* key = nullptr;                    // in
  std::array<std::uint8_t, kMacHeader> header{};      // in, secret
  const std::uint8_t* content = nullptr;              // in: `longest` bytes
  std::size_t shortest = 0;                           // in, public: shortest <= size
  std::size_t longest = 0;                            // in, public: size <= longest <= shortest + 255
  std::size_t size = 0;                               // in, secret
  alignas(16) std::array<std::uint8_t, 64> mac = {};  // out: the digest, and rubbish behind it
};

/// Makes all MACs. Which blocks are compressed, what is read and written, and in which order, depends on `shortest` and
/// `longest` only. `macs` of one hash; any number, best sorted by length.
void make_record_macs(MacHash hash, std::span<RecordMac> macs, const HashKernels& kernels = hash_kernels());

}  // namespace lockstep::crypto
