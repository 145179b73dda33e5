// Who is in the channels of one part of the memory engine.
//
// Who is not renewed in time is gone, exactly: before a channel is looked at, whose time is over
// leaves it. Counting is as cheap as that, apart from those who leave. The list is in the order of
// the clients' ids. Times only grow from call to call. Thread: one at a time; see memory_engine.h.
#pragma once

#include <hybi/engine.h>
#include <hybi/engine/due_queue.h>
#include <hybi/engine/moment.h>
#include <hybi/engine/name.h>
#include <hybi/result.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace hybi::engine {

// How many members there may be in all parts together. Thread: any.
class MemberPlaces {
 public:
  explicit MemberPlaces(std::size_t most) : most_(most) {}

  bool take() {
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    while (taken < most_) {
      if (taken_.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void give_back() { taken_.fetch_sub(1, std::memory_order_relaxed); }
  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> taken_ = 0;
};

class MemoryMembers {
 public:
  explicit MemoryMembers(MemberPlaces& places) : places_(places) {}

  // Returns: whether it was not there before.
  // Fails: EngineFull, if it was not there and there is no place.
  Result<bool> add(NameRef channel, Member member, Time until, Time now);
  bool remove(NameRef channel, std::string_view client, Time now);
  std::vector<Member> list(NameRef channel, std::size_t limit, Time now);
  PresenceCount count(NameRef channel, Time now);

  // Lets go some of those whose time is over, or all.
  void sweep(Time now);
  void sweep_all(Time now);

 private:
  struct Here;
  using Clients = std::map<std::string, Here, std::less<>>;
  using Ends = std::multimap<Time, Clients::value_type*>;
  struct Here {
    std::string user = {};
    std::string info = {};
    Ends::iterator end = {};
  };
  struct Channel {
    const Name* name = nullptr;  // the key of the map
    Clients clients = {};
    Ends ends = {};                                         // of the clients, the earliest first
    std::map<std::string, std::size_t, std::less<>> users;  // with how many clients each; not ""
    std::size_t without_user = 0;                           // clients
    DueQueue<Channel>::Place due = {};
  };

  Channel* find(NameRef name, Time now);  // null: nobody is there
  Channel& add_channel(NameRef name);
  void remove_channel(Channel& channel);
  void leave(Channel& channel, Clients::iterator client);
  std::size_t expire(Channel& channel, Time now, std::size_t at_most);
  void sweep(Time now, std::size_t at_most);
  static void count_user(Channel& channel, const std::string& user);
  static void uncount_user(Channel& channel, const std::string& user);

  MemberPlaces& places_;
  ByName<Channel> channels_;
  DueQueue<Channel> due_;
};

}  // namespace hybi::engine
