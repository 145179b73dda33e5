// Publications that wait for a connection whose peer takes too little, bounded for each channel by
// its SlowQueue and for all of them together. What had to be dropped stands in its place as a gap.
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

  // `max_bytes`: of all that waits, with an allowance for each entry. Above, what comes is dropped;
  // above twice as much even gaps are too many.
  explicit SlowBacklog(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // TooSlow: SlowPolicy::Close, or too many gaps. Superseded: waits instead of an older one.
  enum class Put : std::uint8_t { Waits, Superseded, Dropped, TooSlow };
  Put put(std::string_view channel, std::string_view key, SharedMessageRef message,
          const SlowQueue& queue, Milliseconds now);
  // So many are missing here. Returns: false if these are too many gaps.
  bool miss(std::string_view channel, std::uint64_t count, bool tell = true);

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
  std::size_t bytes() const { return bytes_; }  // with the allowances

 private:
  struct Entry {
    std::string channel;
    std::string key;
    SharedMessageRef message;
    std::uint64_t missed = 0;
    Milliseconds since = 0, max_age = 0;
    bool tell = true;
  };
  struct Channel {
    std::size_t entries = 0, messages = 0, bytes = 0;
    Entry* last = nullptr;
    std::map<std::string, Entry*, std::less<>> latest = {};  // of SlowPolicy::KeepLatest, by key
  };

  Channel& channel(std::string_view name);
  void add(Channel& channel, Entry entry);
  Entry take_front();

  std::size_t max_bytes_;
  std::deque<Entry> entries_;  // added behind and taken in front: they stay where they are
  std::map<std::string, Channel, std::less<>> channels_;
  std::size_t bytes_ = 0;
};

}  // namespace hybi::conn
