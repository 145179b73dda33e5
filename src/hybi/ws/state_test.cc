#include <hybi/ws/state.h>
#include <hybi/ws/version_traits.h>

#include <gtest/gtest.h>

namespace hybi::ws {
namespace {

TEST(WsState, ClosingHandshakeFromBothSides) {
  EXPECT_EQ(after(State::Open, Step::SendClose), State::CloseSent);
  EXPECT_EQ(after(State::CloseSent, Step::ReceiveClose), State::Closed);
  EXPECT_EQ(after(State::Open, Step::ReceiveClose), State::CloseReceived);
  EXPECT_EQ(after(State::CloseReceived, Step::EndOfInput), State::Closed);
}

TEST(WsState, FailingAndTheEndOfInputCloseEveryState) {
  for (State state : {State::Open, State::CloseSent, State::CloseReceived, State::Closed}) {
    EXPECT_EQ(after(state, Step::Fail), State::Closed);
    EXPECT_EQ(after(state, Step::EndOfInput), State::Closed);
  }
}

TEST(WsState, NothingLeadsBackToAStateThatMaySend) {
  for (State state : {State::CloseSent, State::CloseReceived, State::Closed}) {
    for (Step step : {Step::SendClose, Step::ReceiveClose, Step::Fail, Step::EndOfInput}) {
      EXPECT_FALSE(can_send(after(state, step)));
    }
  }
  EXPECT_TRUE(can_send(State::Open));
}

TEST(WsState, OnlyOpenAndCloseSentReceive) {
  EXPECT_TRUE(can_receive(State::Open));
  EXPECT_TRUE(can_receive(State::CloseSent));
  EXPECT_FALSE(can_receive(State::CloseReceived));
  EXPECT_FALSE(can_receive(State::Closed));
}

TEST(WsVersion, OpcodesMapBackToTheBitsTheyCameFrom) {
  for (const VersionTraits& version : kVersionTraits) {
    if (version.framing == Framing::Sentinel) continue;
    for (Opcode opcode : {Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Close,
                          Opcode::Ping, Opcode::Pong}) {
      EXPECT_EQ(version.opcode_of(version.bits_of(opcode)), opcode);
    }
  }
}

TEST(WsVersion, TenOfSixteenOpcodesAreReserved) {
  for (const VersionTraits& version : kVersionTraits) {
    if (version.framing == Framing::Sentinel) continue;
    int reserved = 0;
    for (std::uint8_t bits = 0; bits < 16; ++bits) {
      reserved += is_reserved(version.opcode_of(bits)) ? 1 : 0;
    }
    EXPECT_EQ(reserved, 10);
  }
}

}  // namespace
}  // namespace hybi::ws
