// Listening sockets, and accepting with both kernel backends.
#include <hybi/io/test_sockets.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/un.h>

namespace hybi::io::test {
namespace {

// Listening sockets that are closed again.
struct Sockets {
  explicit Sockets(const ListenAddress& address, unsigned loops = 1)
      : result(open_listen_sockets(address, loops)) {}
  ~Sockets() {
    if (!result) return;
    for (const auto& loop : result->per_loop) {
      for (const int fd : loop) ::close(fd);
    }
  }
  Errc error() const { return result ? Errc::Ok : result.error().code; }
  std::uint16_t port() const { return result.value().bound.at(0).port; }
  Result<ListenSockets> result;
};

// A directory that is removed again.
struct Directory {
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "hybi-io-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

int option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  ::getsockopt(fd, SOL_SOCKET, name, &value, &length);
  return value;
}

TEST(ListenSockets, LoopsShareOnePortThatTheSystemChose) {
  const Sockets sockets({.host = "127.0.0.1"}, 3);
  ASSERT_EQ(sockets.error(), Errc::Ok);
  ASSERT_EQ(sockets.result.value().per_loop.size(), 3u);
  EXPECT_NE(sockets.port(), 0);
  for (const auto& loop : sockets.result.value().per_loop) {
    ASSERT_EQ(loop.size(), 1u);
    EXPECT_EQ(option(loop[0], SO_ACCEPTCONN), 1);
    EXPECT_EQ(option(loop[0], SO_REUSEPORT), 1);
    EXPECT_NE(::fcntl(loop[0], F_GETFD) & FD_CLOEXEC, 0);
    sockaddr_in own{};
    socklen_t length = sizeof own;
    ::getsockname(loop[0], reinterpret_cast<sockaddr*>(&own), &length);
    EXPECT_EQ(ntohs(own.sin_port), sockets.port());
  }
}

TEST(ListenSockets, PortThatIsHeldIsRefusedHoweverManyLoops) {
  for (const unsigned holder : {1u, 2u}) {
    const Sockets held({.host = "127.0.0.1"}, holder);
    for (const unsigned loops : {1u, 2u}) {
      EXPECT_EQ(Sockets({.host = "127.0.0.1", .port = held.port()}, loops).error(),
                Errc::AddressInUse)
          << holder << " " << loops;
    }
  }
}

TEST(ListenSockets, PortMayBeTakenAgainAtOnceAfterConnectionsWereServed) {
  std::uint16_t port = 0;
  for (int round = 0; round < 3; ++round) {
    const Sockets sockets({.host = "127.0.0.1", .port = port}, 2);
    ASSERT_EQ(sockets.error(), Errc::Ok);
    port = sockets.port();
    Client client(port);
    for (const auto& loop : sockets.result.value().per_loop) {
      const int fd = ::accept4(loop[0], nullptr, nullptr, SOCK_NONBLOCK);
      if (fd >= 0) ::close(fd);  // the server closes first: TIME_WAIT is on this port
    }
  }
}

TEST(ListenSockets, EveryAddressMeansV4AsWell) {
  for (const char* host : {"", "0.0.0.0"}) {
    const Sockets sockets({.host = host});
    ASSERT_EQ(sockets.error(), Errc::Ok) << host;
    EXPECT_GE(Client(sockets.port()).fd(), 0) << host;
  }
}

TEST(ListenSockets, UnknownNameIsHostNotFound) {
  EXPECT_EQ(Sockets({.host = "no such host"}).error(), Errc::HostNotFound);
}

TEST(ListenSockets, AddressOfAnotherMachineIsAnError) {
  EXPECT_EQ(Sockets({.host = "192.0.2.1"}).error(), Errc::Io);
}

TEST(ListenSockets, UnixSocketThatIsServedIsInUseAndADeadOneIsReplaced) {
  const Directory directory;
  const std::string path = (directory.path / "socket").string();
  {
    const Sockets first({.unix_path = path}, 2);
    ASSERT_EQ(first.error(), Errc::Ok);
    EXPECT_EQ(first.result.value().per_loop.size(), 2u);
    EXPECT_EQ(Sockets({.unix_path = path}).error(), Errc::AddressInUse);
    remove_dead_unix_socket(path);  // it is not dead
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(Sockets({.unix_path = path}).error(), Errc::Ok);
  remove_dead_unix_socket(path);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ListenSockets, FileThatIsNoSocketIsNeverRemoved) {
  const Directory directory;
  const std::string path = (directory.path / "precious").string();
  std::ofstream(path) << "data";
  EXPECT_EQ(Sockets({.unix_path = path}).error(), Errc::AddressInUse);
  remove_dead_unix_socket(path);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(ListenSockets, InheritedDescriptorIsCopiedForEveryLoop) {
  const Sockets original({.host = "127.0.0.1"});
  const int inherited = original.result.value().per_loop[0][0];
  const Sockets copies({.descriptor = inherited}, 2);
  ASSERT_EQ(copies.error(), Errc::Ok);
  EXPECT_EQ(copies.port(), original.port());
  for (const auto& loop : copies.result.value().per_loop) EXPECT_NE(loop.at(0), inherited);
}

TEST(ListenSockets, DescriptorThatDoesNotListenIsRefused) {
  const Fd plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Fd datagram(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const int fd : {plain.get(), datagram.get(), file.get(), 1 << 20}) {
    EXPECT_EQ(Sockets({.descriptor = fd}).error(), Errc::BadListenDescriptor);
  }
}

class ListenerTest : public ::testing::TestWithParam<BackendKind> {};

INSTANTIATE_TEST_SUITE_P(Backends, ListenerTest, ::testing::ValuesIn(available_backends()),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST_P(ListenerTest, AcceptsAStormSpreadOverTurns) {
  Server server(GetParam(), 8);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(std::make_unique<Client>(server.port));
  std::size_t before = 0, most = 0;
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    most = std::max(most, server.connections.size() - before);
    before = server.connections.size();
    return before == 100;
  }));
  EXPECT_LE(most, 8u);
}

TEST_P(ListenerTest, DestroyedListenerAcceptsNoMore) {
  Server server(GetParam());
  Client first(server.port);
  server.accept_one();
  server.listener.reset();
  server.loop->turn(false);
  server.loop->turn(false);
  EXPECT_LT(Client(server.port).fd(), 0);
  EXPECT_EQ(server.connections.size(), 1u);
}

TEST_P(ListenerTest, MayBeDestroyedInOnAccept) {
  Server server(GetParam());
  Client a(server.port), b(server.port), c(server.port);
  server.when_accepted = [&](Connection&) { server.listener.reset(); };
  server.accept_one();
  server.loop->turn(false);
  server.loop->turn(false);
  EXPECT_EQ(server.connections.size(), 1u);
  EXPECT_TRUE(turn_until(*server.loop, [&] { return a.ended() + b.ended() + c.ended() >= 2; }));
}

TEST_P(ListenerTest, StreamMayBeDestroyedUnstarted) {
  auto loop = Loop::create({.backend = GetParam()}).value();
  auto sockets = open_listen_sockets({.host = "127.0.0.1"}, 1).value();
  int accepted = 0;
  auto listener = Listener::create(*loop, sockets.per_loop[0][0],
                                   [&](std::unique_ptr<Stream>, const Address&) { ++accepted; });
  Client client(sockets.bound[0].port);
  EXPECT_TRUE(turn_until(*loop, [&] { return client.ended(); }));
  EXPECT_EQ(accepted, 1);
}

TEST_P(ListenerTest, UnixSocketCarriesConnections) {
  const Directory directory;
  const std::string path = (directory.path / "socket").string();
  auto loop = Loop::create({.backend = GetParam()}).value();
  auto sockets = open_listen_sockets({.unix_path = path}, 1).value();
  std::unique_ptr<Connection> connection;
  auto listener = Listener::create(
      *loop, sockets.per_loop[0][0], [&](std::unique_ptr<Stream> stream, const Address& peer) {
        connection = std::make_unique<Connection>(*loop, std::move(stream), peer);
      });
  const Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
  ASSERT_TRUE(turn_until(*loop, [&] { return connection != nullptr; }));
  EXPECT_EQ(connection->peer.family, Address::Family::Unix);
  ASSERT_EQ(::send(client.get(), "hello", 5, MSG_NOSIGNAL), 5);
  EXPECT_TRUE(turn_until(*loop, [&] { return connection->received == "hello"; }));
  connection->send("answer");
  loop->turn(false);
  char answer[16];
  EXPECT_EQ(::recv(client.get(), answer, sizeof answer, 0), 6);
}

// A process that may open few descriptors. io_uring takes the limit of the time it is asked to
// accept.
class FewDescriptors {
 public:
  FewDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const Fd probe(::dup(0));
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(probe.get()) + 50;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_P(ListenerTest, OutOfDescriptorsClosesPolitelyAndRecovers) {
  const FewDescriptors limit;
  Server server(GetParam());
  const Client first(server.port);
  server.accept_one();
  turns_in(*server.loop,
           std::chrono::milliseconds(1));  // (sanitizers need descriptors at a first time)
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(std::make_unique<Client>(server.port));
  {
    std::vector<Fd> fillers;
    for (Fd fd(::dup(0)); fd; fd = Fd(::dup(0))) fillers.push_back(std::move(fd));
    EXPECT_TRUE(turn_until(*server.loop, [&] { return clients.back()->ended(); }));
    EXPECT_EQ(clients.back()->error(), 0);  // an orderly end, not a reset
  }
  EXPECT_EQ(server.connections.size(), 1u);
  // It does not try all the time: that would be thousands of turns.
  EXPECT_LE(turns_in(*server.loop, std::chrono::milliseconds(80)), 200);
  Client later(server.port);
  const std::size_t before = server.connections.size();
  ASSERT_TRUE(turn_until(*server.loop, [&] { return server.connections.size() == before + 1; }));
  server.connections.back()->send("welcome");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return later.receive() == "welcome"; }));
}

