// Who is in the channels of this node, and telling the others who comes and goes. Members are kept
// by the engine; here is what belongs to time: somebody who comes back within leave_delay, as
// another client of the same user, has not left. Until then it stays a member: who asks meanwhile
// will not be told that it has come. Where other nodes share the engine, members of a node that has
// died are gone after a minute: those of a node that lives are renewed. Thread: any.
#pragma once

#include <hybi/channel.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace hybi {

class ChannelHub;

class Presence : public std::enable_shared_from_this<Presence> {
 public:
  // Runs a task once after a delay, on any thread.
  using Timer = std::function<void(std::chrono::milliseconds delay, std::function<void()> task)>;

  Presence(std::shared_ptr<ChannelHub> hub, Timer timer)
      : hub_(std::move(hub)), timer_(std::move(timer)) {}

  // Requires: options.presence; each client once in a channel until it has left.
  void join(std::string_view channel, const ChannelOptions& options, const Member& member);
  void leave(std::string_view channel, const ChannelOptions& options, const Member& member);

 private:
  struct Somebody {
    std::size_t clients = 0;
    std::uint64_t leaving = 0;  // number of the leave that waits; 0: none
    std::string last = {};      // then: the client that has gone, still a member
  };
  using Key = std::pair<std::string, std::string>;  // channel, user or client

  void gone(const Key& key, std::uint64_t number, const Member& member);
  // Requires: the lock.
  void add(std::string_view channel, const Member& member);
  void remove(std::string_view channel, const std::string& client);
  void renew_later();
  void renew();

  const std::shared_ptr<ChannelHub> hub_;
  const Timer timer_;
  std::mutex mutex_;
  std::map<Key, Somebody> here_;
  std::map<Key, Member> renewed_;  // by channel and client; of an engine that others share
  bool renews_ = false;
  std::uint64_t last_number_ = 0;
};

}  // namespace hybi
