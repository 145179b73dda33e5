// Publications that wait for a connection whose peer takes too little, bounded for each channel by
// its SlowQueue. What had to be dropped stands in its place as a gap.
#pragma once

#include <hybi/channel.h>
#include <hybi/conn/shared_message.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace hybi::conn {

class SlowBacklog {
 public:
  using Milliseconds = std::uint32_t;  // of one clock; only differences mean something

  enum class Put : std::uint8_t { Waits, Dropped, TooSlow };  // the last: SlowPolicy::Close
  Put put(std::string_view channel, std::string_view key, SharedMessageRef message,
          const SlowQueue& queue, Milliseconds now);
  // So many are missing here.
  void miss(std::string_view channel, std::uint64_t count, bool tell = true);

  struct Taken {
    std::string channel;
    SharedMessageRef message;   // null: a gap
    std::uint64_t missed = 0;   // of a gap
    std::uint64_t dropped = 0;  // too old, counted now
    bool tell = true;
  };
  // What comes first. Requires: !empty().
  Taken take(Milliseconds now);

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string channel;
    std::string key;
    SharedMessageRef message;
    std::uint64_t missed = 0;
    Milliseconds since = 0, max_age = 0;
    bool tell = true;
  };
  struct Count {
    std::size_t messages = 0, bytes = 0;
  };

  void count_out(const Entry& entry);

  std::deque<Entry> entries_;
  std::map<std::string, Count, std::less<>> counts_;
  std::size_t bytes_ = 0;
};

}  // namespace hybi::conn
