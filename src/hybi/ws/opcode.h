// WebSocket opcodes. RFC 6455 5.2, 11.8.
#pragma once

#include <cstdint>

namespace hybi::ws {

enum class Opcode : std::uint8_t {
  Continuation = 0x0,
  Text = 0x1,
  Binary = 0x2,
  Close = 0x8,
  Ping = 0x9,
  Pong = 0xA,
};

constexpr bool is_control(Opcode opcode) {
  return (static_cast<std::uint8_t>(opcode) & 0x8) != 0;
}

// One of the reserved ones, for wire formats that number them otherwise.
inline constexpr Opcode kReservedOpcode{0x7};

constexpr bool is_reserved(Opcode opcode) {
  const auto value = static_cast<std::uint8_t>(opcode);
  return (value > 0x2 && value < 0x8) || value > 0xA;
}

}  // namespace hybi::ws
