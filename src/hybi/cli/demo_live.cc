#include <hybi/cli/demo_live.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

namespace hybi::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr std::string_view kChannel = "live";
constexpr std::size_t kMinute = 60;  // ticks

// Turns counters into rates: what happened between the last two ticks.
class Meter {
 public:
  Meter(Server& server, unsigned threads, std::shared_ptr<Visitors> visitors)
      : server_(server), threads_(threads), visitors_(std::move(visitors)) {}

  // On the first loop.
  void tick() {
    const ServerStats now = server_.stats();
    const Clock::time_point at = Clock::now();
    std::string text;
    {
      const std::lock_guard lock(mutex_);
      const double seconds = duration<double>(at - last_at_).count();
      const auto rate = [&](std::uint64_t ServerStats::*counter) {
        const double count = static_cast<double>(now.*counter - last_.*counter);
        return static_cast<std::uint64_t>(count / seconds + 0.5);
      };
      rates_ = {{"requests", rate(&ServerStats::requests)},
                {"messages_in", rate(&ServerStats::messages_received)},
                {"messages_out", rate(&ServerStats::messages_sent)},
                {"bytes_in", rate(&ServerStats::bytes_received)},
                {"bytes_out", rate(&ServerStats::bytes_sent)}};
      last_ = now;
      last_at_ = at;
      remember();
      text = json_of(now).dump();
    }
    server_.publish(kChannel, text);
  }

  // With the rates of the last minute, the latest last. Thread: any.
  std::string json() const {
    const ServerStats now = server_.stats();
    const std::lock_guard lock(mutex_);
    nlohmann::ordered_json json = json_of(now);
    json["minute"] = {{"messages_in", minute_in_}, {"messages_out", minute_out_}};
    return json.dump();
  }

 private:
  void remember() {
    minute_in_.push_back(rates_["messages_in"]);
    minute_out_.push_back(rates_["messages_out"]);
    if (minute_in_.size() > kMinute) {
      minute_in_.pop_front();
      minute_out_.pop_front();
    }
  }

  nlohmann::ordered_json visitors() const {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Visitor& visitor : visitors_->newest()) {
      list.push_back({{"id", std::to_string(visitor.id)},
                      {"path", visitor.path},
                      {"version", visitor.version},
                      {"extension", visitor.extension},
                      {"seconds", duration<double>(Clock::now() - visitor.since).count()}});
    }
    return list;
  }

  nlohmann::ordered_json json_of(const ServerStats& now) const {
    return {{"uptime", duration<double>(Clock::now() - started_).count()},
            {"backend", server_.backend() == Backend::Uring ? "io_uring" : "epoll"},
            {"threads", threads_},
            {"connections", now.connections},
            {"websockets", now.websockets},
            {"channels", now.channels},
            {"subscriptions", now.subscriptions},
            {"per_second", rates_},
            {"visitors", visitors()},
            {"total",
             {{"connections", now.connections_total},
              {"websockets", now.websockets_total},
              {"requests", now.requests},
              {"messages_in", now.messages_received},
              {"messages_out", now.messages_sent},
              {"bytes_in", now.bytes_received},
              {"bytes_out", now.bytes_sent},
              {"messages_dropped", now.messages_dropped},
              {"refused_requests", now.refused_requests},
              {"failed_websockets", now.failed_websockets},
              {"over_quota", now.over_quota},
              {"publications", now.publications},
              {"recovered", now.recovered},
              {"not_recovered", now.not_recovered}}}};
  }

  Server& server_;
  const unsigned threads_;
  const std::shared_ptr<Visitors> visitors_;
  const Clock::time_point started_ = Clock::now();
  mutable std::mutex mutex_;
  ServerStats last_;
  Clock::time_point last_at_ = started_;
  std::deque<std::uint64_t> minute_in_, minute_out_;
  nlohmann::ordered_json rates_ = {
      {"requests", 0}, {"messages_in", 0}, {"messages_out", 0}, {"bytes_in", 0}, {"bytes_out", 0}};
};

}  // namespace

void add_live(Server& server, const DemoOptions& options,
              const std::shared_ptr<Visitors>& visitors) {
  const auto meter = std::make_shared<Meter>(server, options.threads, visitors);
  const auto handlers = std::make_shared<WebSocketHandlers>();
  handlers->on_open = [meter](WebSocket& ws) {
    ws.subscribe(kChannel);
    ws.send(meter->json());  // something to show before the first tick
  };
  handlers->slow_policy = SlowPolicy::Drop;   // the next second brings newer numbers
  handlers->limits.max_message_bytes = 1024;  // nobody has anything to say here
  prepare(*handlers, options, visitors, "/live");

  server.get("/live", [meter, handlers](Request& request, Response& response) {
    if (auto upgrade = request.websocket()) {
      std::move(*upgrade).accept(handlers);
      return;
    }
    response.set("Cache-Control", "no-store");
    response.json(meter->json());
  });
  server.every(std::chrono::seconds(1), [meter] { meter->tick(); });
}

}  // namespace hybi::cli
