// The coroutine type of the handshakes.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <utility>

#include "crypto/base/secret.h"
#include "dataplane/tls/error.h"

namespace lockstep::tls {

/// Memory for one coroutine frame at a time.
class FrameStorage {
 public:
  /// Largest frame; tests assert what the handshakes need.
  static constexpr std::size_t kSize = 4352;

  void* allocate(std::size_t size) {
    last_size_ = size;
    return size <= kSize ? static_cast<void*>(bytes_) : nullptr;
  }
  std::size_t last_size() const { return last_size_; }

 private:
  alignas(64) unsigned char bytes_[kSize];
  std::size_t last_size_ = 0;
};

/// A coroutine that returns an Error. Its first argument says where its frame lies, as `storage()`; the frame is wiped
/// when it goes, for the jobs in it hold secrets. Starts suspended; resumed from outside only.
class Coroutine {
 public:
  struct promise_type {
    Error outcome = Error::none;

    template <class Context>
    static void* operator new(std::size_t size, Context& context) noexcept {
      return context.storage().allocate(size);
    }
    static void operator delete(void* frame, std::size_t size) noexcept {
      wipe(MutableBytes(static_cast<std::uint8_t*>(frame), size));
    }
    static Coroutine get_return_object_on_allocation_failure() noexcept { return {}; }
    Coroutine get_return_object() noexcept {
      return Coroutine(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(Error error) noexcept { outcome = error; }
    void unhandled_exception() noexcept { std::abort(); }
  };

  Coroutine() = default;
  Coroutine(Coroutine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Coroutine& operator=(Coroutine&& other) noexcept {
    destroy();
    handle_ = std::exchange(other.handle_, nullptr);
    return *this;
  }
  ~Coroutine() { destroy(); }

  /// False when there was no room for the frame, and after destroy.
  explicit operator bool() const { return handle_ != nullptr; }
  void resume() { handle_.resume(); }
  bool done() const { return handle_.done(); }
  /// How it ended; only when done().
  Error outcome() const { return handle_.promise().outcome; }
  void destroy() {
    if (handle_ != nullptr) std::exchange(handle_, nullptr).destroy();
  }

 private:
  explicit Coroutine(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_ = nullptr;
};

}  // namespace lockstep::tls
