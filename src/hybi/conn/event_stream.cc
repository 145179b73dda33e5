// Server-sent events over a streamed answer, see events.h. HTML 9.2.
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/events.h>

#include <mutex>

namespace hybi {
namespace {

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// HTML 9.2.6: one "data:" line for each line of the data; an empty line ends the event.
std::string format(const StreamEvent& event) {
  std::string text;
  if (!event.event.empty()) text.append("event: ").append(event.event).append("\n");
  if (!event.id.empty()) text.append("id: ").append(event.id).append("\n");
  std::string_view rest = event.data;
  for (;;) {
    const std::size_t end = rest.find_first_of("\r\n");
    text.append("data: ").append(rest.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return text.append("\n");
}

}  // namespace

// What waits to be written, between the threads that send and the loop that writes.
struct EventStream::State {
  mutable std::mutex mutex;
  std::string waiting;  // under the mutex, as is `open`
  bool open = true;
  EventOptions options;
  ResponseHandle handle;

  // The source of the answer. Thread: the loop's.
  StreamStep write(StreamWriter& writer) {
    std::string text;
    bool more = false;
    {
      const std::lock_guard lock(mutex);
      text.swap(waiting);
      more = open;
    }
    writer.write(text);
    return more ? StreamStep::Wait : StreamStep::Done;
  }
  SendResult add(std::string_view text) {
    const std::lock_guard lock(mutex);
    if (!open) return SendResult::Closed;
    if (waiting.size() + text.size() > options.high_water_bytes) {
      if (options.slow_policy != SlowPolicy::Close) return SendResult::Dropped;
      open = false;
      handle.resume();
      return SendResult::Dropped;
    }
    if (waiting.empty()) handle.resume();
    waiting.append(text);
    return SendResult::Queued;
  }
  void close() {
    const std::lock_guard lock(mutex);
    if (std::exchange(open, false)) handle.resume();
  }
};

// What the copies of an EventStream share: the stream ends with the last of them.
struct EventStream::Owner {
  explicit Owner(std::shared_ptr<State> of) : state(std::move(of)) {}
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() { state->close(); }

  std::shared_ptr<State> state;
};

SendResult EventStream::send(const StreamEvent& event) const {
  if (!owner_) return SendResult::Closed;
  if (!is_one_line(event.event) || !is_one_line(event.id)) return SendResult::Dropped;
  return owner_->state->add(format(event));
}

void EventStream::close() const {
  if (owner_) owner_->state->close();
}

bool EventStream::open() const {
  if (!owner_) return false;
  const std::lock_guard lock(owner_->state->mutex);
  return owner_->state->open;
}

EventStream Response::events() {
  return events({});
}

EventStream Response::events(EventOptions options) {
  EventStream stream;
  if (session_->answered()) return stream;
  const auto state = std::make_shared<EventStream::State>();
  state->options = std::move(options);
  if (state->options.retry) {
    state->waiting = "retry: " + std::to_string(state->options.retry->count()) + "\n\n";
  }
  state->handle = later();
  if (field("cache-control").data() == nullptr) set("Cache-Control", "no-cache");
  on_done([state](const ResponseInfo&) {
    state->close();
    if (state->options.on_close) state->options.on_close();
  });
  session_->when_gone([state] { state->close(); });
  session_->keep_alive(state->options.keep_alive, [state] { state->add(":\n\n"); });
  session_->answer_stream("text/event-stream",
                          [state](StreamWriter& writer) { return state->write(writer); });
  stream.owner_ = std::make_shared<EventStream::Owner>(state);
  return stream;
}

}  // namespace hybi
