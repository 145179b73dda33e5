// Between a stream and a session: what is offered when, what is kept, how it ends.
#include <hybi/conn/connection.h>
#include <hybi/conn/loop_context.h>
#include <hybi/testing/fake_backend.h>

#include <gtest/gtest.h>

#include <functional>

namespace hybi::conn {
namespace {

class NoApplication final : public Application {
 public:
  void on_request(HttpSession&) override {}
  bool on_error_answer(HttpSession&, const ErrorAnswer&) override { return false; }
  bool run_blocking(std::function<void()>) override { return false; }
  const TemplateEngine* templates() const override { return nullptr; }
  void on_error(Error, std::string_view) override {}
};

// Writes down what it is told; what it does is the test's.
class NotingSession final : public Session {
 public:
  NotingSession(Connection& connection, std::vector<std::string>& log)
      : connection_(connection), log_(log) {}

  void on_start() override { note("start"); }
  void on_bytes(MutableBytes& in) override {
    note("bytes " + std::string(as_text(in)));
    if (when_bytes) {
      when_bytes(*this, in);
    } else {
      in = {};
    }
  }
  MutableBytes place_for_bytes() override { return when_place ? when_place() : MutableBytes(); }
  void on_end() override {
    note("end");
    connection_.end();
  }
  void on_hook() override { note("hook"); }
  void on_progress(std::uint64_t, std::uint64_t unsent) override { last_unsent = unsent; }
  void on_deadline() override { note("deadline"); }
  void on_stop() override { note("stop"); }
  void on_closed(Error error) override { note("closed " + std::string(info(error.code).name)); }

  Connection& connection() { return connection_; }

  std::function<void(NotingSession&, MutableBytes&)> when_bytes;
  std::function<MutableBytes()> when_place;
  std::uint64_t last_unsent = 0;

 private:
  void note(std::string what) { log_.push_back(std::move(what)); }

  Connection& connection_;
  std::vector<std::string>& log_;
};

// A connection that begins with HTTP, as all do, and is taken over at once.
class ConnectionTest : public ::testing::TestWithParam<bool> {
 protected:
  ConnectionTest() {
    auto backend = std::make_unique<testing::FakeBackend>(GetParam());
    net_ = backend.get();
    loop_ = io::Loop::create(std::move(backend));
    context_ = std::make_unique<LoopContext>(*loop_, 0, share_, application_, counters_);
    auto pair = net_->make_pair();
    peer_ = std::move(pair.peer);
    context_->accept(std::move(pair.stream), {});
    connection_ = context_->find(0, 0);
    for (std::uint32_t generation = 0; connection_ == nullptr && generation < 4; ++generation) {
      connection_ = context_->find(0, generation);
    }
    EXPECT_NE(connection_, nullptr);
    connection_->become(make_session());
    EXPECT_TRUE(net_->settle());
    EXPECT_EQ(take_log(), "start|hook");
  }
  ~ConnectionTest() override {
    context_->stop(loop_->now(), [] {});
    if (context_->connection_count() > 0) peer_->reset();
    net_->advance(std::chrono::seconds(100));
    EXPECT_TRUE(net_->settle());
    EXPECT_EQ(context_->connection_count(), 0u);
    EXPECT_EQ(net_->open_streams(), 0u);
  }

  std::unique_ptr<NotingSession> make_session() {
    auto session = std::make_unique<NotingSession>(*connection_, log_);
    session_ = session.get();
    return session;
  }
  std::string take_log() {
    std::string text;
    for (const std::string& line : std::exchange(log_, {}))
      text += (text.empty() ? "" : "|") + line;
    return text;
  }
  void settle() { EXPECT_TRUE(net_->settle()); }

