// The server: listeners, loops, routes, middleware, channels. Implemented in app/.
//
// Everything is set up before start(); afterwards only the functions marked "Thread: any" are used.
// Two servers in one process work; a server can be started once.
#pragma once

#include <hybi/channel.h>
#include <hybi/error.h>
#include <hybi/http.h>
#include <hybi/limits.h>
#include <hybi/result.h>
#include <hybi/router.h>
#include <hybi/websocket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

enum class Backend : std::uint8_t { Auto, Epoll, Uring };  // Auto: what pays on this kernel

struct ServerOptions {
  unsigned threads = 1;  // one event loop each
  Backend backend = Backend::Auto;
  HttpLimits http = {};
  ServerLimits limits = {};
  // Clients speak TLS, to a proxy in front. Versions 75 to hybi-02 compare the URL in the answer
  // with their own: it begins with wss then, otherwise with ws.
  bool behind_tls = false;
  // Peers that say instead who their client is and what it speaks, in Forwarded (RFC 7239) or
  // X-Forwarded-*: "127.0.0.1", "10.0.0.0/8", "::1", "unix". See Request::client. They must set or
  // remove these fields themselves; a client that sends the other kind has no address.
  std::vector<std::string> trusted_proxies = {};
  // Threads for Response::blocking and Server::blocking, started when first needed, and how many
  // tasks may wait for one.
  unsigned blocking_threads = 4;
  std::size_t max_blocking_queue = 1024;
  // Told of every error that has no caller to return to: exceptions of handlers, refused fields.
  // `what` is for people. Thread: any of the loops.
  std::function<void(Error error, std::string_view what)> on_error = {};
};

struct ListenOptions {
  std::string host = {};       // "" every address; "127.0.0.1", "::1", a name
  std::uint16_t port = 0;      // 0: the system chooses, see Server::port
  std::string unix_path = {};  // a unix socket instead
  int descriptor = -1;         // an inherited listening socket instead
  // Each connection begins with a PROXY header (version 1 or 2) of the proxy in front, and
  // Request::peer is who it names. Only from ServerOptions::trusted_proxies, if there are any: then
  // others are reset, as are connections without the header or with a bad one.
  bool proxy_protocol = false;
};

// Counters since the start, summed over the loops. Read at any time; each is exact for its loop.
struct ServerStats {
  std::uint64_t connections = 0;  // open now, of both kinds
  std::uint64_t websockets = 0;   // open now
  std::uint64_t connections_total = 0;
  std::uint64_t websockets_total = 0;
  std::uint64_t requests = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;  // also each delivery of a publication
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t messages_dropped = 0;  // by SlowPolicy, a full mailbox, or NoBinary
  std::uint64_t refused_requests =
      0;  // malformed, over a limit, or a handshake that is not allowed
  std::uint64_t failed_websockets = 0;  // closed by us for an error of the peer
  std::uint64_t over_quota = 0;         // messages that were more than a Quota allows
  std::uint64_t channels = 0;  // names and patterns with subscribers now; on each loop one counts
  std::uint64_t subscriptions = 0;  // now
  std::uint64_t publications = 0;   // of this server, also to nobody
  std::uint64_t recovered = 0;      // subscriptions with a position that got all they missed
  std::uint64_t not_recovered = 0;  // and those that were told that something is missing
};

class ChannelHub;

class Server : public Routes<Server> {
 public:
  explicit Server(ServerOptions options = {});
  ~Server();  // stop(0) and wait
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // A site of its own for requests to that host: "example.com" or "*.example.com" (any depth; the
  // longest ending wins, an exact name before all). The server's own middleware runs first and its
  // error routes come last; its own routes are for all other hosts only.
  Server& host(std::string_view name, Router router);

  // What Response::render and WebSocket::send_rendered use, see template.h. Before start().
  Server& templates(std::shared_ptr<const TemplateEngine> engine);

  // How the channels that match `pattern` behave; of several that match the first one declared.
  // Before start(), which fails: BadChannel, BadLimit.
  Server& channel(std::string_view pattern, ChannelOptions options);
  // What remembers publications and members; memory_engine() if none is given. Before start().
  Server& engine(std::shared_ptr<Engine> engine);

