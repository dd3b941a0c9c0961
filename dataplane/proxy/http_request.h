// The head of an HTTP/1.x request (RFC 9112 sections 2 to 6), parsed strictly: what two servers could understand
// differently is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lockstep::proxy {

/// Largest request head, first line and final empty line included.
constexpr std::uint32_t kMaxHead = 8192;
/// Largest request body taken.
constexpr std::uint64_t kMaxBody = std::uint64_t{1} << 40U;

struct HttpRequest {
  std::string_view method;
  std::string_view path;  // without query; views into the parsed text
  bool http11 = true;
  bool keep_alive = true;
  bool chunked = false;
  bool expect_continue = false;
  std::uint64_t content_length = 0;
  /// 0, or the status code that refuses the request.
  std::uint16_t refusal = 0;
};

/// Parses `head`, which ends with an empty line.
HttpRequest parse_request(std::string_view head);

/// One line of a chunked body that announces a chunk (RFC 9112 section 7.1), without CR LF; extensions are ignored.
/// nullopt when it is malformed or beyond kMaxBody.
std::optional<std::uint64_t> parse_chunk_size(std::string_view line);

/// Decimal digits only, at most 19 of them.
std::optional<std::uint64_t> parse_decimal(std::string_view digits);

}  // namespace lockstep::proxy
