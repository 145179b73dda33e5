// Everything the connections of one loop share: the slab they live in, pools, counters, the way up.
//
// Runs the end of a turn in two steps: first the hooks that sessions asked for (user code may run
// in them), then the writes, so that nothing is appended to bytes that are on their way.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/base/out_buffer.h>
#include <hybi/base/slab.h>
#include <hybi/conn/application.h>
#include <hybi/conn/connection.h>
#include <hybi/conn/counters.h>
#include <hybi/conn/large_traffic.h>
#include <hybi/conn/loop_port.h>
#include <hybi/conn/outbox.h>
#include <hybi/http/writer.h>
#include <hybi/io/loop.h>
#include <hybi/io/network.h>
#include <hybi/limits.h>
#include <hybi/ws/deflate.h>

#include <atomic>
#include <memory>
#include <vector>

namespace hybi::conn {

// What the contexts of one server share.
struct ServerShare {
  HttpLimits http;
  ServerLimits limits;
  bool behind_tls = false;  // see ServerOptions
  io::Networks trusted_proxies;
  std::atomic<std::size_t> connections{0};
};

class LoopContext final : private io::LoopMember {
 public:
  // Lifetime: all of them outlive the context. Thread: the loop's.
  LoopContext(io::Loop& loop, unsigned index, ServerShare& share, Application& application,
              Counters& counters);
  // Requires: no connection is left. Thread: the loop's.
  ~LoopContext() override;

  // A new connection: HTTP begins on it, behind a PROXY header if one is expected. Over
  // max_connections it is answered 503.
  void accept(std::unique_ptr<io::Stream> stream, const io::Address& peer,
              bool proxy_protocol = false);

  // Every session ends what it does; connections still there at `deadline` are reset. `on_empty`
  // runs once no connection is left. A later call can only bring the deadline forward.
  void stop(io::TimePoint deadline, std::function<void()> on_empty);
  bool stopping() const { return stopping_; }

  // Returns: null if that connection is gone or has ended.
  Connection* find(std::uint32_t slot, std::uint32_t generation) {
    Connection* const connection = connections_.find(slot, generation);
    return connection != nullptr && !connection->ended() ? connection : nullptr;
  }
  std::size_t connection_count() const { return connections_.size(); }
  template <class F>
  void for_each_connection(F&& fn) {
    connections_.for_each(fn);
  }

  io::Loop& loop() { return loop_; }
  unsigned index() const { return index_; }
  const ServerShare& share() const { return share_; }
  Application& application() { return application_; }
  const PortRef& port() const { return port_; }
  Channels* channels() const { return channels_; }
  void set_channels(Channels* channels) { channels_ = channels; }
  Counters& counters() { return counters_; }
  OutboxPool& outboxes() { return outboxes_; }
  LargeTraffic& large_traffic() { return large_traffic_; }
  Entropy& entropy() { return entropy_; }
  ws::DeflatePool& deflate_pool() { return deflate_pool_; }
  OutBuffer& replies() { return replies_; }  // scratch for protocols; empty between uses

  // Milliseconds since the context began; wraps after 49 days, so only differences mean something.
  std::uint32_t now_ms() const { return ms_at(loop_.now()); }
  std::uint32_t ms_at(io::TimePoint when) const;
  std::string_view date_line();  // "Date: ...\r\n" of now

 private:
  friend class Connection;
  void flush_later(Connection& connection);
  void hook_later(Connection& connection);
  void destroy(Connection& connection);
  void on_flush() override;
  void on_deadline() override;

  io::Loop& loop_;
  unsigned index_;
  ServerShare& share_;
  Application& application_;
  Channels* channels_ = nullptr;
  PortRef port_;
  ws::DeflatePool deflate_pool_;  // outlives the connections
  Slab<Connection> connections_;
  std::vector<Connection*> hooked_, dirty_;
  std::vector<Connection*> hooked_now_, dirty_now_;  // being worked on
  OutboxPool outboxes_;
  LargeTraffic large_traffic_;
  Counters& counters_;
  SystemEntropy entropy_;
  OutBuffer replies_;
  http::DateLine date_;
  io::TimePoint began_, date_at_{};
  std::int64_t wall_seconds_ = 0;
  bool stopping_ = false;
  io::TimePoint stop_at_{};
  std::function<void()> on_empty_;
};

}  // namespace hybi::conn
