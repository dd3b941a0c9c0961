// Memory for keys: cannot be copied, compared or printed, and is wiped when it goes.
#pragma once

#include <array>
#include <cstring>
#include <type_traits>

#include "crypto/base/bytes.h"

namespace lockstep {

/// Overwrites `bytes` with zeros in a way the compiler may not leave out. (glibc's function, and not an inlined memset:
/// gcc turns the latter into `rep stos`, which costs tens of cycles at these sizes.)
inline void wipe(MutableBytes bytes) {
  if (bytes.data() == nullptr) return;
  explicit_bzero(bytes.data(), bytes.size());
}

/// A plain object as its bytes.
template <class T>
MutableBytes bytes_of(T& object) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<std::uint8_t*>(&object), sizeof object};
}

/// `N` bytes of secret. Shorter secrets use a prefix; the length travels with the algorithm that defines it.
template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { clear(); }

  /// Takes over the bytes of `source` (up to N) without wiping the source.
  void assign(Bytes source) {
    if (!source.empty()) std::memcpy(bytes_.data(), source.data(), source.size() < N ? source.size() : N);
  }
  /// Zeroes the secret now.
  void clear() { wipe(bytes_); }
  /// The first `size` bytes, to be read by an engine only.
  Bytes expose(std::size_t size = N) const { return Bytes(bytes_).first(size); }
  /// The first `size` bytes, to be written.
  MutableBytes writable(std::size_t size = N) { return MutableBytes(bytes_).first(size); }
  static constexpr std::size_t capacity() { return N; }

 private:
  alignas(16) std::array<std::uint8_t, N> bytes_{};
};

}  // namespace lockstep
