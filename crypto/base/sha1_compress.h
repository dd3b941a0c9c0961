// The compression function of SHA-1 (FIPS 180-4 section 6.1), for the HMAC-SHA1 of TLS 1.2's CBC suites and nothing
// else. Includes nothing with inline code, since sha1_ni.cc is compiled for a wider instruction set than the rest.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::sha1 {

/// Adds `count` blocks of 64 bytes to the state of five words.
void compress_portable(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count);
/// The same with the SHA instructions of x86; to be called only when `sha2::has_sha_ni()`.
void compress_ni(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count);

}  // namespace lockstep::sha1
