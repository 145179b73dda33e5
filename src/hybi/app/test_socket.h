// A client with a socket of its own, for tests of servers with threads: it blocks, but never for
// ever. HTTP as text; WebSocket through ws/protocol.h and ws/handshake_client.h in the client role.
//
//   auto client = WsClient::open(server.port(), "/chat");
//   client.send("hello");
//   EXPECT_EQ(client.next(), "text hello");
//
// Only for *_test.cc; not installed.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/io/fd.h>
#include <hybi/io/socket.h>
#include <hybi/server.h>
#include <hybi/ws/deflate_params.h>
#include <hybi/ws/handshake_client.h>
#include <hybi/ws/message_deflate.h>
#include <hybi/ws/protocol.h>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace hybi::test {

// Far beyond what anything here takes, also under a sanitizer on a busy machine.
inline constexpr std::chrono::seconds kPatience{30};

// Waits until `done` is true of what other threads do. Returns: done().
inline bool eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// Happens once, on some thread; waited for on another.
class Signal {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    condition_.notify_all();
  }
  // Returns: whether it happened.
  bool wait() {
    std::unique_lock lock(mutex_);
    return condition_.wait_for(lock, kPatience, [&] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool set_ = false;
};

class SocketClient {
 public:
  SocketClient() = default;
  // `receive_buffer`: a small one makes a reader that is slow soon.
  explicit SocketClient(std::uint16_t port, int receive_buffer = 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(reinterpret_cast<const sockaddr*>(&address), sizeof address, receive_buffer);
  }
  static SocketClient over_v6(std::uint16_t port) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    SocketClient client;
    client.connect(reinterpret_cast<const sockaddr*>(&address), sizeof address, 0);
    return client;
  }
  static SocketClient over_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    SocketClient client;
    client.connect(reinterpret_cast<const sockaddr*>(&address), sizeof address, 0);
    return client;
  }

  bool connected() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }

  // Returns: false if the peer does not take it all.
  bool write(std::string_view text) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!text.empty()) {
      const ssize_t count = ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0) {
        text.remove_prefix(static_cast<std::size_t>(count));
      } else if (errno != EAGAIN || !ready(POLLOUT, end)) {
        return false;
      }
    }
    return true;
  }
  // What the socket takes at once.
  std::size_t write_some(std::string_view text) {
    const ssize_t count = ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  // Waits for more bytes and adds them to received. Returns: false at the end, or too late.
  bool read_more() {
    char buffer[65536];
    if (ended_ || !ready(POLLIN, std::chrono::steady_clock::now() + kPatience)) return false;
    const ssize_t count = ::recv(fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count <= 0) {
      ended_ = true;
      reset_ = count < 0;
      return false;
    }
    received.append(buffer, static_cast<std::size_t>(count));
    bytes_read += static_cast<std::size_t>(count);
    return true;
  }
  bool read_until(std::string_view text) {
    while (received.find(text) == std::string::npos) {
      if (!read_more()) return false;
    }
    return true;
  }
  // Returns: false if the end does not come.
  bool read_to_end() {
    while (read_more()) {
    }
    return ended_;
  }
  bool was_reset() const { return reset_; }

  void close() { fd_.reset(); }
  void reset() {
    io::set_reset_on_close(fd());
    fd_.reset();
  }

  std::string received;
  std::size_t bytes_read = 0;  // in all

 private:
  void connect(const sockaddr* address, socklen_t length, int receive_buffer) {
    fd_.reset(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
      ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    if (::connect(fd(), address, length) != 0) fd_.reset();
  }
  bool ready(short events, std::chrono::steady_clock::time_point end) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd entry{fd(), events, 0};
    return ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) > 0;
  }

  io::Fd fd_;
  bool ended_ = false;
  bool reset_ = false;
};

