// Outcome<T, E>: a Result whose error says more than 8 bytes hold: where a text broke, in words.
//
// The words are for people: they go into a log, an answer, a page. What kind of error it is stands
// in E as well (an Errc or a code). Used by template.h, json.h and object.h.
#pragma once

#include <cstdlib>
#include <utility>
#include <variant>

namespace hybi {

template <class T, class E>
class [[nodiscard]] Outcome {
 public:
  using value_type = T;
  using error_type = E;

  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Requires: has_value(); ends the program otherwise.
  T& value() & { return check<0>(state_); }
  const T& value() const& { return check<0>(state_); }
  T&& value() && { return std::move(check<0>(state_)); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Requires: !has_value(); ends the program otherwise.
  E& error() { return check<1>(state_); }
  const E& error() const { return check<1>(state_); }

 private:
  template <std::size_t Index, class State>
  static auto& check(State& state) {
    auto* const held = std::get_if<Index>(&state);
    if (held == nullptr) std::abort();
    return *held;
  }

  std::variant<T, E> state_;
};

}  // namespace hybi
