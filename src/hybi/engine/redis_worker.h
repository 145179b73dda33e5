// The thread behind a RedisClient: queue, connections, time.
//
//   run: take what was asked -> give up what is too late -> (re)connect -> poll -> replies
//
// Everything under "the thread's own" is touched by that thread alone, the rest under the mutex.
// No lock is held while a completion runs.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/engine/redis_client.h>
#include <hybi/engine/redis_link.h>
#include <hybi/io/fd.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace hybi::engine {

class RedisClient::Worker final : public std::enable_shared_from_this<Worker> {
 public:
  explicit Worker(RedisOptions options);

  void start();
  void stop();  // returns when no callback runs any more, except when called from one
  void command(std::vector<std::string> words, Done done);
  void subscribe(std::string channel, Subscriber subscriber);
  void unsubscribe(const std::string& channel);
  bool connected() const { return connected_; }

 private:
  using Clock = std::chrono::steady_clock;
  using TimePoint = Clock::time_point;

  struct Command {
    std::vector<std::string> words;
    Done done;
    TimePoint due;
    std::size_t cost;
  };
  // One of the two connections, or the pause before the next attempt.
  struct Side {
    std::optional<RedisLink> link = {};
    std::size_t greetings_left = 0;  // replies to what a new connection begins with
    TimePoint due = {};              // of the connection, then of the greetings
    TimePoint retry_at = {};
    std::chrono::milliseconds backoff{0};

    bool ready() const { return link && !link->connecting() && greetings_left == 0; }
  };

  void run();
  void connect(Side& side, TimePoint now);
  void lost(Side& side, TimePoint now);
  void lost_commands(Error why, TimePoint now);
  void send_queued();
  void give_up(TimePoint now);
  void change_subscriptions();
  void keep_listening(TimePoint now);
  int wait_time(TimePoint now) const;
  void poll(int milliseconds);
  bool greeted(Side& side, const RedisReply& reply);
  void take_replies(TimePoint now);
  void take_messages(TimePoint now);
  bool on_pushed(RedisReply& pushed);
  void finish(Command& command, Result<RedisReply> result);
  void fail_all(Error why);
  void wake();

  const RedisOptions options_;
  io::Fd wake_;
  std::thread thread_;
  std::atomic<bool> connected_ = false;

  mutable std::mutex mutex_;
  std::deque<Command> queue_;
  std::size_t waiting_count_ = 0, waiting_bytes_ = 0;  // queued and in flight
  std::map<std::string, std::shared_ptr<const Subscriber>, std::less<>> subscribers_;
  bool subscriptions_changed_ = false;
  bool stopping_ = false;
  std::mutex calling_;  // held while a subscriber runs

  // The thread's own.
  SystemEntropy entropy_;
  Side commands_, listening_;
  std::deque<Command> in_flight_;
  std::set<std::string> asked_for_;  // channels, on the current connection
  TimePoint heard_at_{};             // on the listening connection
  bool pinged_ = false;
};

}  // namespace hybi::engine
