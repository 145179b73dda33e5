// UniqueFunction: a callable that is moved, never copied. For tasks that carry what they own.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace hybi {

template <class Signature>
class UniqueFunction;

// Callables of up to 48 bytes are kept inside, larger ones on the heap.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  UniqueFunction(std::nullptr_t) {}

  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
           std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>)
      UniqueFunction(F&& callable) {
    using Callable = std::decay_t<F>;
    if constexpr (kFitsInside<Callable>) {
      ::new (static_cast<void*>(inside_)) Callable(std::forward<F>(callable));
      table_ = &kInside<Callable>;
    } else {
      ::new (static_cast<void*>(inside_)) Callable*(new Callable(std::forward<F>(callable)));
      table_ = &kOutside<Callable>;
    }
  }

  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~UniqueFunction() { reset(); }

  explicit operator bool() const { return table_ != nullptr; }

  // Requires: not empty.
  R operator()(Args... args) { return table_->call(inside_, std::forward<Args>(args)...); }

 private:
  struct Table {
    R (*call)(std::byte*, Args&&...);
    void (*move)(std::byte* to, std::byte* from);  // leaves `from` destroyed
    void (*destroy)(std::byte*);
  };

  template <class F>
  static constexpr bool kFitsInside =
      sizeof(F) <= 48 &&
      alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;

  template <class F>
  static F& at(std::byte* place) {
    return *std::launder(reinterpret_cast<F*>(place));
  }

  template <class F>
  static constexpr Table kInside = {
      [](std::byte* f, Args&&... args) -> R { return at<F>(f)(std::forward<Args>(args)...); },
      [](std::byte* to, std::byte* from) {
        ::new (static_cast<void*>(to)) F(std::move(at<F>(from)));
        at<F>(from).~F();
      },
      [](std::byte* f) { at<F>(f).~F(); }};

  template <class F>
  static constexpr Table kOutside = {
      [](std::byte* f, Args&&... args) -> R { return (*at<F*>(f))(std::forward<Args>(args)...); },
      [](std::byte* to, std::byte* from) { ::new (static_cast<void*>(to)) F*(at<F*>(from)); },
      [](std::byte* f) { delete at<F*>(f); }};

  void take(UniqueFunction& other) noexcept {
    table_ = std::exchange(other.table_, nullptr);
    if (table_ != nullptr) table_->move(inside_, other.inside_);
  }
  void reset() {
    if (table_ != nullptr) std::exchange(table_, nullptr)->destroy(inside_);
  }

  alignas(std::max_align_t) std::byte inside_[48];
  const Table* table_ = nullptr;
};

}  // namespace hybi
