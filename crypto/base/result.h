// A value or the reason why there is none; used where other code would throw.
#pragma once

#include <optional>
#include <utility>

namespace lockstep {

/// Wraps an error so that `return Failure{error};` is unambiguous.
template <class E>
struct Failure {
  E error;
};
template <class E>
Failure(E) -> Failure<E>;

/// Either a `T` or an `E`. `value()` may be called only when the result is ok, `error()` only when it is not.
template <class T, class E>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                     // NOLINT(google-explicit-constructor)
  Result(Failure<E> failure) : error_(std::move(failure.error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  T& value() { return *value_; }
  const T& value() const { return *value_; }
  const E& error() const { return *error_; }

 private:
  std::optional<T> value_;
  std::optional<E> error_;
};

}  // namespace lockstep
