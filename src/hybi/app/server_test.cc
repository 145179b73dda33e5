// A server's life: starting, addresses, stopping, tasks, timers, signals. See hybi/server.h.
#include <hybi/app/test_socket.h>
#include <hybi/hybi.h>
#include <hybi/io/listener.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <signal.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

Handler says(std::string text) {
  return [text = std::move(text)](Request&, Response& response) { response.text(text); };
}

// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "hybi_XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string at(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

class ServerLife : public EveryBackend {};
HYBI_EVERY_BACKEND(ServerLife);

TEST_P(ServerLife, TwoServersInOneProcessStartAndStopTwentyTimes) {
  for (int round = 0; round < 20; ++round) {
    Server first(options(2)), second(options(2));
    first.get("/", says("first")).listen("127.0.0.1:0");
    second.get("/", says("second")).listen("127.0.0.1:0");
    ASSERT_TRUE(first.start());
    ASSERT_TRUE(second.start());
    EXPECT_NE(first.port(), second.port());
    EXPECT_TRUE(http_get(first.port(), "/").ends_with("\r\n\r\nfirst"));
    EXPECT_TRUE(http_get(second.port(), "/").ends_with("\r\n\r\nsecond"));
    first.stop(0ms);
    first.wait();
    EXPECT_TRUE(http_get(second.port(), "/").ends_with("\r\n\r\nsecond"));
    EXPECT_EQ(http_get(first.port(), "/"), "");
  }
}

TEST_P(ServerLife, APortIsFreeOnceTheServerHasStopped) {
  Server first(options(2));
  ASSERT_TRUE(first.listen("127.0.0.1:0").start());
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  first.stop(0ms);
  first.wait();
  Server second(options(2));
  EXPECT_TRUE(second.get("/", says("again")).listen(address).start());
  EXPECT_TRUE(http_get(second.port(), "/").ends_with("again"));
}

TEST_P(ServerLife, DestructorStopsAServerThatRuns) {
  WsClient client = [&] {
    Server server(options(2));
    server.ws("/", {}).listen("127.0.0.1:0");
    EXPECT_TRUE(server.start());
    WsClient opened = WsClient::open(server.port());
    EXPECT_TRUE(opened.open());
    return opened;
  }();
  std::string last;
  for (std::string event = client.next(); event != "end"; event = client.next()) {
    last = event;
    ASSERT_NE(event, "late");
  }
  EXPECT_TRUE(last == "" || last.starts_with("close 1001") || last.starts_with("failed")) << last;
}

TEST_P(ServerLife, StoppingBeforeStartTwiceOrAfterTheEndIsHarmless) {
  Server server(options());
  server.stop(0ms);
  server.wait();
  EXPECT_FALSE(server.post([] {}));
  ASSERT_TRUE(server.get("/", says("x")).listen("127.0.0.1:0").start());
  EXPECT_TRUE(http_get(server.port(), "/").ends_with("x"));
  server.stop(10s);
  server.stop(0ms);
  server.wait();
  server.stop(0ms);
  server.wait();
  EXPECT_FALSE(server.post([] {}));
}

TEST_P(ServerLife, ASecondStartIsRefused) {
  Server server(options());
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  EXPECT_EQ(server.start().error().code, Errc::BadState);
}

// --- starting

Errc start_error(Server& server) {
  const Result<void> started = server.start();
  return started.error().code;
}

TEST(ServerStart, NamesABadPattern) {
  Server server;
  server.get("/a/:x/:x", says("")).listen("127.0.0.1:0");
  const Result<void> started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::BadPattern);
  EXPECT_NE(describe(started.error()).find("pattern"), std::string::npos);
}

TEST(ServerStart, RefusesThreadsOutsideOneToAThousandAndTwentyFour) {
  for (const unsigned threads : {0u, 1025u}) {
    Server server({.threads = threads});
    server.listen("127.0.0.1:0");
    EXPECT_EQ(start_error(server), Errc::BadThreads);
  }
}

TEST(ServerStart, RefusesLimitsThatAreZeroOrContradictEachOther) {
  Server of_http({.http = {.max_head_bytes = 0}});
  EXPECT_EQ(start_error(of_http.listen("127.0.0.1:0")), Errc::BadLimit);
  Server of_server({.limits = {.max_connections = 0}});
  EXPECT_EQ(start_error(of_server.listen("127.0.0.1:0")), Errc::BadLimit);
  Server of_route;
  of_route.ws("/", {.limits = {.high_water_bytes = 10, .low_water_bytes = 10}});
  EXPECT_EQ(start_error(of_route.listen("127.0.0.1:0")), Errc::BadLimit);
  Server of_time({.http = {.head_timeout = std::chrono::hours(24 * 30)}});
  EXPECT_EQ(start_error(of_time.listen("127.0.0.1:0")), Errc::BadLimit);
}

