// A loop without a kernel: connections in memory, a clock moved by hand, failures on demand.
//
//   auto owned = std::make_unique<FakeBackend>();
//   FakeBackend& net = *owned;
//   auto loop = io::Loop::create(std::move(owned));
//   auto listener = io::Listener::create(*loop, FakeBackend::kAnyToken, on_accept);
//   auto client = net.connect();          // on_accept runs in the next turn
//   client->write("GET / HTTP/1.1\r\n...");
//   loop->turn(false);
//   client->received();                   // all the server has sent
//
// Nothing happens but inside turn(). Deterministic: events are delivered in the order in which the
// test caused them, connection by connection. Thread: one; only Loop::post works from others.
#pragma once

#include <hybi/io/backend.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::testing {

class FakeBackend;
struct MemoryLink;

// The test's end of a connection. Outlives the server's end and the other way round.
class MemoryPeer {
 public:
  explicit MemoryPeer(std::shared_ptr<MemoryLink> link);
  ~MemoryPeer();  // like end() if neither end() nor reset() was called, and what the server sends
                  // is lost
  MemoryPeer(const MemoryPeer&) = delete;
  MemoryPeer& operator=(const MemoryPeer&) = delete;

  // Sends to the server. Each call is delivered by itself, so on_bytes sees the same pieces;
  // nothing is delivered while the server has paused reading.
  void write(Bytes data);
  void write(std::string_view text) { write(as_bytes(text)); }
  void end();    // ends this side: on_end, after all that was written
  void reset();  // on_error(ConnectionReset) in the next turn; bytes not yet delivered are lost

  const std::string& received() const;  // all the server has sent since the last take_received()
  std::string take_received();

  // The server can send this many bytes more until the window is set again: a slow reader. At first
  // there is no limit. Opening a closed window lets the server's on_writable come.
  void set_window(std::size_t bytes);
  static constexpr std::size_t kUnlimited = static_cast<std::size_t>(-1);

  bool server_ended() const;   // the server ended its side or closed
  bool server_closed() const;  // the server's stream is gone
  bool was_reset() const;      // ... and it ended in a reset
  bool server_reads() const;   // false while the server has paused reading

 private:
  std::shared_ptr<MemoryLink> link_;
};

struct ConnectOptions {
  io::Address address{.family = io::Address::Family::V4, .port = 40000, .ip = {192, 0, 2, 1}};
  int token = -1;  // the fd given to Listener::create; kAnyToken: the first listener
};

class FakeBackend final : public io::Backend {
 public:
  static constexpr int kAnyToken = -1;

  // With `pending_writes` a write is completed at the end of the turn, as io_uring does it, instead
  // of at once, as epoll does it. Test with both.
  explicit FakeBackend(bool pending_writes = false);
  ~FakeBackend() override;

  // Opens a connection to the listener; it is accepted in the next turn. Without a listener the
  // connection is reset in the next turn.
  std::unique_ptr<MemoryPeer> connect(const ConnectOptions& options = {});

  // A connected pair without a listener.
  struct Pair {
    std::unique_ptr<io::Stream> stream;  // for the code under test
    std::unique_ptr<MemoryPeer> peer;    // for the test
  };
  Pair make_pair();

  // Moves the clock; deadlines that have come fire in the next turn. It never moves by itself.
  void advance(io::Clock::duration time) { now_ += time; }

  // The `operation`-th operation from now on (1: the next one) fails with `error`: a delivery of
  // bytes or of an end turns into on_error, a write answers failed. 0: none. For fail-at-N tests:
  // raise `operation` until operations_failed() stays 0.
  void fail_after(std::uint64_t operation, Error error = {Errc::ConnectionReset, 0});
  std::uint64_t operations() const { return operations_; }  // counted since fail_after or the start
  std::uint64_t operations_failed() const { return operations_failed_; }

  // Turns the loop until there is nothing left to deliver or to run, without moving the clock.
  // Returns: false if that did not come to an end within 1000 turns.
  bool settle();

  std::size_t open_streams() const { return open_streams_; }  // server ends that exist: leak check
  std::uint64_t wakes() const;                                // calls of wake()

  // io::Backend
  io::BackendKind kind() const override { return io::BackendKind::Epoll; }
  void bind(io::Loop& loop) override { loop_ = &loop; }
  io::TimePoint now() const override { return now_; }
  void wait(io::Clock::duration timeout) override;  // returns at once
  void deliver() override;
  bool finish_writes() override;
  void wake() override;
  std::unique_ptr<io::Stream> adopt(int fd) override;  // a stream whose peer is gone
  std::unique_ptr<io::Listener> listen(int token, io::Listener::OnAccept on_accept,
                                       std::size_t accepts_per_turn) override;

 private:
  class FakeStream;
  class FakeListener;
  struct Connecting {
    std::shared_ptr<MemoryLink> link;
    ConnectOptions options;
  };

  void accept_waiting();
  bool operation_fails();
  bool has_work() const;

  io::Loop* loop_ = nullptr;
  io::TimePoint now_;
  bool pending_writes_;
  std::uint64_t fail_at_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t operations_failed_ = 0;
  Error fail_with_;
  std::size_t open_streams_ = 0;
  std::atomic<std::uint64_t> wakes_ = 0;
  std::vector<FakeListener*> listeners_;
  std::vector<FakeStream*> streams_;  // null: destroyed; compacted in deliver
  std::vector<Connecting> connecting_;
};

}  // namespace hybi::testing
