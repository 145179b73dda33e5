// States of an open WebSocket and what moves it between them. RFC 6455 5.5.1, 7.1.
//
// States are named by who did what. One table; what a state permits is asked of the state.
#pragma once

#include <array>
#include <cstdint>

namespace hybi::ws {

enum class State : std::uint8_t {
  Open,           // both sides may send data
  CloseSent,      // we sent Close, wait for the peer's; incoming data is still delivered
  CloseReceived,  // the peer sent Close, our reply is in `out`
  Closed,         // nothing more is read or sent; next() discards
};

enum class Step : std::uint8_t {
  SendClose,     // we start the closing handshake
  ReceiveClose,  // a valid close frame came
  Fail,          // RFC 6455 7.1.7: an error, ours or the peer's
  EndOfInput,    // the peer ended its stream
};

namespace detail {
using enum State;
// rows: State; columns: Step
inline constexpr std::array<std::array<State, 4>, 4> kNextState{{
    //                 SendClose      ReceiveClose   Fail    EndOfInput
    /* Open          */ {CloseSent, CloseReceived, Closed, Closed},
    /* CloseSent     */ {CloseSent, Closed, Closed, Closed},
    /* CloseReceived */ {CloseReceived, CloseReceived, Closed, Closed},
    /* Closed        */ {Closed, Closed, Closed, Closed},
}};
}  // namespace detail

constexpr State after(State state, Step step) {
  return detail::kNextState[static_cast<std::size_t>(state)][static_cast<std::size_t>(step)];
}

// RFC 6455 5.5.1: no data after Close.
constexpr bool can_send(State state) {
  return state == State::Open;
}

// RFC 6455 1.4, 7.1.7: what comes after Close or an error is discarded.
constexpr bool can_receive(State state) {
  return state == State::Open || state == State::CloseSent;
}

}  // namespace hybi::ws
