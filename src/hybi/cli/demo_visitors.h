// Who is connected by WebSocket: the newest of them, for the live list.
// Thread: any.
#pragma once

#include <hybi/websocket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace hybi::cli {

struct Visitor {
  std::uint64_t id = 0;
  std::string path;       // of the route
  int version = 0;        // WebSocket::version
  std::string extension;  // WebSocket::extension
  std::chrono::steady_clock::time_point since{};
};

class Visitors {
 public:
  static constexpr std::size_t kListed = 12;

  void came(const WebSocket& ws, const std::string& path);
  void went(std::uint64_t id);
  std::vector<Visitor> newest() const;  // the newest first, kListed at most

 private:
  // Some more than are listed, so that the list stays full when the newest leave.
  static constexpr std::size_t kKept = 64;

  mutable std::mutex mutex_;
  std::deque<Visitor> visitors_;
};

}  // namespace hybi::cli
