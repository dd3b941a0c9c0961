// The ChaCha20 block function (RFC 8439 section 2.3), for the random generator only; records have faster ones.
#pragma once

#include <array>

#include "crypto/base/bytes.h"

namespace lockstep {

constexpr std::size_t kChaCha20Block = 64;

/// Writes the 64 bytes of keystream block `counter` to `out`. `key` has 32 bytes, `nonce` 12.
void chacha20_block(Bytes key, std::uint32_t counter, Bytes nonce, MutableBytes out);
/// The blocks `counter` to `counter` + 3 (not beyond 2^32) side by side, which takes little longer than one: `out` gets
/// 256 bytes.
void chacha20_four_blocks(Bytes key, std::uint32_t counter, Bytes nonce, MutableBytes out);

}  // namespace lockstep
