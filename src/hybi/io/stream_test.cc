// Streams of both kernel backends against plain sockets on loopback.
#include <hybi/io/test_sockets.h>

#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

namespace hybi::io::test {
namespace {

class StreamTest : public ::testing::TestWithParam<BackendKind> {};

// The backends this kernel offers; what happens without io_uring is tested in backend_test.cc.
INSTANTIATE_TEST_SUITE_P(Backends, StreamTest, ::testing::ValuesIn(available_backends()),
                         [](const auto& test) { return std::string(name_of(test.param)); });

void echo(Connection& connection) {
  connection.when_bytes = [](Connection& self, MutableBytes in) { self.send(as_text(in)); };
}

// Bytes that show when any is lost, doubled or out of order.
std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

TEST_P(StreamTest, EchoesWhatTheClientSent) {
  Server server(GetParam());
  server.when_accepted = echo;
  Client client(server.port);
  client.send("hello");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive() == "hello"; }));
  client.send(" again");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive() == "hello again"; }));
}

TEST_P(StreamTest, TellsThePeersAddress) {
  Server server(GetParam());
  Client client(server.port);
  const Connection& connection = server.accept_one();
  EXPECT_EQ(ip_to_string(connection.peer), "127.0.0.1");
  sockaddr_in own{};
  socklen_t length = sizeof own;
  ::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&own), &length);
  EXPECT_EQ(connection.peer.port, ntohs(own.sin_port));
}

TEST_P(StreamTest, ReceivesManyMegabytesInOrder) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  const std::string data = pattern(8 << 20);
  std::size_t sent = 0;
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    sent += client.send(std::string_view(data).substr(sent, 300'000));
    return connection.received.size() == data.size();
  }));
  EXPECT_TRUE(connection.received == data);
}

TEST_P(StreamTest, GoesBetweenLargeAndSmallReadsWithoutLoss) {
  Server server(GetParam());
  server.when_accepted = echo;
  Client client(server.port);
  const std::string data = pattern(1 << 20);
  std::string sent;
  for (int round = 0; round < 4; ++round) {
    for (int small = 0; small < 50; ++small) {
      sent.append(data, 0, client.send(data.substr(0, 20)));
      ASSERT_TRUE(turn_until(*server.loop, [&] { return client.receive().size() == sent.size(); }));
    }
    std::size_t done = 0;
    ASSERT_TRUE(turn_until(*server.loop, [&] {
      done += client.send(std::string_view(data).substr(done));
      return client.receive().size() == sent.size() + data.size();
    }));
    sent += data;
  }
  EXPECT_TRUE(client.receive() == sent);
}

TEST_P(StreamTest, SendsManyMegabytesToAClientWithASmallBuffer) {
  Server server(GetParam());
  Client client(server.port, 4096);
  Connection& connection = server.accept_one();
  const std::string data = pattern(8 << 20);
  connection.send(data);
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive().size() == data.size(); }));
  EXPECT_TRUE(client.receive() == data);
  EXPECT_GT(connection.writables, 0);
  EXPECT_EQ(connection.written, data.size());
}

TEST_P(StreamTest, ClientThatDoesNotReadStopsNobodyElse) {
  Server server(GetParam());
  Client slow(server.port, 4096);
  Connection& stuck = server.accept_one();
  stuck.send(pattern(8 << 20));
  server.when_accepted = echo;
  Client quick(server.port);
  quick.send("quick");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return quick.receive() == "quick"; }));
  EXPECT_LT(stuck.written, std::size_t{8} << 20);
  EXPECT_EQ(stuck.errors, 0);
}

TEST_P(StreamTest, WritesOfManyConnectionsInOneTurnAllArrive) {
  Server server(GetParam());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(std::make_unique<Client>(server.port));
  ASSERT_TRUE(turn_until(*server.loop, [&] { return server.connections.size() == 50; }));
  for (std::size_t i = 0; i < 50; ++i) server.connections[i]->send(pattern(1000 * (i + 1)));
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_TRUE(
        turn_until(*server.loop, [&] { return clients[i]->receive().size() == 1000 * (i + 1); }));
  }
  // Accepted in the order of connecting, so that each has its own.
  for (std::size_t i = 0; i < 50; ++i)
    EXPECT_TRUE(clients[i]->receive() == pattern(1000 * (i + 1)));
}

