// One connection to a Redis server, without waiting: commands out, replies in, in their order.
//
// Built on hiredis' formatter, buffers and reply reader. Its owner polls fd() and calls on_ready;
// it knows no time, no queue, no retry. After an error it is good for nothing: make a new one.
// Used by redis_client on its own thread.
#pragma once

#include <hybi/engine/redis_reply.h>
#include <hybi/redis.h>
#include <hybi/result.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct redisContext;

namespace hybi::engine {

class RedisLink {
 public:
  // Begins to connect. Resolves a host name first, which may block.
  // Fails: RedisUnreachable.
  static Result<RedisLink> connect(const RedisOptions& options);

  int fd() const;
  bool connecting() const { return connecting_; }
  bool wants_write() const { return connecting_ || unwritten_; }

  // The socket can be read or written. Fails: RedisUnreachable when the connection has failed or
  // ended, RedisReplied when the server does not speak RESP or a reply is too long.
  Result<void> on_ready(bool readable, bool writable);
  void append(const std::vector<std::string>& words);
  // The next whole reply; empty until more was read. Fails: RedisReplied.
  Result<std::optional<RedisReply>> next_reply();

 private:
  struct Bounds;
  struct Free {
    void operator()(redisContext* context) const;
    std::shared_ptr<Bounds> bounds;  // of the context, which uses it to its end
  };
  RedisLink(redisContext* context, std::size_t max_reply_bytes);

  std::unique_ptr<redisContext, Free> context_;
  std::size_t max_reply_bytes_;
  std::size_t reply_bytes_ = 0;  // read of the reply that is not whole yet
  bool connecting_ = true;
  bool unwritten_ = false;
};

}  // namespace hybi::engine
