// A server of four loops, and clients on every one of them. Only for *_test.cc; not installed.
#pragma once

#include <hybi/app/test_server.h>
#include <hybi/app/test_socket.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <functional>
#include <mutex>
#include <set>
#include <vector>

namespace hybi::test {

class ManyLoops : public EveryBackend {
 protected:
  ServerOptions four() const { return options(4); }
};

// Opens sockets until there are some on each loop, as their ids tell; at least `count`.
inline std::vector<WsClient> open_on_every_loop(Server& server, std::size_t count,
                                                const std::function<std::size_t()>& loops_seen) {
  std::vector<WsClient> clients;
  while (clients.size() < count || loops_seen() < 4) {
    clients.push_back(WsClient::open(server.port()));
    if (!clients.back().open() || clients.size() > 400) break;
    EXPECT_EQ(clients.back().next(), "text welcome");
  }
  return clients;
}

// Which loops have a connection.
class LoopsSeen {
 public:
  void add(const WebSocket& ws) {
    const std::lock_guard lock(mutex_);
    seen_.insert(ws.id() >> 54);
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::uint64_t> seen_;
};

}  // namespace hybi::test