TEST_P(StreamTest, FiveHundredConnectionsEchoAtTheSameTime) {
  Server server(GetParam());
  server.when_accepted = echo;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 500; ++i) clients.push_back(std::make_unique<Client>(server.port));
  for (int round = 1; round <= 3; ++round) {
    for (std::size_t i = 0; i < clients.size(); ++i) clients[i]->send(std::to_string(i) + ";");
    EXPECT_TRUE(turn_until(*server.loop, [&] {
      for (std::size_t i = 0; i < clients.size(); ++i) {
        const std::size_t size = (std::to_string(i).size() + 1) * static_cast<std::size_t>(round);
        if (clients[i]->receive().size() != size) return false;
      }
      return true;
    }));
  }
  EXPECT_EQ(clients[77]->receive(), "77;77;77;");
}

TEST_P(StreamTest, PeerMayEndItsSideAndStillReceive) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  client.send("last words");
  client.shutdown_write();
  ASSERT_TRUE(turn_until(*server.loop, [&] { return connection.ends == 1; }));
  EXPECT_EQ(connection.received, "last words");
  connection.send("answer");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive() == "answer"; }));
  EXPECT_EQ(connection.errors, 0);
}

TEST_P(StreamTest, ShutdownWriteEndsOurSideAfterWhatWasWritten) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.send("goodbye");
  server.loop->turn(false);
  connection.stream().shutdown_write();
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.ended(); }));
  EXPECT_EQ(client.receive(), "goodbye");
  EXPECT_EQ(client.error(), 0);
  client.send("heard");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return connection.received == "heard"; }));
}

TEST_P(StreamTest, ResetOfThePeerIsOneErrorWithoutAnEnd) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  client.send("half a fra");
  ASSERT_TRUE(turn_until(*server.loop, [&] { return connection.received == "half a fra"; }));
  client.reset();
  ASSERT_TRUE(turn_until(*server.loop, [&] { return connection.errors == 1; }));
  EXPECT_EQ(connection.error.code, Errc::ConnectionReset);
  EXPECT_EQ(connection.ends, 0);
  connection.send("nobody hears this");
  server.loop->turn(false);
  server.loop->turn(false);
  EXPECT_TRUE(connection.write_failed);
  EXPECT_EQ(connection.errors, 1);
}

TEST_P(StreamTest, ResetAfterOurShutdownIsToldAndDoesNotKeepTheLoopBusy) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().shutdown_write();
  ASSERT_TRUE(turn_until(*server.loop, [&] { return client.ended(); }));
  client.reset();
  ASSERT_TRUE(turn_until(*server.loop, [&] { return connection.errors + connection.ends >= 1; }));
  EXPECT_LE(turns_in(*server.loop, std::chrono::milliseconds(100)), 20);
}

TEST_P(StreamTest, BothSidesShutDownDoNotKeepTheLoopBusy) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().shutdown_write();
  client.shutdown_write();
  ASSERT_TRUE(turn_until(*server.loop, [&] { return connection.ends == 1 && client.ended(); }));
  EXPECT_EQ(connection.errors, 0);
  EXPECT_LE(turns_in(*server.loop, std::chrono::milliseconds(100)), 20);
}

TEST_P(StreamTest, FailedWriteIsToldByTheResultAndByOneErrorLater) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().pause_reading();
  client.reset();
  // The first write may still be taken; a later one meets the reset.
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    if (connection.errors == 0) connection.send("x");
    return connection.errors == 1;
  }));
  server.loop->turn(false);
  EXPECT_EQ(connection.errors, 1);
  EXPECT_EQ(connection.error.code, Errc::ConnectionReset);
}

TEST_P(StreamTest, LargeWriteToAPeerThatIsGoneFailsWithoutASignal) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.send(pattern(16 << 20));
  server.loop->turn(false);
  client.reset();  // SIGPIPE would end this program
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    connection.send("more");
    return connection.errors == 1;
  }));
}

