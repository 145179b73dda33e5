// Bytes received where the owner wants them, and writes that are not put off: both kernel backends.
#include <hybi/io/test_sockets.h>

#include <algorithm>

#include <gtest/gtest.h>

namespace hybi::io::test {
namespace {

class StreamPlaceTest : public ::testing::TestWithParam<BackendKind> {};

INSTANTIATE_TEST_SUITE_P(Backends, StreamPlaceTest, ::testing::ValuesIn(available_backends()),
                         [](const auto& test) { return std::string(name_of(test.param)); });

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

bool lies_in(MutableBytes in, MutableBytes place) {
  return in.data() == place.data() && in.size() <= place.size();
}

TEST_P(StreamPlaceTest, BytesGoWhereTheOwnerWantsThem) {
  std::vector<std::byte> memory(300'000);
  for (const std::size_t size : {1U, 100U, 5'000U, 70'000U, 300'000U}) {
    Server server(GetParam());
    Client client(server.port);
    Connection& connection = server.accept_one();
    const MutableBytes place = MutableBytes(memory).first(size);
    std::size_t in_place = 0;
    connection.when_place = [&](Connection&) { return place; };
    connection.when_bytes = [&](Connection& self, MutableBytes in) {
      if (lies_in(in, place)) in_place += in.size();
      self.received.append(as_text(in));
    };
    connection.stream().ask_for_place(true);
    const std::string data = pattern(size < 100 ? 2'000 : 3 << 20);
    std::size_t sent = 0;
    EXPECT_TRUE(turn_until(*server.loop, [&] {
      sent += client.send(std::string_view(data).substr(sent));
      return connection.received.size() == data.size();
    }));
    EXPECT_TRUE(connection.received == data) << size;
    EXPECT_EQ(in_place, data.size()) << "nothing was there before the question";
    EXPECT_GE(connection.places, data.size() / size);
  }
}

TEST_P(StreamPlaceTest, NobodyIsAskedWithoutHavingSaidSo) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  client.send("one");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return connection.received == "one"; }));
  EXPECT_EQ(connection.places, 0u);
  connection.stream().ask_for_place(true);
  client.send("two");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return connection.received == "onetwo"; }));
  EXPECT_GT(connection.places, 0u) << "no place: into the scratch";
  connection.stream().ask_for_place(false);
  const std::size_t before = connection.places;
  client.send("three");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return connection.received == "onetwothree"; }));
  EXPECT_EQ(connection.places, before);
}

// As it goes with messages: small, then large, asked for in the middle of them, then small again.
TEST_P(StreamPlaceTest, AskingMayBeginAndEndAtAnyByte) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  std::vector<std::byte> memory(40'000);
  std::size_t reads = 0;
  connection.when_place = [&](Connection&) { return MutableBytes(memory); };
  connection.when_bytes = [&](Connection& self, MutableBytes in) {
    self.received.append(as_text(in));
    self.stream().ask_for_place(++reads % 7 < 4);
  };
  const std::string data = pattern(6 << 20);
  std::size_t sent = 0;
  std::uint32_t state = 1;
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    state = state * 1664525 + 1013904223;
    sent += client.send(std::string_view(data).substr(sent, (state >> 8) % 200'000));
    return connection.received.size() == data.size();
  }));
  EXPECT_TRUE(connection.received == data);
}

TEST_P(StreamPlaceTest, TheOwnerMayPauseWhenItIsAsked) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.when_place = [&](Connection& self) {
    if (self.places % 3 != 0) {
      self.stream().pause_reading();
      self.loop().set_deadline(self, self.loop().now());  // on_deadline resumes
    }
    return MutableBytes();
  };
  connection.stream().ask_for_place(true);
  const std::string data = pattern(1 << 20);
  std::size_t sent = 0;
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    sent += client.send(std::string_view(data).substr(sent));
    if (sent == data.size()) client.shutdown_write();
    return connection.ends == 1;
  }));
  EXPECT_TRUE(connection.received == data);
}

TEST_P(StreamPlaceTest, EndAndResetAreToldToWhoIsAsked) {
  std::vector<std::byte> memory(1000);
  for (const bool reset : {false, true}) {
    Server server(GetParam());
    Client client(server.port);
    Connection& connection = server.accept_one();
    connection.when_place = [&](Connection&) { return MutableBytes(memory); };
    connection.stream().ask_for_place(true);
    client.send("last words");
    EXPECT_TRUE(turn_until(*server.loop, [&] { return connection.received == "last words"; }));
    if (reset) {
      client.reset();
    } else {
      client.shutdown_write();
    }
    EXPECT_TRUE(turn_until(*server.loop, [&] { return connection.ends + connection.errors > 0; }));
    EXPECT_EQ(connection.errors, reset ? 1 : 0);
  }
}

// No connection holds the loop, however much it sends.
TEST_P(StreamPlaceTest, ASenderWithoutEndLetsOthersBeHeard) {
  Server server(GetParam());
  Client loud(server.port);
  Connection& heard = server.accept_one();
  std::vector<std::byte> memory(1 << 20);
  heard.when_place = [&](Connection&) { return MutableBytes(memory); };
  std::size_t most = 0, in_turn = 0;
  heard.when_bytes = [&](Connection&, MutableBytes in) { in_turn += in.size(); };
  heard.stream().ask_for_place(true);
  const std::string data = pattern(8 << 20);
  for (int turns = 0; turns < 200; ++turns) {
    loud.send(data);
    in_turn = 0;
    server.loop->turn(false);
    // With io_uring what was asked for in the other way comes first.
    if (turns >= 10) most = std::max(most, in_turn);
  }
  EXPECT_GT(most, 0u);
  EXPECT_LE(most, std::size_t{3} << 20);
}

TEST_P(StreamPlaceTest, AWriteAtOnceIsNeverPending) {
  Server server(GetParam());
  Client client(server.port, 4096);
  Connection& connection = server.accept_one();
  const std::string data = pattern(8 << 20);
  const Bytes small = as_bytes(std::string_view(data)).first(100);
  const WriteResult first = connection.stream().write_at_once({&small, 1});
  EXPECT_FALSE(first.pending);
  EXPECT_EQ(first.count, 100u);
  std::size_t at = 100;
  const auto go_on = [&](Connection& self) {
    const Bytes rest = as_bytes(std::string_view(data)).subspan(at);
    const WriteResult result = self.stream().write_at_once({&rest, 1});
    EXPECT_FALSE(result.pending);
    EXPECT_FALSE(result.failed);
    at += result.count;
  };
  connection.when_writable = go_on;
  go_on(connection);
  EXPECT_LT(at, data.size());
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive().size() == data.size(); }));
  EXPECT_TRUE(client.receive() == data);
}

// Whatever was written before the peer was gone: the failure is told by the result or later.
TEST_P(StreamPlaceTest, AWriteAtOnceToAPeerThatIsGoneFails) {
  Server server(GetParam());
  Client client(server.port);
  Connection& connection = server.accept_one();
  connection.stream().pause_reading();
  const std::string data = pattern(100'000);
  const Bytes all = as_bytes(std::string_view(data));
  client.reset();
  EXPECT_TRUE(turn_until(*server.loop, [&] {
    if (connection.errors == 0) (void)connection.stream().write_at_once({&all, 1});
    return connection.errors == 1;
  }));
}

}  // namespace
}  // namespace hybi::io::test
