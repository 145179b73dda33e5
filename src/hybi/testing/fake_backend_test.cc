// The loop without a kernel does what the kernels do: the same contract, over memory.
#include <hybi/io/test_sockets.h>
#include <hybi/testing/fake_backend.h>

#include <array>
#include <cstdio>

#include <gtest/gtest.h>

namespace hybi::testing {
namespace {

using io::test::Connection;

// With writes taken at once and with writes completed at the end of the turn.
class FakeBackendTest : public ::testing::TestWithParam<bool> {
 protected:
  FakeBackendTest() {
    auto owned = std::make_unique<FakeBackend>(GetParam());
    net_ = owned.get();
    loop_ = io::Loop::create(std::move(owned));
  }

  void listen(std::size_t accepts_per_turn = 64) {
    listener_ = io::Listener::create(
        *loop_, 7,
        [this](std::unique_ptr<io::Stream> stream, const io::Address& peer) {
          connections_.push_back(std::make_unique<Connection>(*loop_, std::move(stream), peer));
        },
        accepts_per_turn);
  }

  void turn() { loop_->turn(false); }
  Connection& connection(std::size_t i = 0) { return *connections_.at(i); }

  FakeBackend* net_;
  std::unique_ptr<io::Loop> loop_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::unique_ptr<io::Listener> listener_;
};

INSTANTIATE_TEST_SUITE_P(Writes, FakeBackendTest, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "AtTheEndOfTheTurn" : "AtOnce");
});

TEST_P(FakeBackendTest, ConnectWriteAndAnswerTakeOneTurn) {
  listen();
  auto peer = net_->connect();
  peer->write("hello");
  turn();
  EXPECT_EQ(connection().received, "hello");
  EXPECT_EQ(io::to_string(connection().peer), "192.0.2.1:40000");
  connection().send("answer");
  EXPECT_EQ(peer->received(), "");
  turn();
  EXPECT_EQ(peer->take_received(), "answer");
  EXPECT_EQ(peer->received(), "");
}

TEST_P(FakeBackendTest, PiecesArriveAsTheyWereWritten) {
  listen();
  auto peer = net_->connect();
  turn();
  peer->write("ab");
  peer->write("cde");
  turn();
  EXPECT_EQ(connection().reads, 2u);
  EXPECT_EQ(connection().largest_read, 3u);
  EXPECT_EQ(connection().received, "abcde");
}

TEST_P(FakeBackendTest, BytesGoWhereTheOwnerWantsThem) {
  listen();
  auto peer = net_->connect();
  turn();
  std::array<std::byte, 4> memory;
  std::string seen;
  connection().when_place = [&](Connection&) { return MutableBytes(memory); };
  connection().when_bytes = [&](Connection&, MutableBytes in) {
    EXPECT_EQ(in.data(), memory.data());
    seen += std::string(as_text(in)) + "|";
  };
  connection().stream().ask_for_place(true);
  peer->write("abcdefghij");
  peer->write("k");
  turn();
  EXPECT_EQ(seen, "abcd|efgh|ij|k|");
  connection().when_place = [](Connection& self) {
    self.stream().pause_reading();
    return MutableBytes();
  };
  peer->write("later");
  turn();
  EXPECT_EQ(seen, "abcd|efgh|ij|k|");
  connection().when_bytes = nullptr;
  connection().stream().ask_for_place(false);
  connection().stream().resume_reading();
  turn();
  EXPECT_EQ(connection().received, "later");
}

TEST_P(FakeBackendTest, AWriteAtOnceIsNeverPending) {
  listen();
  auto peer = net_->connect();
  turn();
  peer->set_window(3);
  const Bytes data = as_bytes(std::string_view("hello"));
  const io::WriteResult result = connection().stream().write_at_once({&data, 1});
  EXPECT_FALSE(result.pending);
  EXPECT_EQ(result.count, 3u);
  EXPECT_EQ(peer->received(), "hel");
  peer->set_window(10);
  turn();
  EXPECT_EQ(connection().writables, 1);
}

TEST_P(FakeBackendTest, ConnectionWithoutAListenerIsReset) {
  auto peer = net_->connect();
  EXPECT_FALSE(peer->server_closed());
  turn();
  EXPECT_TRUE(peer->server_closed());
  EXPECT_TRUE(peer->was_reset());
}

TEST_P(FakeBackendTest, ListenersAreToldApartByTheirToken) {
  listen();
  auto wrong = net_->connect({.token = 8});
  auto right = net_->connect({.token = 7});
  turn();
  EXPECT_TRUE(wrong->was_reset());
  EXPECT_FALSE(right->server_closed());
  EXPECT_EQ(connections_.size(), 1u);
}

TEST_P(FakeBackendTest, AcceptsPerTurnAreLimited) {
  listen(2);
  std::vector<std::unique_ptr<MemoryPeer>> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(net_->connect());
  turn();
  EXPECT_EQ(connections_.size(), 2u);
  EXPECT_TRUE(net_->settle());
  EXPECT_EQ(connections_.size(), 5u);
}

TEST_P(FakeBackendTest, WindowMakesASlowReader) {
  listen();
  auto peer = net_->connect();
  turn();
  peer->set_window(4);
  connection().send("0123456789");
  EXPECT_TRUE(net_->settle());
  EXPECT_EQ(peer->received(), "0123");
  EXPECT_EQ(connection().writables, 0);
  peer->set_window(3);
  EXPECT_TRUE(net_->settle());
  EXPECT_EQ(peer->received(), "0123456");
  EXPECT_EQ(connection().writables, 1);
  peer->set_window(MemoryPeer::kUnlimited);
  EXPECT_TRUE(net_->settle());
  EXPECT_EQ(peer->received(), "0123456789");
}

