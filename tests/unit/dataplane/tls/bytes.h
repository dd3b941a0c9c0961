// Putting messages together by hand, right or wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace lockstep::tls::test {

using Buffer = std::vector<std::uint8_t>;

inline Buffer join(std::initializer_list<Buffer> parts) {
  Buffer all;
  for (const Buffer& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
inline Buffer integer(std::size_t value, std::size_t width) {
  Buffer out(width);
  for (std::size_t i = 0; i < width; ++i) out[i] = static_cast<std::uint8_t>(value >> 8U * (width - 1 - i));
  return out;
}
inline Buffer u16(std::size_t value) {
  return integer(value, 2);
}
inline Buffer vector8(const Buffer& content) {
  return join({integer(content.size(), 1), content});
}
inline Buffer vector16(const Buffer& content) {
  return join({integer(content.size(), 2), content});
}
inline Buffer list16(std::initializer_list<std::uint16_t> values) {
  Buffer out;
  for (const std::uint16_t value : values) out = join({out, u16(value)});
  return out;
}
inline Buffer text(std::string_view characters) {
  return {characters.begin(), characters.end()};
}
/// A handshake message.
inline Buffer message(std::uint8_t type, const Buffer& body) {
  return join({{type}, integer(body.size(), 3), body});
}

}  // namespace lockstep::tls::test