  // What to listen on; may be called several times. Errors are reported by start().
  Server& listen(int port);                  // on every address; 0: the system chooses
  Server& listen(std::string_view address);  // "localhost:3400", "[::]:3400", "unix:/run/x.sock"
  Server& listen(const char* address) { return listen(std::string_view(address)); }
  Server& listen(ListenOptions options);
  Server& listen(std::string_view address, bool proxy_protocol);  // see ListenOptions

  // Binds, starts the loops and returns.
  // Fails: BadPattern, BadHost, BadStatus, BadThreads, BadLimit, BadVersions, BadCompression,
  // BadTrustedProxy, BadListenAddress, NothingToListenOn, AddressInUse, ...
  Result<void> start();
  // start(), then wait(). Prints an error on stderr. Returns: what main should return.
  int run();
  // Stops accepting, sends 1001 to every WebSocket, finishes running requests; what is left after
  // `deadline` is cut. Returns at once. A later call may shorten the deadline. Thread: any, but not
  // while start() runs.
  void stop(std::chrono::milliseconds deadline = std::chrono::seconds(10));
  // Until stopped. Thread: any but a loop's.
  void wait();

  std::uint16_t port() const;                  // of the first TCP listener, after start()
  std::vector<std::string> addresses() const;  // "127.0.0.1:3400", after start()
  Backend backend() const;                     // what Auto became, after start()

  // To every subscriber of the channel, on every loop. Where no history is kept a loop's thread
  // reaches the subscribers of that loop at once: with one loop, subscribing and sending what there
  // is lose nothing and repeat nothing of what is published. What fails (BadChannel, EngineFull,
  // EngineFailed) is told to PublishOptions::done, or else to ServerOptions::on_error. Thread: any.
  void publish(std::string_view channel, const Message& message);
  void publish(std::string_view channel, std::string_view text) {
    publish(channel, Message{as_bytes(text), true});
  }
  void publish(std::string_view channel, const Message& message, PublishOptions options);
  // To every open WebSocket whose route was declared with this pattern; `to` chooses among them
  // (empty: all), on the thread of each one's loop. Encoded once. Thread: any.
  void broadcast(std::string_view route, const Message& message,
                 std::function<bool(WebSocket&)> to = {});
  void broadcast(std::string_view route, std::string_view text,
                 std::function<bool(WebSocket&)> to = {}) {
    broadcast(route, Message{as_bytes(text), true}, std::move(to));
  }
  // Calls `visit` with every open WebSocket, on the thread of each one's loop: now for those of the
  // calling loop, else soon. It may send, close and subscribe. Thread: any.
  void for_each_websocket(std::function<void(WebSocket&)> visit);

  // What was published to a channel with a history: after `since`, else the latest; see Engine.
  // Calls back: once, on any thread.
  void history(std::string_view channel, std::optional<Position> since, std::size_t limit,
               std::function<void(Result<History>)> done);
  // Who is in a channel with presence. Calls back: once, on any thread.
  void members(std::string_view channel, std::size_t limit,
               std::function<void(Result<std::vector<Member>>)> done);
  void count_members(std::string_view channel, std::function<void(Result<PresenceCount>)> done);

  // Runs `work` on a thread for what blocks, see ServerOptions::blocking_threads; it must not
  // throw. Returns: false when the queue is full or the server has stopped. Thread: any.
  bool blocking(std::function<void()> work);

  using Routes<Server>::post;  // of routes
  // Runs `task` on the first loop's thread. Returns: false when stopped. Thread: any.
  bool post(std::function<void()> task);
  // Runs `task` on the first loop's thread, once after `delay` or every `interval`, until stopped.
  // Call before start(), or from the first loop's thread.
  void after(std::chrono::milliseconds delay, std::function<void()> task);
  void every(std::chrono::milliseconds interval, std::function<void()> task);

  ServerStats stats() const;  // Thread: any.

  const std::shared_ptr<ChannelHub>& hub() const;  // for the library

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Prints "hybi: ..." on stderr. Returns: 1.
int print_error(Error error);

}  // namespace hybi
