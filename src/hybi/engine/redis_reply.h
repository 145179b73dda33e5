// What a Redis server said: a value that owns its parts. RESP2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hybi::engine {

struct RedisReply {
  enum class Kind : std::uint8_t { Nil, Integer, Text, Status, Error, Array };

  Kind kind = Kind::Nil;
  std::int64_t integer = 0;
  std::string text = {};  // of Text, Status and Error
  std::vector<RedisReply> items = {};

  bool is_error() const { return kind == Kind::Error; }
};

}  // namespace hybi::engine
