// See slow_backlog.h.
#include <hybi/conn/slow_backlog.h>

#include <algorithm>
#include <limits>

namespace hybi::conn {

SlowBacklog::Put SlowBacklog::put(std::string_view channel, std::string_view key,
                                  SharedMessageRef message, const SlowQueue& queue,
                                  Milliseconds now) {
  const std::size_t size = message->frame.size();
  if (queue.policy == SlowPolicy::KeepLatest) {
    const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.message && entry.channel == channel && entry.key == key;
    });
    if (same != entries_.end()) {  // keeps its place: others wait behind it for no longer
      bytes_ += size - same->message->frame.size();
      Count& count = counts_.find(channel)->second;
      count.bytes += size - same->message->frame.size();
      same->message = std::move(message);
      same->since = now;
      return Put::Waits;
    }
  }
  const auto there = counts_.find(channel);
  const Count had = there != counts_.end() ? there->second : Count{};
  if (had.messages >= queue.max_messages || size > queue.max_bytes ||
      had.bytes > queue.max_bytes - size) {
    if (queue.policy == SlowPolicy::Close) return Put::TooSlow;
    miss(channel, 1, queue.tell_gaps);
    return Put::Dropped;
  }
  constexpr std::chrono::milliseconds kLongest{std::numeric_limits<Milliseconds>::max() / 2};
  const auto max_age = std::min(queue.max_age, kLongest);
  entries_.push_back({std::string(channel), std::string(key), std::move(message), 0, now,
                      static_cast<Milliseconds>(max_age.count()), queue.tell_gaps});
  Count& count = counts_.try_emplace(std::string(channel)).first->second;
  ++count.messages;
  count.bytes += size;
  bytes_ += size;
  return Put::Waits;
}

void SlowBacklog::miss(std::string_view channel, std::uint64_t count, bool tell) {
  // The last entry of this channel: what was missed before it is another gap.
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(),
                                 [&](const Entry& entry) { return entry.channel == channel; });
  if (last != entries_.rend() && !last->message) {
    last->missed += count;
    return;
  }
  entries_.push_back({std::string(channel), {}, nullptr, count, 0, 0, tell});
}

void SlowBacklog::count_out(const Entry& entry) {
  const auto found = counts_.find(entry.channel);
  found->second.bytes -= entry.message->frame.size();
  bytes_ -= entry.message->frame.size();
  if (--found->second.messages == 0) counts_.erase(found);
}

SlowBacklog::Taken SlowBacklog::take(Milliseconds now) {
  Entry entry = std::move(entries_.front());
  entries_.pop_front();
  Taken taken{.channel = entry.channel,
              .message = entry.message,
              .missed = entry.missed,
              .dropped = 0,
              .tell = entry.tell};
  if (!entry.message) return taken;
  count_out(entry);
  if (now - entry.since <= entry.max_age) return taken;
  taken.message = nullptr;
  taken.missed = taken.dropped = 1;
  // What is too old or missing right behind it is one gap with it.
  while (!entries_.empty() && entries_.front().channel == taken.channel) {
    const Entry& next = entries_.front();
    if (next.message && now - next.since <= next.max_age) break;
    if (next.message) {
      count_out(next);
      ++taken.dropped;
      ++taken.missed;
    } else {
      taken.missed += next.missed;
    }
    entries_.pop_front();
  }
  return taken;
}

}  // namespace hybi::conn
