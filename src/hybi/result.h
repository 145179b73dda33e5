// Result<T>: a value or an Error, shaped like std::expected. The library throws nothing.
#pragma once

#include <hybi/error.h>

#include <cstdlib>
#include <optional>
#include <utility>

namespace hybi {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(error) {}
  Result(Errc code) : error_{code} {}

  bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }

  // Requires: has_value(); ends the program otherwise.
  T& value() & { return *check(); }
  const T& value() const& { return *const_cast<Result*>(this)->check(); }
  T&& value() && { return std::move(*check()); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

  // Requires: !has_value().
  Error error() const { return error_; }

 private:
  std::optional<T>& check() {
    if (!value_) std::abort();
    return value_;
  }

  std::optional<T> value_;
  Error error_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(error) {}
  Result(Errc code) : error_{code} {}

  bool has_value() const { return error_.code == Errc::Ok; }
  explicit operator bool() const { return has_value(); }
  void value() const {
    if (!has_value()) std::abort();
  }
  Error error() const { return error_; }

 private:
  Error error_;
};

// Evaluates an expression of type Result<...>; returns its error from this function if it failed.
#define HYBI_TRY(expression)                                                       \
  do {                                                                             \
    if (auto hybi_result = (expression); !hybi_result) return hybi_result.error(); \
  } while (false)

}  // namespace hybi