TEST_P(StreamTest, PausedStreamDeliversNothingUntilResumed) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  client.send("before ");
  ASSERT_TRUE(turn_until(*server.loop, [&] { return connection.received == "before "; }));
  connection.stream().pause_reading();
  client.send("during ");
  turns_in(*server.loop, std::chrono::milliseconds(30));
  EXPECT_EQ(connection.received, "before ");
  client.send("more ");
  turns_in(*server.loop, std::chrono::milliseconds(30));
  EXPECT_EQ(connection.received, "before ");
  connection.stream().resume_reading();
  ASSERT_TRUE(
      turn_until(*server.loop, [&] { return connection.received == "before during more "; }));
  client.send("after");
  EXPECT_TRUE(
      turn_until(*server.loop, [&] { return connection.received == "before during more after"; }));
}

TEST_P(StreamTest, PausedStreamDoesNotKeepTheLoopBusy) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().pause_reading();
  const std::string data = pattern(100'000);
  int turns = 0;
  for (int i = 0; i < 20; ++i) {
    client.send(data);
    turns += turns_in(*server.loop, std::chrono::milliseconds(5));
  }
  EXPECT_LE(turns, 200);  // each round ends by its own deadline; spinning makes thousands
  EXPECT_EQ(connection.reads, 0u);
}

TEST_P(StreamTest, EndWhilePausedIsToldAfterTheBytesBeforeIt) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().pause_reading();
  client.send("first");
  turns_in(*server.loop, std::chrono::milliseconds(20));
  client.send(" second");
  client.shutdown_write();
  turns_in(*server.loop, std::chrono::milliseconds(20));
  EXPECT_EQ(connection.ends, 0);
  connection.stream().resume_reading();
  ASSERT_TRUE(turn_until(*server.loop, [&] { return connection.ends == 1; }));
  EXPECT_EQ(connection.received, "first second");
}

TEST_P(StreamTest, ResetIsToldToAPausedStream) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().pause_reading();
  client.send("unread");
  turns_in(*server.loop, std::chrono::milliseconds(20));
  client.reset();
  EXPECT_TRUE(turn_until(*server.loop, [&] { return connection.errors == 1; }));
}

TEST_P(StreamTest, PauseInsideOnBytesHoldsALargeTransferWithoutLoss) {
  Server server(GetParam());
  server.when_accepted = [](Connection& connection) {
    connection.when_bytes = [](Connection& self, MutableBytes in) {
      self.received.append(as_text(in));
      self.stream().pause_reading();
      self.loop().set_deadline(self, self.loop().now());  // on_deadline resumes
    };
  };
  Client client(server.port);
  Connection& connection = server.accept_one();
  const std::string data = pattern(4 << 20);
  std::size_t sent = 0;
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    sent += client.send(std::string_view(data).substr(sent));
    if (sent == data.size()) client.shutdown_write();
    return connection.ends == 1;
  }));
  EXPECT_TRUE(connection.received == data);
}

TEST_P(StreamTest, ResetOnCloseResetsThePeer) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().reset_on_close();
  connection.close();
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.ended(); }));
  EXPECT_EQ(client.error(), ECONNRESET);
}

TEST_P(StreamTest, DestroyedStreamEndsThePeerInAnOrderlyWay) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.close();
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.ended(); }));
  EXPECT_EQ(client.error(), 0);
}

TEST_P(StreamTest, StreamMayBeDestroyedInEveryCall) {
  const auto close = [](Connection& self) { self.close(); };
  for (int where = 0; where < 4; ++where) {
    Server server(GetParam());
    server.when_accepted = [&](Connection& connection) {
      if (where == 0) connection.when_bytes = [=](Connection& self, MutableBytes) { close(self); };
      if (where == 1) connection.when_end = close;
      if (where == 2) connection.when_error = close;
      if (where == 3) connection.when_writable = close;
    };
    Client client(server.port, 4096);
    Connection& connection = server.accept_one();
    client.send("bytes");
    if (where == 1) client.shutdown_write();
    if (where == 2) client.reset();
    if (where == 3) connection.send(pattern(8 << 20));
    EXPECT_TRUE(turn_until(*server.loop, [&] {
      if (where == 3) client.receive();
      return !connection.is_open();
    })) << where;
    server.loop->turn(false);
  }
}