TEST_P(ListenerTest, LoopsOfSeveralThreadsServeOnePort) {
  constexpr std::size_t kLoops = 2;
  auto sockets = open_listen_sockets({.host = "127.0.0.1"}, kLoops).value();
  struct Worker {
    std::unique_ptr<Loop> loop;
    std::unique_ptr<Listener> listener;
    std::vector<std::unique_ptr<Connection>> connections;
    std::thread thread;
  };
  std::array<Worker, kLoops> workers;
  for (std::size_t i = 0; i < kLoops; ++i) {
    Worker& worker = workers[i];
    worker.loop = Loop::create({.backend = GetParam()}).value();
    worker.listener =
        Listener::create(*worker.loop, sockets.per_loop[i][0],
                         [&worker](std::unique_ptr<Stream> stream, const Address&) {
                           worker.connections.push_back(
                               std::make_unique<Connection>(*worker.loop, std::move(stream)));
                           worker.connections.back()->when_bytes =
                               [](Connection& self, MutableBytes in) { self.send(as_text(in)); };
                         });
    worker.thread = std::thread([&worker] { worker.loop->run(); });
  }
  for (int i = 0; i < 50; ++i) {
    Client client(sockets.bound[0].port);
    client.send("hello");
    char answer[8];
    std::size_t size = 0;
    while (size < 5) {
      const ssize_t count = ::recv(client.fd(), answer + size, sizeof answer - size, 0);
      ASSERT_GT(count, 0);
      size += static_cast<std::size_t>(count);
    }
    EXPECT_EQ(std::string_view(answer, 5), "hello");
  }
  for (Worker& worker : workers) {
    worker.loop->stop();
    worker.thread.join();
  }
  // Destroyed on another thread than the one that ran the loop, as a server does it.
  for (Worker& worker : workers) {
    worker.connections.clear();
    worker.listener.reset();
    worker.loop.reset();
  }
}

TEST_P(ListenerTest, TwoLoopsShareOneInheritedSocket) {
  auto original = open_listen_sockets({.host = "127.0.0.1"}, 1).value();
  const Fd inherited(original.per_loop[0][0]);
  auto copies = open_listen_sockets({.descriptor = inherited.get()}, 2).value();
  std::size_t accepted = 0;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::unique_ptr<Listener>> listeners;
  for (int i = 0; i < 2; ++i) {
    loops.push_back(Loop::create({.backend = GetParam()}).value());
    listeners.push_back(
        Listener::create(*loops.back(), copies.per_loop[static_cast<std::size_t>(i)][0],
                         [&](std::unique_ptr<Stream>, const Address&) { ++accepted; }));
  }
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(std::make_unique<Client>(copies.bound[0].port));
  EXPECT_TRUE(turn_until(*loops[0], [&] {
    loops[1]->turn(false);
    return accepted == 10;
  }));
}

}  // namespace
}  // namespace hybi::io::test
