// The fixture of the suites: one site over four transports, and a client that talks bytes.
//
//   auto server = TestServer::start(transport, [](auto& site) { site.get("/", ...); });
//   auto client = server->connect();
//   client->write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
//   ASSERT_TRUE(client->read_until(holds("hello")));
//
// Memory and MemoryPending run on the test's own thread and have a clock that is moved by hand;
// Epoll and Uring are a hybi::Server on loopback. When the fixture goes, everything that is left is
// ended, and a connection that does not go is a failure. Only for *_test.cc; not installed.
#pragma once

#include <hybi/app/test_site.h>
#include <hybi/server.h>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::test {

enum class Transport { Memory, MemoryPending, Epoll, Uring };
void PrintTo(Transport transport, std::ostream* out);

// What is written down by callbacks of any thread.
class Notes {
 public:
  void add(std::string line);
  std::vector<std::string> all() const;
  std::size_t count(std::string_view line) const;
  std::size_t size() const { return all().size(); }
  std::string text() const;  // joined with "|"

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class TestClient {
 public:
  using Done = std::function<bool(const std::string&)>;

  virtual ~TestClient() = default;
  virtual void write(std::string_view bytes) = 0;
  virtual void end() = 0;    // half-close
  virtual void reset() = 0;  // RST
  // Reads until `done` is true of all that was received. Returns: whether that came to pass.
  virtual bool read_until(const Done& done) = 0;
  bool read_until(std::size_t bytes) {
    return read_until([bytes](const std::string& text) { return text.size() >= bytes; });
  }
  // Reads until the server has ended its side.
  virtual bool read_to_end() = 0;
  virtual bool closed() = 0;  // the server has ended its side, as far as is known now
  const std::string& received() const { return received_; }
  std::string take() { return std::exchange(received_, {}); }

 protected:
  std::string received_;
};

class TestServer {
 public:
  // Routes: a callable that takes a hybi::Server& and a MemorySite& alike.
  template <class Routes>
  static std::unique_ptr<TestServer> start(Transport transport, Routes routes,
                                           ServerOptions options = {});
  virtual ~TestServer() = default;

  virtual std::unique_ptr<TestClient> connect() = 0;
  virtual void stop(std::chrono::milliseconds deadline) = 0;
  virtual bool stopped() = 0;
  virtual void publish(std::string_view channel, std::string_view text) = 0;
  virtual std::size_t connections() = 0;
  // Lets the server run until `done`. Returns: done().
  virtual bool run_until(const std::function<bool()>& done) = 0;

  Notes& errors() { return *errors_; }  // what the error hook was told, by name of the error

 protected:
  TestServer() : errors_(std::make_shared<Notes>()) {}
  static std::unique_ptr<TestServer> over_sockets(std::unique_ptr<Server> server,
                                                  std::shared_ptr<Notes> errors);
  static Backend choose_backend(Transport transport);
  static std::function<void(Error, std::string_view)> note_errors(std::shared_ptr<Notes> notes);

  std::shared_ptr<Notes> errors_;
};

// In memory: the clock and the network are at hand.
class MemoryServer final : public TestServer {
 public:
  MemoryServer(bool pending_writes, ServerOptions options);
  ~MemoryServer() override;

  MemorySite& site() { return *site_; }
  testing::FakeBackend& net() { return site_->net(); }
  void settle();
  // Moves the clock in steps of 50 ms, running everything that becomes due.
  void advance(std::chrono::milliseconds time);
  std::unique_ptr<testing::MemoryPeer> connect_peer() { return net().connect(); }

  std::unique_ptr<TestClient> connect() override;
  void stop(std::chrono::milliseconds deadline) override;
  bool stopped() override { return site_->stopped(); }
  void publish(std::string_view channel, std::string_view text) override;
  std::size_t connections() override { return site_->context().connection_count(); }
  bool run_until(const std::function<bool()>& done) override;

