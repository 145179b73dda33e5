// One loop's connections, see loop_context.h.
#include <hybi/base/assert.h>
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/proxy_session.h>

#include <algorithm>
#include <chrono>

namespace hybi::conn {

LoopContext::LoopContext(io::Loop& loop, unsigned index, ServerShare& share,
                         Application& application, Counters& counters)
    : loop_(loop),
      index_(index),
      share_(share),
      application_(application),
      port_(LoopPort::create(loop.mailbox(), *this)),
      large_traffic_(loop),
      counters_(counters),
      began_(loop.now()) {}

LoopContext::~LoopContext() {
  HYBI_ASSERT(connections_.size() == 0);
  port_->detach();
}

void LoopContext::accept(std::unique_ptr<io::Stream> stream, const io::Address& peer,
                         bool proxy_protocol) {
  if (stopping_) return;  // the stream closes
  const bool full =
      share_.connections.fetch_add(1, std::memory_order_relaxed) >= share_.limits.max_connections;
  counters_.connections.add();
  counters_.connections_total.add();
  Connection& connection = connections_.create(*this, std::move(stream), peer);
  if (proxy_protocol && !full) {
    connection.start(std::make_unique<ProxySession>(connection));
    return;
  }
  auto session = std::make_unique<HttpSession>(connection);
  HttpSession& http = *session;
  connection.start(std::move(session));
  if (full) http.refuse(Errc::HttpOverloaded);
}

void LoopContext::stop(io::TimePoint deadline, std::function<void()> on_empty) {
  if (!stopping_) {
    stopping_ = true;
    on_empty_ = std::move(on_empty);
    stop_at_ = deadline;
    connections_.for_each([](Connection& connection) { connection.stop(); });
  }
  stop_at_ = std::min(stop_at_, deadline);
  loop_.set_deadline(*this, stop_at_);
  loop_.flush_later(*this);
}

void LoopContext::on_deadline() {
  connections_.for_each([](Connection& connection) { connection.abort(Errc::Closed); });
}

void LoopContext::flush_later(Connection& connection) {
  dirty_.push_back(&connection);
  loop_.flush_later(*this);
}

void LoopContext::hook_later(Connection& connection) {
  hooked_.push_back(&connection);
  loop_.flush_later(*this);
}

void LoopContext::on_flush() {
  while (!hooked_.empty()) {
    hooked_now_.swap(hooked_);
    for (Connection* connection : hooked_now_) connection->run_hook();
    hooked_now_.clear();
  }
  dirty_now_.swap(dirty_);
  for (Connection* connection : dirty_now_) connection->flush();
  dirty_now_.clear();
  if (stopping_ && connections_.size() == 0 && on_empty_) {
    loop_.clear_deadline(*this);
    std::exchange(on_empty_, nullptr)();
  }
}

void LoopContext::destroy(Connection& connection) {
  counters_.connections.subtract();
  share_.connections.fetch_sub(1, std::memory_order_relaxed);
  connections_.destroy(connection.slot());
  if (stopping_ && connections_.size() == 0 && on_empty_) {
    loop_.clear_deadline(*this);
    std::exchange(on_empty_, nullptr)();
  }
}

std::uint32_t LoopContext::ms_at(io::TimePoint when) const {
  using std::chrono::milliseconds;
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<milliseconds>(when - began_).count());
}

std::string_view LoopContext::date_line() {
  if (date_at_ != loop_.now()) {
    date_at_ = loop_.now();
    wall_seconds_ = std::chrono::duration_cast<std::chrono::seconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
  }
  return date_.at(wall_seconds_);
}

}  // namespace hybi::conn