TEST_P(FakeBackendTest, PausedStreamDeliversNothingUntilResumed) {
  listen();
  auto peer = net_->connect();
  turn();
  connection().stream().pause_reading();
  EXPECT_FALSE(peer->server_reads());
  peer->write("held");
  peer->end();
  turn();
  EXPECT_EQ(connection().reads, 0u);
  EXPECT_EQ(connection().ends, 0);
  connection().stream().resume_reading();
  turn();
  EXPECT_EQ(connection().received, "held");
  EXPECT_EQ(connection().ends, 1);
}

TEST_P(FakeBackendTest, EndIsToldOnceAndWritingGoesOn) {
  listen();
  auto peer = net_->connect();
  peer->write("last");
  peer->end();
  peer->write("too late");
  turn();
  turn();
  EXPECT_EQ(connection().received, "last");
  EXPECT_EQ(connection().ends, 1);
  connection().send("answer");
  EXPECT_TRUE(net_->settle());
  EXPECT_EQ(peer->received(), "answer");
  EXPECT_EQ(connection().errors, 0);
}

TEST_P(FakeBackendTest, ResetIsOneErrorAndWritesFailAfterIt) {
  listen();
  auto peer = net_->connect();
  turn();
  peer->write("lost");
  peer->reset();
  EXPECT_TRUE(net_->settle());
  EXPECT_EQ(connection().errors, 1);
  EXPECT_EQ(connection().error.code, Errc::ConnectionReset);
  EXPECT_EQ(connection().received, "");
  connection().send("x");
  EXPECT_TRUE(net_->settle());
  EXPECT_TRUE(connection().write_failed);
  EXPECT_EQ(connection().errors, 1);
}

TEST_P(FakeBackendTest, PeerSeesHowTheServerEnded) {
  listen();
  auto shut = net_->connect();
  auto closed = net_->connect();
  auto reset = net_->connect();
  turn();
  connection(0).stream().shutdown_write();
  connection(1).close();
  connection(2).stream().reset_on_close();
  connection(2).close();
  EXPECT_TRUE(shut->server_ended());
  EXPECT_FALSE(shut->server_closed());
  EXPECT_TRUE(closed->server_closed());
  EXPECT_FALSE(closed->was_reset());
  EXPECT_TRUE(reset->was_reset());
  EXPECT_EQ(net_->open_streams(), 1u);
}

TEST_P(FakeBackendTest, PeerThatIsDestroyedEndsAndSwallowsWhatIsSent) {
  listen();
  net_->connect();  // destroyed at once
  turn();
  EXPECT_EQ(connection().ends, 1);
  connection().send("into the void");
  EXPECT_TRUE(net_->settle());
  EXPECT_EQ(connection().written, 13u);
  EXPECT_EQ(connection().errors, 0);
}

TEST_P(FakeBackendTest, SendFileReadsTheFile) {
  auto pair = net_->make_pair();
  Connection connection(*loop_, std::move(pair.stream));
  std::FILE* file = std::tmpfile();
  std::fputs("0123456789", file);
  std::fflush(file);
  pair.peer->set_window(4);
  EXPECT_EQ(connection.stream().send_file(::fileno(file), 2, 8).count, 4u);
  EXPECT_EQ(pair.peer->received(), "2345");
  pair.peer->set_window(MemoryPeer::kUnlimited);
  turn();
  EXPECT_EQ(connection.writables, 1);
  EXPECT_EQ(connection.stream().send_file(::fileno(file), 6, 4).count, 4u);
  EXPECT_TRUE(connection.stream().send_file(::fileno(file), 10, 1).failed);
  turn();
  EXPECT_EQ(connection.error.code, Errc::Io);
  std::fclose(file);
}

TEST_P(FakeBackendTest, EveryOperationCanBeMadeToFail) {
  listen();
  std::uint64_t failed = 0;
  for (std::uint64_t n = 1; n < 100; ++n) {
    connections_.clear();
    net_->fail_after(n, {Errc::Io, 5});
    auto peer = net_->connect();
    peer->write("ping");
    turn();
    connection().send("pong");
    EXPECT_TRUE(net_->settle());
    peer->end();
    EXPECT_TRUE(net_->settle());
    EXPECT_EQ(net_->open_streams(), 1u);
    if (net_->operations_failed() == 0) {
      EXPECT_EQ(peer->received(), "pong");
      EXPECT_EQ(connection().errors, 0);
      break;
    }
    ++failed;
    EXPECT_EQ(connection().errors, 1) << n;
    EXPECT_EQ(connection().error.code, Errc::Io) << n;
    EXPECT_EQ(connection().ends, 0) << n;
  }
  EXPECT_EQ(failed, 3u);  // the bytes, the write, the end
}

TEST_P(FakeBackendTest, StreamMayBeDestroyedInEveryCall) {
  listen();
  auto peer = net_->connect();
  turn();
  connection().when_bytes = [](Connection& self, MutableBytes) { self.close(); };
  peer->write("a");
  peer->write("b");
  turn();
  EXPECT_EQ(connection().reads, 1u);
  EXPECT_EQ(net_->open_streams(), 0u);

  auto other = net_->connect();
  turn();
  connection(1).when_end = [](Connection& self) { self.close(); };
  other->end();
  turn();
  EXPECT_TRUE(other->server_closed());
}

TEST_P(FakeBackendTest, ClockMovesOnlyByHand) {
  const io::TimePoint before = loop_->now();
  turn();
  EXPECT_EQ(loop_->now(), before);
  net_->advance(std::chrono::hours(24));
  EXPECT_EQ(loop_->now(), before);
  turn();
  EXPECT_EQ(loop_->now(), before + std::chrono::hours(24));
}

}  // namespace
}  // namespace hybi::testing
