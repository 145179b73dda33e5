// See memory_streams.h.
#include <hybi/engine/memory_streams.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace hybi::engine {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kSweep = 32;  // publications and streams that a call lets go beside its own

std::size_t least_kept(const Keeping& keeping) {
  return keeping.retain ? 1 : 0;
}

}  // namespace

std::size_t MemoryStreams::publication_bytes(const Publication& publication) {
  return kPublicationBytes + publication.data->size() + publication.publisher.size();
}

Position MemoryStreams::publish(NameRef name, Publication publication, const Keeping& keeping,
                                Time now) {
  Stream& stream = find_or_add(name, now);
  stream.keeping = keeping;
  const std::size_t room = std::max(keeping.size, least_kept(keeping));
  while (stream.kept.size() >= room) drop_front(stream);

  publication.offset = ++stream.top;
  bytes_ += publication_bytes(publication);
  stream.kept.push_back({std::move(publication), now});
  finish_use(stream, now);
  return {stream.epoch, stream.top};
}

History MemoryStreams::history(NameRef name, const std::optional<Position>& since,
                               std::size_t limit, Time now) {
  Stream& stream = find_or_add(name, now);
  finish_use(stream, now);

  const std::uint64_t top = stream.top;
  const bool known = since && since->epoch == stream.epoch && since->offset <= top;
  const auto kept = stream.kept.size();
  std::size_t wanted = kept;  // so many of the last ones
  if (known) wanted = std::min<std::uint64_t>(kept, top - since->offset);
  const std::size_t count = std::min(wanted, limit);
  const std::size_t first = kept - (since ? wanted : count);

  History history;
  history.top = {stream.epoch, top};
  history.complete = !since || (known && count == top - since->offset);
  history.publications.reserve(count);
  for (std::size_t i = first; i < first + count; ++i) {
    history.publications.push_back(stream.kept[i].publication);
  }
  return history;
}

void MemoryStreams::sweep(Time now) {
  for (std::size_t left = kSweep; left > 0;) {
    Stream* const stream = due_.first_due(now);
    if (stream == nullptr) return;
    left -= expire(*stream, now, left);
    if (left == 0) return;
    --left;
    if (is_forgotten(*stream, now)) {
      remove(*stream);
    } else {
      due_.move(stream->due, next_due(*stream));
    }
  }
}

Time MemoryStreams::oldest_use() {
  return by_use_.empty() ? kNever : by_use_.front().used;
}

void MemoryStreams::forget_oldest(NameRef in_use, std::size_t bytes) {
  if (by_use_.empty()) return;
  Stream& stream = by_use_.front();
  if (NameRef(*stream.name) != in_use || stream.kept.size() <= 1) return remove(stream);
  const std::size_t enough = bytes_ - std::min(bytes, bytes_);
  while (bytes_ > enough && stream.kept.size() > 1) drop_front(stream);
}

// --- one stream

MemoryStreams::Stream* MemoryStreams::find(NameRef name, Time now) {
  const auto found = streams_.find(name);
  if (found == streams_.end()) return nullptr;
  Stream& stream = found->second;
  expire(stream, now, kAll);
  if (!is_forgotten(stream, now)) return &stream;
  remove(stream);
  return nullptr;
}

MemoryStreams::Stream& MemoryStreams::find_or_add(NameRef name, Time now) {
  if (Stream* const known = find(name, now)) return *known;
  const auto at = streams_.try_emplace(Name(name)).first;
  Stream& stream = at->second;
  stream.name = &at->first;
  stream.epoch = new_epoch();
  stream.used = now;
  stream.due = due_.add(stream, kNever);
  bytes_ += stream_bytes(name.text);
  return stream;
}

void MemoryStreams::remove(Stream& stream) {
  while (!stream.kept.empty()) drop_front(stream);
  bytes_ -= stream_bytes(stream.name->text);
  due_.remove(stream.due);
  streams_.erase(streams_.find(NameRef(*stream.name)));
}

void MemoryStreams::drop_front(Stream& stream) {
  bytes_ -= publication_bytes(stream.kept.front().publication);
  stream.kept.pop_front();
}

std::size_t MemoryStreams::expire(Stream& stream, Time now, std::size_t at_most) {
  std::size_t gone = 0;
  while (gone < at_most && stream.kept.size() > least_kept(stream.keeping) &&
         end_of(stream.keeping.ttl, stream.kept.front().at) <= now) {
    drop_front(stream);
    ++gone;
  }
  return gone;
}

// After the stream was changed or read.
void MemoryStreams::finish_use(Stream& stream, Time now) {
  expire(stream, now, kAll);
  stream.used = now;
  stream.unlink();
  by_use_.push_back(stream);
  // Too early a time is corrected when it comes, so that a busy stream is not moved each time.
  const Time due = next_due(stream);
  if (due < stream.due->first) due_.move(stream.due, due);
}

bool MemoryStreams::is_forgotten(const Stream& stream, Time now) const {
  return stream.kept.empty() && end_of(stream_ttl_, stream.used) <= now;
}

Time MemoryStreams::next_due(const Stream& stream) const {
  if (stream.kept.empty()) return end_of(stream_ttl_, stream.used);
  if (stream.kept.size() <= least_kept(stream.keeping)) return kNever;
  return end_of(stream.keeping.ttl, stream.kept.front().at);
}

std::uint64_t MemoryStreams::new_epoch() {
  std::uint64_t epoch = 0;
  while (epoch == 0) {
    entropy_.fill(std::as_writable_bytes(std::span(&epoch, 1)));
    epoch >>= 64 - 53;  // JavaScript's numbers hold it exactly
  }
  return epoch;
}

}  // namespace hybi::engine