 private:
  std::unique_ptr<MemorySite> site_;
};

template <class Routes>
std::unique_ptr<TestServer> TestServer::start(Transport transport, Routes routes,
                                              ServerOptions options) {
  if (transport == Transport::Memory || transport == Transport::MemoryPending) {
    auto server = std::make_unique<MemoryServer>(transport == Transport::MemoryPending, options);
    routes(server->site());
    return server;
  }
  auto errors = std::make_shared<Notes>();
  options.backend = choose_backend(transport);
  options.on_error = note_errors(errors);
  auto server = std::make_unique<Server>(options);
  routes(*server);
  server->listen(ListenOptions{.host = "127.0.0.1"});
  return over_sockets(std::move(server), std::move(errors));
}

// In memory at once, for what needs the clock.
template <class Routes>
std::unique_ptr<MemoryServer> start_in_memory(Routes routes, ServerOptions options = {},
                                              bool pending_writes = false) {
  auto server = std::make_unique<MemoryServer>(pending_writes, options);
  routes(server->site());
  return server;
}

// --- HTTP as a client reads it

struct Reply {
  unsigned status = 0;
  std::string head;  // with the status line and the empty line
  std::string body;  // after removal of the chunked coding

  std::string field(std::string_view name) const;  // "" if absent
  std::size_t count(std::string_view name) const;
};
// Takes the next whole response off the front; empty if there is none. `to_head`: the answer to
// HEAD. `at_end`: the connection has ended, which ends a body without length.
std::optional<Reply> take_reply(std::string& text, bool to_head = false, bool at_end = false);
std::vector<Reply> take_replies(std::string text, bool at_end = true);
// True once `count` whole responses have come.
TestClient::Done replies(std::size_t count);
TestClient::Done holds(std::string text);
// Asks on a connection of its own; not for HEAD.
Reply ask(TestServer& server, const std::string& request);

std::string get(std::string_view target, std::string_view fields = {});
std::string post(std::string_view target, std::string_view body, std::string_view fields = {});

// --- WebSocket as a client writes and reads it

std::string upgrade(std::string_view target, std::string_view fields = {});
// Opens one. Returns: null if the answer was not 101.
std::unique_ptr<TestClient> open_websocket(TestServer& server, std::string_view target,
                                           std::string_view fields = {});
std::string text_frame(std::string_view payload, bool fin = true);
std::string continuation(std::string_view payload, bool fin);
std::string ping_frame(std::string_view payload = {});
std::string pong_frame(std::string_view payload = {});
std::string binary_frame(std::string_view payload);
std::string close_frame(int code = 1000, std::string_view reason = {});  // 0: empty body

struct Frame {
  int opcode = 0;
  bool fin = true;
  std::string payload;

  std::string show() const;  // "text abc", "close 1000 bye", "part abc" for FIN not set
};
// What a server sent. A frame that is not whole is left out; `rest` gets the bytes behind.
std::vector<Frame> frames(std::string_view bytes);
std::string show_frames(std::string_view bytes);  // joined with "|"
TestClient::Done shows(std::string what);         // show_frames begins with it
TestClient::Done frame_count(std::size_t count);

// A temporary file with this content; removed in the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class EveryTransport : public ::testing::TestWithParam<Transport> {
 protected:
  template <class Routes>
  std::unique_ptr<TestServer> start(Routes routes, ServerOptions options = {}) {
    return TestServer::start(GetParam(), routes, std::move(options));
  }
  bool in_memory() const {
    return GetParam() == Transport::Memory || GetParam() == Transport::MemoryPending;
  }
};

inline std::string transport_name(const ::testing::TestParamInfo<Transport>& param) {
  static constexpr const char* kNames[] = {"Memory", "MemoryPending", "Epoll", "Uring"};
  return kNames[static_cast<std::size_t>(param.param)];
}

}  // namespace hybi::test

#define HYBI_EVERY_TRANSPORT(suite)                                                              \
  INSTANTIATE_TEST_SUITE_P(                                                                      \
      Over, suite,                                                                               \
      ::testing::Values(::hybi::test::Transport::Memory, ::hybi::test::Transport::MemoryPending, \
                        ::hybi::test::Transport::Epoll, ::hybi::test::Transport::Uring),         \
      ::hybi::test::transport_name)
