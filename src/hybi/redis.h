// How to reach a Redis server: for session stores and fan-out between machines.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace hybi {

struct RedisOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string unix_path = {};  // a unix socket instead
  std::string user = {};       // with `password`: AUTH user password (Redis 6)
  std::string password = {};   // alone: AUTH password
  unsigned database = 0;

  std::chrono::milliseconds connect_timeout{2'000};
  // From the call to the reply, waiting for a connection included. A server that leaves a command
  // unanswered for so long is disconnected from.
  std::chrono::milliseconds command_timeout{2'000};
  // Between two attempts to connect: doubled from the first to the second, a part of it random.
  std::chrono::milliseconds min_backoff{20};
  std::chrono::milliseconds max_backoff{5'000};

  std::size_t max_waiting_commands = 10'000;         // not answered yet; more are refused
  std::size_t max_waiting_bytes = 64 * 1024 * 1024;  // of them
  std::size_t max_reply_bytes = 64 * 1024 * 1024;    // of one reply; the connection is dropped
};

}  // namespace hybi
