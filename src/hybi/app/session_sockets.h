// Which WebSockets belong to which session, and closing them when it ends.
//
// A session ends by being destroyed or moved, which the store tells on every node, or by expiring,
// which nobody tells: a thread asks the store when the time that is known here has run out, and
// asks for all of them when the store may have missed something. Thread: any.
#pragma once

#include <hybi/session.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace hybi {

struct BoundSocket {
  std::shared_ptr<Session> session;  // Thread: the WebSocket's loop.
  std::string id;                    // of the session; "": it has none
  WebSocketHandle handle = {};
  std::uint64_t socket_id = 0;
  std::int64_t absolute_end_ms = 0;
  std::atomic<std::int64_t> check_at_ms = 0;  // since 1970: then the store is asked
  std::atomic<bool> checking = false;
  std::atomic<bool> gone = false;  // the session has ended: no message is delivered any more
};
using BoundSocketPtr = std::shared_ptr<BoundSocket>;

class SessionSockets : public std::enable_shared_from_this<SessionSockets> {
 public:
  SessionSockets(std::shared_ptr<SessionStore> store, const SessionOptions& options);
  ~SessionSockets();
  void start();  // once it is owned
  // Waits for the thread that sweeps: what the options refer to may go afterwards. Idempotent.
  void stop();

  void add(const BoundSocketPtr& socket, WebSocket& of);
  void remove(const BoundSocketPtr& socket);
  // Null if it is not bound.
  BoundSocketPtr find(WebSocket& socket) const;
  std::size_t size() const;

  void close_session(const std::string& id);
  void sweep();

 private:
  // What the thread shares with its owner, who may go first.
  struct Clock {
    std::mutex mutex;
    std::condition_variable changed;
    bool stopping = false;
    bool hurry = false;
  };

  void check(const BoundSocketPtr& socket);
  void close(BoundSocket& socket) const;
  void check_all();
  void run_thread();
  std::int64_t now_ms() const;

  const std::shared_ptr<SessionStore> store_;
  const SessionOptions options_;
  std::shared_ptr<void> watching_;

  mutable std::mutex mutex_;
  std::unordered_multimap<std::string, BoundSocketPtr> by_session_;
  std::unordered_multimap<std::uint64_t, BoundSocketPtr> by_socket_;
  const std::shared_ptr<Clock> clock_ = std::make_shared<Clock>();
  std::thread thread_;  // begins with the first WebSocket
};

}  // namespace hybi
