// A RedisLink whose server is the test: what is given to read() has come from it. Only for
// *_test.cc and *_fuzz.cc.
#pragma once

#include <hybi/engine/redis_link.h>
#include <hybi/io/fd.h>
#include <hybi/redis.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hybi::engine::test {

class ToldLink {
 public:
  explicit ToldLink(std::size_t max_reply_bytes)
      : link_(connect({.unix_path = path(), .max_reply_bytes = max_reply_bytes})) {
    require(link_.on_ready(false, true).has_value());
  }

  // Everything is read: a line each, then the error that ended it.
  std::string read(std::string_view bytes) {
    std::string told;
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, 4096);
      bytes.remove_prefix(piece.size());
      send(piece);
      Result<void> ready = link_.on_ready(true, false);
      for (bool more = ready.has_value(); more;) {
        const auto reply = link_.next_reply();
        if (!reply) ready = reply.error();
        more = reply && reply->has_value();
        if (more) told += show(**reply) + "\n";
      }
      if (!ready) return told + std::string(info(ready.error().code).name);
    }
    return told;
  }
  void send(std::string_view bytes) {
    require(::write(peer_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  RedisLink& link() { return link_; }

  static std::string show(const RedisReply& reply) {
    switch (reply.kind) {
      case RedisReply::Kind::Nil:
        return "nil";
      case RedisReply::Kind::Integer:
        return std::to_string(reply.integer);
      case RedisReply::Kind::Array: {
        std::string all = "[";
        for (const RedisReply& item : reply.items) all += show(item) + " ";
        return all + "]";
      }
      default:
        return reply.text;
    }
  }

 private:
  static void require(bool holds) {
    if (!holds) std::abort();
  }
  static std::string path() { return "/tmp/hybi_redis_link_" + std::to_string(::getpid()); }

  RedisLink connect(const RedisOptions& options) {
    const io::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::memcpy(address.sun_path, options.unix_path.c_str(), options.unix_path.size());
    (void)::unlink(options.unix_path.c_str());
    require(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
    require(::listen(listener.get(), 1) == 0);
    auto link = RedisLink::connect(options);
    require(link.has_value());
    peer_ = io::Fd(::accept(listener.get(), nullptr, nullptr));
    require(static_cast<bool>(peer_));
    (void)::unlink(options.unix_path.c_str());
    return std::move(*link);
  }

  io::Fd peer_;
  RedisLink link_;
};

}  // namespace hybi::engine::test
