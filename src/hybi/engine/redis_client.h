// A Redis server from any thread, without waiting: commands with a completion each, and pub/sub.
//
// A thread of its own keeps two connections: one for commands, which are pipelined in the order of
// the calls, one for subscriptions, made when there are some. A lost connection is made again, with
// growing pauses. What was on its way then fails and is never sent twice; what was not sent yet
// waits for the next connection until its time is up. Everything that waits is bounded.
#pragma once

#include <hybi/engine/redis_reply.h>
#include <hybi/redis.h>
#include <hybi/result.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::engine {

class RedisClient {
 public:
  explicit RedisClient(RedisOptions options);
  // Completions still open get RedisUnreachable. Not from a completion.
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // A reply of Redis that is an error arrives as RedisReply::Kind::Error, not as an Error.
  // Fails: RedisUnreachable, RedisTimeout (it may have been executed), RedisOverloaded.
  // Calls back: exactly once; from within the call if refused, else on the client's thread.
  using Done = std::function<void(Result<RedisReply>)>;
  // Sends one command. Not for those that block or subscribe. Thread: any, also from a completion.
  void command(std::vector<std::string> words, Done done);

  // One channel, exact name. Calls back: on the client's thread.
  struct Subscriber {
    std::function<void(std::string_view payload)> on_message = {};
    // Redis listens for us from now on; what was published before may have been missed. Runs again
    // after each new connection.
    std::function<void()> on_listening = {};
  };
  // Replaces the subscriber of that channel. Thread: any.
  void subscribe(std::string channel, Subscriber subscriber);
  // A callback that runs just now ends before this returns, except when called from it.
  void unsubscribe(const std::string& channel);

  bool connected() const;  // for commands, just now. Thread: any.

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;
};

}  // namespace hybi::engine
