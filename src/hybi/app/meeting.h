// Going on after something asynchronous that may have answered at once.
//
//   meet<T>([](auto done) { store.get(id, done); },     starts it
//           [] { return ...; },                         how to get back to this thread, if need be
//           [](Result<T> result) { ... });              goes on: here, before meet returns, or
//           there
//
// Whoever comes second goes on: the thread that started it, or the completion by way of the hop.
#pragma once

#include <hybi/result.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace hybi {

// Runs a task where it belongs, or not at all if that is gone.
using Hop = std::function<void(std::function<void()>)>;

template <class T, class Start, class MakeHop>
void meet(Start start, MakeHop make_hop, std::function<void(Result<T>)> then) {
  enum : int { kNobody, kAnswered, kLeft };
  struct Place {
    std::atomic<int> state = kNobody;
    std::optional<Result<T>> result;
    Hop hop;
    std::function<void(Result<T>)> then;
  };
  const auto place = std::make_shared<Place>();
  place->then = std::move(then);
  start([place](Result<T> result) {
    place->result.emplace(std::move(result));
    if (place->state.exchange(kAnswered) == kLeft) {
      place->hop([place] { place->then(std::move(*place->result)); });
    }
  });
  if (place->state.load() != kAnswered) {
    place->hop = make_hop();
    if (place->state.exchange(kLeft) != kAnswered) return;
  }
  place->then(std::move(*place->result));
}

}  // namespace hybi