TEST(ServerStart, RefusesAMiddlewarePrefixThatIsNoPathAndAPortThatIsNone) {
  Server of_prefix;
  of_prefix.use("admin", [](Request&, Response&, Next next) { next(); });
  EXPECT_EQ(start_error(of_prefix.listen("127.0.0.1:0")), Errc::BadPattern);
  Server of_port;
  EXPECT_EQ(start_error(of_port.listen(65536)), Errc::BadListenAddress);
}

TEST(ServerStart, RefusesToListenOnNothing) {
  Server server;
  EXPECT_EQ(start_error(server), Errc::NothingToListenOn);
}

TEST(ServerStart, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "localhost", "::1:80", "[::1]", "1.2.3.4:x", "1.2.3.4:65536",
                           "unix:", "[1.2.3.4]:80"}) {
    Server server;
    EXPECT_EQ(start_error(server.listen(text)), Errc::BadListenAddress) << text;
  }
}

TEST(ServerStart, RefusesADescriptorThatDoesNotListen) {
  const io::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Server server;
  EXPECT_EQ(start_error(server.listen(ListenOptions{.descriptor = socket.get()})),
            Errc::BadListenDescriptor);
  Server other;
  EXPECT_EQ(start_error(other.listen(ListenOptions{.descriptor = 1'000'000})),
            Errc::BadListenDescriptor);
}

TEST(ServerStart, RefusesAPortThatAnotherSocketHolds) {
  const auto held = io::open_listen_sockets({.host = "127.0.0.1"}, 1).value();
  const io::Fd closes(held.per_loop.at(0).at(0));
  const std::string address = "127.0.0.1:" + std::to_string(held.bound.at(0).port);
  for (const unsigned threads : {1u, 2u}) {
    Server server({.threads = threads});
    EXPECT_EQ(start_error(server.listen(address)), Errc::AddressInUse) << threads;
  }
}

TEST(ServerStart, RefusesAPortThatAnotherServerOfThisProcessHolds) {
  for (const unsigned theirs : {1u, 2u}) {
    Server other({.threads = theirs});
    ASSERT_TRUE(other.listen("127.0.0.1:0").start());
    const std::string address = "127.0.0.1:" + std::to_string(other.port());
    for (const unsigned ours : {1u, 2u}) {
      Server server({.threads = ours});
      EXPECT_EQ(start_error(server.listen(address)), Errc::AddressInUse) << theirs << ours;
    }
  }
}

TEST(ServerStart, AFailureLeavesNothingBehind) {
  const auto held = io::open_listen_sockets({.host = "127.0.0.1"}, 1).value();
  const io::Fd closes(held.per_loop.at(0).at(0));
  std::uint16_t first_port = 0;
  {
    const auto free = io::open_listen_sockets({.host = "127.0.0.1"}, 1).value();
    const io::Fd at_once(free.per_loop.at(0).at(0));
    first_port = free.bound.at(0).port;
  }
  const std::string first = "127.0.0.1:" + std::to_string(first_port);
  Server server({.threads = 2});
  server.listen(first).listen("127.0.0.1:" + std::to_string(held.bound.at(0).port));
  EXPECT_EQ(start_error(server), Errc::AddressInUse);
  server.wait();
  Server again;
  EXPECT_TRUE(again.listen(first).start());
}

// --- addresses