  testing::FakeBackend* net_ = nullptr;
  std::unique_ptr<io::Loop> loop_;
  ServerShare share_;
  NoApplication application_;
  Counters counters_;
  std::vector<std::string> log_;
  std::unique_ptr<LoopContext> context_;
  std::unique_ptr<testing::MemoryPeer> peer_;
  Connection* connection_ = nullptr;
  NotingSession* session_ = nullptr;
};

TEST_P(ConnectionTest, WhatIsLargeLeavesBeforeMoreIsReceived) {
  std::string seen;
  session_->when_place = [&] {
    seen += std::to_string(peer_->received().size()) + " ";
    return MutableBytes();
  };
  session_->when_bytes = [](NotingSession& session, MutableBytes& in) {
    const std::string_view text = as_text(in);
    session.connection().out().append(std::string(text == "large" ? 200'000 : 1000, 'x'));
    in = {};
  };
  connection_->ask_for_place(true);
  for (const std::string_view text : {"small", "large", "large", "last"}) peer_->write(text);
  loop_->turn(false);
  EXPECT_EQ(seen, "0 0 201000 401000 ");
  EXPECT_EQ(peer_->received().size(), 402'000u);
  EXPECT_EQ(connection_->unsent(), 0u);
}

TEST_P(ConnectionTest, APeerThatTakesNothingIsFoundOutAtTheEndOfTheTurn) {
  session_->when_place = [&] {
    EXPECT_FALSE(connection_->blocked());
    return MutableBytes();
  };
  session_->when_bytes = [](NotingSession& session, MutableBytes& in) {
    session.connection().out().append(std::string(200'000, 'x'));
    in = {};
  };
  peer_->set_window(250'000);
  connection_->ask_for_place(true);
  peer_->write("one");
  peer_->write("two");
  peer_->write("three");
  loop_->turn(false);
  EXPECT_TRUE(connection_->blocked());
  EXPECT_EQ(connection_->unsent(), 350'000u);
  peer_->set_window(testing::MemoryPeer::kUnlimited);
  settle();
  EXPECT_EQ(peer_->received().size(), 600'000u);
}

TEST_P(ConnectionTest, BytesThatWereKeptComeBeforeAnyPlace) {
  int asked = 0;
  session_->when_place = [&] {
    ++asked;
    return MutableBytes();
  };
  session_->when_bytes = [](NotingSession&, MutableBytes& in) {
    if (in.size() >= 4) in = in.subspan(4);
  };
  connection_->ask_for_place(true);
  peer_->write("ab");
  peer_->write("cd");
  settle();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(take_log(), "bytes ab|bytes abcd");
}

TEST_P(ConnectionTest, OffersAgainWhatWasNotTaken) {
  session_->when_bytes = [](NotingSession&, MutableBytes& in) {
    if (in.size() >= 4) in = in.subspan(4);
  };
  peer_->write("ab");
  peer_->write("cdefg");
  peer_->write("hij");
  settle();
  EXPECT_EQ(take_log(), "bytes ab|bytes abcdefg|bytes efg|bytes efghij|bytes ij");
}

TEST_P(ConnectionTest, KeepsWhatCameWhilePausedAndTellsTheEndBehindIt) {
  session_->when_bytes = [](NotingSession& self, MutableBytes& in) {
    in = in.subspan(1);
    self.connection().pause(Pause::User);
  };
  peer_->write("abc");
  peer_->write("d");
  peer_->end();
  settle();
  EXPECT_EQ(take_log(), "bytes abc");
  connection_->resume(Pause::User);
  settle();
  EXPECT_EQ(take_log(), "bytes bcd|hook");
  connection_->resume(Pause::User);
  settle();
  EXPECT_EQ(take_log(), "bytes cd|hook");
  session_->when_bytes = {};
  connection_->resume(Pause::User);
  settle();
  EXPECT_EQ(take_log(), "bytes d|end|closed Ok");
}

TEST_P(ConnectionTest, ReadsAgainOnlyWhenNoReasonToPauseIsLeft) {
  connection_->pause(Pause::User);
  connection_->pause(Pause::HighWater);
  connection_->resume(Pause::User);
  EXPECT_TRUE(connection_->paused());
  EXPECT_FALSE(peer_->server_reads());
  connection_->resume(Pause::Busy);  // was no reason
  EXPECT_FALSE(peer_->server_reads());
  connection_->resume(Pause::HighWater);
  EXPECT_TRUE(peer_->server_reads());
}

TEST_P(ConnectionTest, GivesTheRestToTheSessionThatTakesOver) {
  session_->when_bytes = [this](NotingSession&, MutableBytes& in) {
    in = in.subspan(2);
    connection_->become(make_session());
  };
  peer_->write("abcd");
  settle();
  EXPECT_EQ(take_log(), "bytes abcd|start|bytes cd|hook");
}

TEST_P(ConnectionTest, StartsASessionBeforeItIsToldOfTheEnd) {
  connection_->become(make_session());
  peer_->reset();  // told in the turn in which the session would have started
  settle();
  EXPECT_EQ(take_log(), "start|closed ConnectionReset");
}

TEST_P(ConnectionTest, SendsEverythingBeforeItEnds) {
  connection_->out().append("one ");
  connection_->end();
  EXPECT_TRUE(connection_->ended());
  settle();
  EXPECT_EQ(peer_->received(), "one ");
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_FALSE(peer_->was_reset());
  EXPECT_EQ(take_log(), "closed Ok");
}

TEST_P(ConnectionTest, EndsAlthoughThePeerTakesOnlyAPart) {
  peer_->set_window(3);
  connection_->out().append("12345");
  connection_->end();
  settle();
  EXPECT_EQ(peer_->received(), "123");
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_EQ(take_log(), "closed Ok");
}

TEST_P(ConnectionTest, ResetsWithoutSendingWhatWaits) {
  connection_->out().append("not to be seen");
  connection_->abort(Errc::WsPeerSilent);
  connection_->abort(Errc::Closed);
  settle();
  EXPECT_EQ(peer_->received(), "");
  EXPECT_TRUE(peer_->was_reset());
  EXPECT_EQ(take_log(), "closed WsPeerSilent");
}

TEST_P(ConnectionTest, EndsItsSideAfterTheLastByteAndGoesOnReading) {
  peer_->set_window(2);
  connection_->out().append("1234");
  connection_->shutdown_after_flush();
  settle();
  EXPECT_FALSE(peer_->server_ended());
  peer_->set_window(testing::MemoryPeer::kUnlimited);
  settle();
  EXPECT_EQ(peer_->received(), "1234");
  EXPECT_TRUE(peer_->server_ended());
  peer_->write("x");
  peer_->end();
  settle();
  EXPECT_EQ(take_log(), "bytes x|end|closed Ok");
}

TEST_P(ConnectionTest, HoldsNoOutboxWhileItIsIdle) {
  connection_->out().append("x");
  EXPECT_EQ(connection_->unsent(), 1u);
  settle();
  EXPECT_EQ(connection_->unsent(), 0u);
  Outbox* const pooled = context_->outboxes().take().release();
  connection_->out().append("y");
  EXPECT_NE(&connection_->outbox(), pooled) << "that one was given back before";
  delete pooled;
  settle();
  EXPECT_EQ(peer_->received(), "xy");
}

TEST_P(ConnectionTest, TellsTheEarliestOfTheDeadlinesItWasAskedFor) {
  // HTTP, which was here before, asked for a deadline of its own.
  connection_->want_deadline(loop_->now() + std::chrono::seconds(5));
  connection_->want_deadline(loop_->now() + std::chrono::seconds(3));
  connection_->want_deadline(loop_->now() + std::chrono::seconds(4));
  net_->advance(std::chrono::milliseconds(2900));
  settle();
  EXPECT_EQ(take_log(), "");
  net_->advance(std::chrono::milliseconds(200));
  settle();
  EXPECT_EQ(take_log(), "deadline");
}

INSTANTIATE_TEST_SUITE_P(Over, ConnectionTest, ::testing::Bool(), [](const auto& param) {
  return param.param ? "MemoryPending" : "Memory";
});

}  // namespace
}  // namespace hybi::conn