TEST_P(StreamTest, StreamMayBeDestroyedWhileItsWriteIsPendingOrWritten) {
  Server server(GetParam());
  Client first(server.port), second(server.port);
  ASSERT_TRUE(turn_until(*server.loop, [&] { return server.connections.size() == 2; }));
  Connection& a = *server.connections[0];
  Connection& b = *server.connections[1];
  a.when_written = [&](Connection&) { b.close(); };
  a.send("to the first");
  b.send("to the second");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return first.receive() == "to the first"; }));
  b.close();
  EXPECT_TRUE(turn_until(*server.loop, [&] { return second.ended(); }));
}

TEST_P(StreamTest, OneConnectionMayDestroyTheOthersOfTheSameTurn) {
  Server server(GetParam());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<Client>(server.port));
  ASSERT_TRUE(turn_until(*server.loop, [&] { return server.connections.size() == 20; }));
  for (auto& connection : server.connections) {
    connection->when_bytes = [&](Connection& self, MutableBytes) {
      for (auto& other : server.connections) {
        if (other.get() != &self) other->close();
      }
    };
  }
  for (auto& client : clients) client->send("all at once");
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    return std::count_if(clients.begin(), clients.end(), [](auto& c) { return c->ended(); }) == 19;
  }));
}

TEST_P(StreamTest, NewConnectionsOnReusedDescriptorsGetTheirOwnBytesOnly) {
  Server server(GetParam());
  server.when_accepted = echo;
  for (int round = 0; round < 200; ++round) {
    Client client(server.port);
    const std::string text = "round " + std::to_string(round);
    client.send(text);
    ASSERT_TRUE(turn_until(*server.loop, [&] { return client.receive() == text; }));
    if (round % 3 == 0) client.send("unread when it closes");
    if (round % 2 == 0) server.connections.back()->close();
  }
}

// A file with `data` that is gone when closed.
Fd temporary_file(std::string_view data) {
  std::FILE* file = std::tmpfile();
  std::fwrite(data.data(), 1, data.size(), file);
  std::fflush(file);
  Fd copy(::dup(::fileno(file)));
  std::fclose(file);
  return copy;
}

TEST_P(StreamTest, SendFileSendsTheGivenPart) {
  Server server(GetParam());
  Client client(server.port, 8192);
  Connection& connection = server.accept_one();
  const std::string data = pattern(6 << 20);
  const Fd file = temporary_file(data);
  std::size_t at = 1000;
  const std::size_t end = data.size() - 1000;
  const auto go_on = [&](Connection& self) {
    const WriteResult result = self.stream().send_file(file.get(), at, end - at);
    EXPECT_FALSE(result.failed);
    EXPECT_FALSE(result.pending);
    at += result.count;
  };
  connection.when_writable = go_on;
  go_on(connection);
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive().size() == end - 1000; }));
  EXPECT_TRUE(client.receive() == data.substr(1000, end - 1000));
}

TEST_P(StreamTest, SendFileFailsWhenTheFileEndsEarly) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  const Fd file = temporary_file("short");
  EXPECT_EQ(connection.stream().send_file(file.get(), 0, 100).count, 5u);
  const WriteResult result = connection.stream().send_file(file.get(), 5, 95);
  EXPECT_TRUE(result.failed);
  EXPECT_EQ(result.count, 0u);
  EXPECT_TRUE(turn_until(*server.loop, [&] { return connection.errors == 1; }));
  EXPECT_EQ(connection.error.code, Errc::Io);
}

TEST_P(StreamTest, SendFileToAPeerThatIsGoneFailsWithoutASignal) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().pause_reading();
  const Fd file = temporary_file(pattern(100'000));
  client.reset();
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    if (connection.errors == 0) connection.stream().send_file(file.get(), 0, 100'000);
    return connection.errors == 1;
  }));
}

}  // namespace
}  // namespace hybi::io::test