TEST_P(ServerLife, ListensOnSeveralAddresses) {
  Server server(options(2));
  server.get("/", says("here")).listen("127.0.0.1:0").listen("[::1]:0").listen("localhost:0");
  ASSERT_TRUE(server.start());
  const std::vector<std::string> addresses = server.addresses();
  ASSERT_GE(addresses.size(), 3u);
  EXPECT_EQ(addresses[0], "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_TRUE(addresses[1].starts_with("[::1]:")) << addresses[1];
  EXPECT_TRUE(http_get(server.port(), "/").ends_with("here"));
  SocketClient v6 = SocketClient::over_v6(
      static_cast<std::uint16_t>(std::atoi(addresses[1].c_str() + addresses[1].rfind(':') + 1)));
  ASSERT_TRUE(v6.connected());
  v6.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(v6.read_until("here"));
}

TEST_P(ServerLife, UnixSocketIsServedAndRemovedInTheEnd) {
  const TemporaryDirectory directory;
  const std::string path = directory.at("socket");
  {
    Server server(options(2));
    server.get("/", says("here")).ws("/ws", {.on_open = [](WebSocket& ws) { ws.send("hi"); }});
    ASSERT_TRUE(server.listen("unix:" + path).start());
    EXPECT_EQ(server.addresses(), std::vector<std::string>{"unix:" + path});
    EXPECT_EQ(server.port(), 0);
    SocketClient client = SocketClient::over_unix(path);
    ASSERT_TRUE(client.connected());
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(client.read_until("here"));
    WsClient ws(SocketClient::over_unix(path), "/ws");
    EXPECT_EQ(ws.next(), "text hi");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_P(ServerLife, AUnixSocketLeftBehindIsReplacedButOneInUseIsNot) {
  const TemporaryDirectory directory;
  const std::string path = directory.at("socket");
  {
    const auto dead = io::open_listen_sockets({.unix_path = path}, 1).value();
    const io::Fd closes(dead.per_loop.at(0).at(0));
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  Server server(options());
  ASSERT_TRUE(server.get("/", says("new")).listen("unix:" + path).start());
  Server late(options());
  EXPECT_EQ(start_error(late.listen("unix:" + path)), Errc::AddressInUse);
  SocketClient client = SocketClient::over_unix(path);
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.read_until("new"));
}

TEST_P(ServerLife, ListensOnAnInheritedDescriptorAndLeavesItOpen) {
  const auto inherited = io::open_listen_sockets({.host = "127.0.0.1"}, 1).value();
  const io::Fd fd(inherited.per_loop.at(0).at(0));
  {
    Server server(options(2));
    server.get("/", says("here")).listen(ListenOptions{.descriptor = fd.get()});
    ASSERT_TRUE(server.start());
    EXPECT_EQ(server.port(), inherited.bound.at(0).port);
    EXPECT_TRUE(http_get(server.port(), "/").ends_with("here"));
  }
  SocketClient waiting(inherited.bound.at(0).port);
  EXPECT_TRUE(waiting.connected());  // into the queue of the socket that is still ours
}

// --- stopping

TEST_P(ServerLife, StopSaysGoodbyeToEveryWebSocketAndEndsInTime) {
  std::atomic<int> closed = 0;
  Server server(options(4));
  server.ws("/", {.on_close = [&](WebSocket&, const CloseInfo& close) {
              if (close.code == 1001 && close.clean) ++closed;
            }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  std::vector<WsClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(WsClient::open(server.port()));
  server.stop(30s);
  for (WsClient& client : clients) {
    EXPECT_TRUE(client.next().starts_with("close 1001"));
    EXPECT_EQ(client.next(), "end");
  }
  server.wait();
  EXPECT_EQ(closed, 20);
  EXPECT_EQ(server.stats().connections, 0u);
}

TEST_P(ServerLife, ARequestThatRunsWhenTheServerStopsIsFinished) {
  Signal arrived;
  std::optional<ResponseHandle> handle;
  Server server(options());
  server.get("/slow", [&](Request&, Response& response) {
    handle = response.later();
    arrived.set();
  });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  SocketClient client(server.port());
  client.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(arrived.wait());
  server.stop(30s);
  EXPECT_TRUE(handle->respond([](Response& response) { response.text("finished"); }));
  EXPECT_TRUE(client.read_to_end());
  EXPECT_TRUE(client.received.ends_with("finished"));
  EXPECT_NE(client.received.find("Connection: close\r\n"), std::string::npos);
  client.close();
  server.wait();
}

// With eight loops the request is hardly ever on the first one, whose timer it waits for.
TEST_P(ServerLife, ALoopWithoutConnectionsKeepsItsTimersWhileOthersFinish) {
  for (int round = 0; round < 3; ++round) {
    Signal waiting;
    Server server(options(8));
    server.get("/slow", [&](Request&, Response& response) {
      server.post([&, handle = response.later()] {
        server.after(
            100ms, [handle] { handle.respond([](Response& answer) { answer.text("finished"); }); });
        waiting.set();
      });
    });
    ASSERT_TRUE(server.listen("127.0.0.1:0").start());
    SocketClient client(server.port());
    client.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(waiting.wait());
    server.stop(30s);
    EXPECT_TRUE(client.read_to_end());
    EXPECT_TRUE(client.received.ends_with("finished"));
    client.close();
    server.wait();
  }
}

TEST_P(ServerLife, AClientThatIsStuckIsCutAtTheDeadline) {
  Server server(options());
  std::atomic<int> closed = 0;
  server.get("/never", [](Request&, Response& response) { (void)response.later(); });
  server.ws("/", {.on_close = [&](WebSocket&, const CloseInfo& close) {
              if (close.code == 1006 && !close.clean) ++closed;
            }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  WsClient silent = WsClient::open(server.port());  // will not answer the close frame
  SocketClient waiting(server.port());
  waiting.write("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return server.stats().requests == 2; }));
  const auto began = std::chrono::steady_clock::now();
  server.stop(200ms);
  server.wait();
  EXPECT_GE(std::chrono::steady_clock::now() - began, 200ms);
  EXPECT_EQ(closed, 1);
  EXPECT_TRUE(waiting.read_to_end());
}

TEST_P(ServerLife, ALaterStopBringsTheDeadlineForwardButNeverBack) {
  Server server(options());
  server.get("/never", [](Request&, Response& response) { (void)response.later(); });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  SocketClient waiting(server.port());
  waiting.write("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return server.stats().requests == 1; }));
  server.stop(std::chrono::milliseconds::max());
  server.stop(50ms);
  server.stop(1h);
  server.wait();
  EXPECT_TRUE(waiting.read_to_end());
}

TEST_P(ServerLife, ATaskThatStopsTheServerBeforeItListensIsObeyed) {
  for (int round = 0; round < 20; ++round) {
    Server server(options(2));
    server.after(0ms, [&] { server.stop(0ms); });
    ASSERT_TRUE(server.listen("127.0.0.1:0").start());
    server.wait();
  }
}

// --- tasks and timers

TEST_P(ServerLife, PostedTasksRunInOrderOnTheFirstLoopsThread) {
  Server server(options(2));
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  std::vector<int> order;
  std::thread::id thread;
  Signal done;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(server.post([&, i] {
      order.push_back(i);
      thread = std::this_thread::get_id();
      if (i == 99) done.set();
    }));
  }
  ASSERT_TRUE(done.wait());
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), 100u);
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST_P(ServerLife, TimersRunWhetherSetBeforeStartOrOnTheLoop) {
  Server server(options(2));
  std::atomic<int> every_before = 0, every_later = 0;
  Signal after_before, after_later;
  const auto began = std::chrono::steady_clock::now();
  std::atomic<bool> early = false;
  server.after(30ms, [&] {
    if (std::chrono::steady_clock::now() - began < 30ms) early = true;
    after_before.set();
  });
  server.every(1ms, [&] { ++every_before; });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  server.post([&] {
    server.after(0ms, [&] { after_later.set(); });
    server.every(1ms, [&] { ++every_later; });
  });
  EXPECT_TRUE(after_before.wait());
  EXPECT_TRUE(after_later.wait());
  EXPECT_TRUE(eventually([&] { return every_before >= 3 && every_later >= 3; }));
  EXPECT_FALSE(early);
  server.stop(0ms);
  server.wait();
  const int at_the_end = every_before;
  EXPECT_EQ(every_before, at_the_end);
}

TEST_P(ServerLife, WhatTasksAndTimersThrowReachesTheErrorHook) {
  std::mutex mutex;
  std::vector<std::string> errors;
  ServerOptions with_hook = options(2);
  with_hook.on_error = [&](Error error, std::string_view what) {
    const std::lock_guard lock(mutex);
    errors.push_back(std::string(info(error.code).name) + " " + std::string(what));
    throw std::runtime_error("the hook itself fails");  // nobody is left to be told
  };
  Server server(with_hook);
  server.after(0ms, [] { throw std::runtime_error("timer"); });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  server.post([] { throw std::runtime_error("task"); });
  server.post([] { throw 42; });
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return errors.size() == 3;
  }));
  server.stop(0ms);
  server.wait();
  std::sort(errors.begin(), errors.end());
  EXPECT_EQ(errors,
            (std::vector<std::string>{"HttpHandlerFailed an exception of unknown type",
                                      "HttpHandlerFailed task", "HttpHandlerFailed timer"}));
}

// --- signals

TEST_P(ServerLife, SignalsAreLeftToTheApplicationsThreads) {
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  Server server(options(4));
  ASSERT_TRUE(server.get("/", says("x")).listen("127.0.0.1:0").start());
  // Blocked here only now: a loop that had it open would be killed by it.
  pthread_sigmask(SIG_BLOCK, &usr1, &before);
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  const timespec patience{std::chrono::seconds(kPatience).count(), 0};
  EXPECT_EQ(::sigtimedwait(&usr1, nullptr, &patience), SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_TRUE(http_get(server.port(), "/").ends_with("x"));
}

TEST_P(ServerLife, AClientThatResetsInTheMiddleOfAFileDoesNotKillTheProcess) {
  const TemporaryDirectory directory;
  const std::string path = directory.at("big");
  std::ofstream(path) << std::string(1 << 20, 'x');
  std::filesystem::resize_file(path, 64 << 20);
  Server server(options(2));
  server.get("/big", [&](Request&, Response& response) { response.file(path, "text/plain"); });
  ASSERT_TRUE(server.get("/", says("alive")).listen("127.0.0.1:0").start());
  for (int i = 0; i < 20; ++i) {
    SocketClient client(server.port(), 4096);
    client.write("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until("xxx"));
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return server.stats().connections == 0; }));
  EXPECT_TRUE(http_get(server.port(), "/").ends_with("alive"));
}

}  // namespace
}  // namespace hybi::test
