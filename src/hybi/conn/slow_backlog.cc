// See slow_backlog.h.
#include <hybi/conn/slow_backlog.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace hybi::conn {
namespace {

// What an entry costs besides its message.
constexpr std::size_t kEntryBytes = 256;

std::size_t bytes_of(const SharedMessageRef& message) {
  return message ? message->frame.size() : 0;
}

}  // namespace

SlowBacklog::Channel& SlowBacklog::channel(std::string_view name) {
  const auto found = channels_.find(name);
  if (found != channels_.end()) return found->second;
  return channels_.try_emplace(std::string(name)).first->second;
}

void SlowBacklog::add(Channel& channel, Entry entry) {
  const std::size_t size = bytes_of(entry.message);
  ++channel.entries;
  channel.messages += entry.message != nullptr;
  channel.bytes += size;
  bytes_ += kEntryBytes + size;
  channel.last = &entries_.emplace_back(std::move(entry));
}

SlowBacklog::Put SlowBacklog::put(std::string_view name, std::string_view key,
                                  SharedMessageRef message, const SlowQueue& queue,
                                  Milliseconds now) {
  Channel& there = channel(name);
  const std::size_t size = message->frame.size();
  const bool keeps_latest = queue.policy == SlowPolicy::KeepLatest;
  const auto same = keeps_latest ? there.latest.find(key) : there.latest.end();
  const bool supersedes = same != there.latest.end();
  const std::size_t freed = supersedes ? bytes_of(same->second->message) : 0;
  const std::size_t in_channel = there.bytes - freed, in_all = bytes_ - freed;
  if ((!supersedes && there.messages >= queue.max_messages) || size > queue.max_bytes ||
      in_channel > queue.max_bytes - size || in_all >= max_bytes_ || size > max_bytes_ - in_all) {
    if (queue.policy == SlowPolicy::Close) return Put::TooSlow;
    return miss(name, 1, queue.tell_gaps) ? Put::Dropped : Put::TooSlow;
  }
  if (supersedes) {  // keeps its place: others wait behind it for no longer
    bytes_ = in_all + size;
    there.bytes = in_channel + size;
    same->second->message = std::move(message);
    same->second->since = now;
    return Put::Superseded;
  }
  constexpr std::chrono::milliseconds kLongest{std::numeric_limits<Milliseconds>::max() / 2};
  const auto max_age = std::min(queue.max_age, kLongest);
  add(there, {std::string(name), std::string(key), std::move(message), 0, now,
              static_cast<Milliseconds>(max_age.count()), queue.tell_gaps});
  if (keeps_latest) there.latest.insert_or_assign(std::string(key), there.last);
  return Put::Waits;
}

bool SlowBacklog::miss(std::string_view name, std::uint64_t count, bool tell) {
  // What was missed before the channel's last message is another gap.
  Channel& there = channel(name);
  if (there.last != nullptr && !there.last->message) {
    there.last->missed += count;
    return true;
  }
  add(there, {std::string(name), {}, nullptr, count, 0, 0, tell});
  return bytes_ / 2 <= max_bytes_;
}

SlowBacklog::Entry SlowBacklog::take_front() {
  Entry* const front = &entries_.front();
  const auto found = channels_.find(front->channel);
  Channel& there = found->second;
  const auto latest = there.latest.find(front->key);
  if (latest != there.latest.end() && latest->second == front) there.latest.erase(latest);
  if (there.last == front) there.last = nullptr;
  const std::size_t size = bytes_of(front->message);
  bytes_ -= kEntryBytes + size;
  there.bytes -= size;
  there.messages -= front->message != nullptr;
  if (--there.entries == 0) channels_.erase(found);
  Entry entry = std::move(*front);
  entries_.pop_front();
  return entry;
}

SlowBacklog::Taken SlowBacklog::take(Milliseconds now) {
  const Entry entry = take_front();
  Taken taken{.channel = entry.channel,
              .message = entry.message,
              .missed = entry.missed,
              .dropped = 0,
              .tell = entry.tell};
  if (!entry.message || now - entry.since <= entry.max_age) return taken;
  taken.message = nullptr;
  taken.missed = taken.dropped = 1;
  // What is too old or missing right behind it is one gap with it.
  while (!entries_.empty() && entries_.front().channel == taken.channel) {
    const Entry& next = entries_.front();
    if (next.message && now - next.since <= next.max_age) break;
    taken.dropped += next.message != nullptr;
    taken.missed += next.message ? 1 : next.missed;
    (void)take_front();
  }
  return taken;
}

}  // namespace hybi::conn