// One GET on a connection of its own. Returns: all that came, "" if nobody answered.
inline std::string http_get(std::uint16_t port, std::string_view target) {
  SocketClient client(port);
  if (!client.connected()) return "";
  std::string request = "GET ";
  request.append(target).append(" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  client.write(request);
  client.read_to_end();
  return client.received;
}

// How a test's client opens a WebSocket.
struct WsClientOptions {
  Version version = Version::V13;
  Compression compression = {};
  std::vector<std::pair<std::string_view, std::string_view>> fields = {};
  std::string_view origin = {};
  std::vector<ws::ExtensionOffer> extensions = {};  // besides what `compression` offers
  std::vector<std::string_view> subprotocols = {};
};

class WsClient {
 public:
  // Returns: one that is not open() if the answer was not a valid 101.
  static WsClient open(std::uint16_t port, std::string_view target = "/", int receive_buffer = 0) {
    return WsClient(SocketClient(port, receive_buffer), target);
  }
  static WsClient open(std::uint16_t port, std::string_view target,
                       const WsClientOptions& options) {
    return WsClient(SocketClient(port), target, options);
  }
  WsClient(SocketClient socket, std::string_view target, const WsClientOptions& options = {})
      : state_(std::make_unique<State>(options.version)), socket_(std::move(socket)) {
    ws::ClientRequest request{.host = "test",
                              .target = target,
                              .origin = options.origin,
                              .subprotocols = options.subprotocols,
                              .extensions = options.extensions,
                              .fields = options.fields,
                              .version = options.version};
    if (options.compression.mode != Compression::Mode::Off) {
      request.extensions.push_back(ws::deflate_offer(options.compression));
    }
    const ws::ClientKeys keys = ws::make_keys(options.version, state_->entropy);
    if (!socket_.connected() || !ws::write_request(request, keys, state_->out)) return;
    flush();
    Bytes in;
    ws::ResponseHead head;
    const auto complete = [&](auto read) {  // Returns: false if it never is
      for (;;) {
        const Bytes before = in;
        const Result<bool> done = read();
        if (!done) return false;
        if (*done) return true;
        const std::size_t taken = socket_.received.size() - before.size();
        if (!socket_.read_more()) return false;
        in = as_bytes(socket_.received).subspan(taken);
      }
    };
    if (!complete([&] { return ws::parse_response_head(in, 16384, head); })) return;
    status_ = head.status;
    const Result<ws::Answer> answer = ws::check_answer(head, request, keys);
    if (!answer) return;
    extensions_ = answer->extensions;
    if (request.version == Version::V4) {
      state_->protocol.set_connection_key(ws::connection_key(keys.key, answer->nonce));
    }
    if (!complete([&] { return ws::take_challenge_answer(in, options.version, keys); })) return;
    socket_.received.erase(0, socket_.received.size() - in.size());
    open_ = extensions_.empty() || use(request.extensions, options.compression);
  }

  const std::vector<ws::ExtensionOffer>& extensions() const { return extensions_; }
  bool open() const { return open_; }
  unsigned status() const { return status_; }
  SocketClient& socket() { return socket_; }

  bool send(std::string_view text) {
    return state_->protocol.send_text(text, state_->out) && flush();
  }
  bool send_binary(Bytes data) {
    return state_->protocol.send_binary(data, state_->out) && flush();
  }
  bool ping(std::string_view text) {
    return state_->protocol.send_ping(as_bytes(text), state_->out) && flush();
  }
  bool close(std::uint16_t code = 1000) {
    const bool sent = state_->protocol.close(code, "", state_->out) && flush();
    if (state_->protocol.eof_due()) ::shutdown(socket_.fd(), SHUT_WR);  // 75: this is the close
    return sent;
  }
  // Closes and reads on. Returns: false if the server does not end the connection.
  bool close_and_wait() {
    close();
    std::string event;
    while (event != "end" && event != "late") event = next();
    return event == "end";
  }

  // The next event: "text abc", "binary", "ping", "close 1001 server is going away", "end" when the
  // connection is over, "late" if nothing came. Pings and a close are answered.
  std::string next() {
    for (;;) {
      MutableBytes in = {reinterpret_cast<std::byte*>(input_.data()) + taken_,
                         input_.size() - taken_};
      const ws::Event event = state_->protocol.next(in, state_->out);
      taken_ = input_.size() - in.size();
      flush();
      switch (event.kind) {
        case ws::Event::Kind::Text:
          return "text " + std::string(as_text(event.payload));
        case ws::Event::Kind::Binary:
          return "binary " + std::string(as_text(event.payload));
        case ws::Event::Kind::Ping:
          return "ping " + std::string(as_text(event.payload));
        case ws::Event::Kind::Pong:
          return "pong " + std::string(as_text(event.payload));
        case ws::Event::Kind::Close:
          return "close " + std::to_string(event.code) + " " + std::string(as_text(event.payload));
        case ws::Event::Kind::Failed:
          return "failed " + std::string(info(event.errc).name);
        case ws::Event::Kind::NeedMore:
          break;
      }
      if (socket_.received.empty() && !socket_.read_more()) {
        (void)state_->protocol.end_of_input();  // in 75 this is how it closes
        return socket_.read_to_end() ? "end" : "late";
      }
      input_ = std::exchange(socket_.received, {});
      taken_ = 0;
    }
  }

 private:
  struct State {  // where the protocol's references stay valid
    explicit State(Version version) : protocol(ws::Role::Client, limits, entropy, version) {}

    SystemEntropy entropy;
    WebSocketLimits limits{.max_message_bytes = 64 * 1024 * 1024};
    ws::DeflatePool pool;
    ws::Protocol protocol;
    OutBuffer out;
  };

  // The extension that was agreed: the last one offered is ours.
  bool use(const std::vector<ws::ExtensionOffer>& offered, const Compression& compression) {
    if (extensions_[0].name == "deflate-stream") {
      state_->protocol.set_deflate_stream(std::make_unique<ws::DeflateStream>());
      return true;
    }
    ws::DeflateParams params{.kind = ws::DeflateParams::Kind::Frame, .server = {}, .client = {}};
    if (extensions_[0].name == "permessage-deflate") {
      const auto agreed = ws::take_deflate_answer(offered.back(), extensions_[0]);
      if (!agreed) return false;
      params = *agreed;
    }
    state_->protocol.set_extension(std::make_unique<ws::MessageDeflate>(
        state_->pool, compression, params.kind, params.client, params.server));
    return true;
  }
  bool flush() {
    const bool done = socket_.write(as_text(state_->out.view()));
    state_->out.clear();
    return done;
  }

  std::unique_ptr<State> state_;
  SocketClient socket_;
  std::vector<ws::ExtensionOffer> extensions_;
  std::string input_;
  std::size_t taken_ = 0;
  unsigned status_ = 0;
  bool open_ = false;
};

// For suites that run over both of the kernel's backends. Where the kernel refuses io_uring that
// must show as the documented error, and the test goes on over epoll.
class EveryBackend : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (GetParam() != Backend::Uring) return;
    Server probe({.backend = Backend::Uring});
    const Result<void> started = probe.listen("127.0.0.1:0").start();
    if (started) return;
    ASSERT_EQ(started.error().code, Errc::NoBackend);
    backend_ = Backend::Epoll;
  }
  ServerOptions options(unsigned threads = 1) const {
    return {.threads = threads, .backend = backend_};
  }

 private:
  Backend backend_ = GetParam();
};

#define HYBI_EVERY_BACKEND(suite)                                                         \
  INSTANTIATE_TEST_SUITE_P(                                                               \
      Over, suite, ::testing::Values(::hybi::Backend::Epoll, ::hybi::Backend::Uring),     \
      [](const auto& instance) {                                                          \
        return std::string(instance.param == ::hybi::Backend::Uring ? "Uring" : "Epoll"); \
      })

}  // namespace hybi::test
