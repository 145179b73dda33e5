#include <hybi/channel_clients.h>
#include <hybi/cli/demo_board.h>
#include <hybi/cli/demo_pages.h>
#include <hybi/cli/guest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace hybi::cli {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr std::string_view kStrokes = "board/strokes";
constexpr std::string_view kCursors = "board/cursors";
constexpr std::uint64_t kWidth = 1500, kHeight = 1000;
constexpr std::uint64_t kColours = 6, kMaxPen = 40;
constexpr std::size_t kKeptStrokes = 1000;
constexpr std::size_t kMaxNumbers = 200;  // of one stroke, two for each point
constexpr std::size_t kMaxId = 64;        // bytes

bool is_below(const json& value, std::uint64_t end) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() < end;
}

bool has(const json& object, const char* key, std::uint64_t end) {
  const auto at = object.find(key);
  return at != object.end() && is_below(*at, end);
}

bool is_stroke(const json& data) {
  if (!data.is_object()) return false;
  const auto id = data.find("id");
  if (id == data.end() || !id->is_string()) return false;
  const std::size_t bytes = id->get_ref<const std::string&>().size();
  if (bytes == 0 || bytes > kMaxId) return false;
  if (data.size() == 2) return data.value("clear", json()) == true;
  const auto points = data.find("p");
  if (data.size() != 5 || points == data.end() || !points->is_array()) return false;
  if (!has(data, "n", std::uint64_t{1} << 53) || !has(data, "c", kColours)) return false;
  if (!has(data, "w", kMaxPen + 1)) return false;
  if (points->empty() || points->size() % 2 != 0 || points->size() > kMaxNumbers) return false;
  for (std::size_t i = 0; i < points->size(); ++i) {
    if (!is_below((*points)[i], i % 2 == 0 ? kWidth + 1 : kHeight + 1)) return false;
  }
  return true;
}

bool is_cursor(const json& data) {
  if (!data.is_array()) return false;
  if (data.empty()) return true;
  if (data.size() != 2 && data.size() != 5) return false;
  if (!is_below(data[0], kWidth + 1) || !is_below(data[1], kHeight + 1)) return false;
  return data.size() == 2 || (is_below(data[2], std::uint64_t{1} << 53) &&
                              is_below(data[3], kColours) && is_below(data[4], kMaxPen + 1));
}

}  // namespace

void add_board(Server& server, const DemoOptions& options,
               const std::shared_ptr<Visitors>& visitors, const std::shared_ptr<Names>& names) {
  server.channel(kStrokes, {.history = {.size = kKeptStrokes, .ttl = 24h},
                            .slow = SlowQueue{.policy = SlowPolicy::Drop},
                            .presence = true,
                            .presence_events = true});
  server.channel(kCursors,
                 {.slow = SlowQueue{.policy = SlowPolicy::KeepLatest, .tell_gaps = false}});
  const auto clients = std::make_shared<ChannelClients>(
      server,
      ChannelClientOptions{
          .authenticate = [names](WebSocket& ws,
                                  const std::string& token) { return guest_of(*names, ws, token); },
          .may_subscribe =
              [](const ChannelUser&, std::string_view channel) {
                return channel == kStrokes || channel == kCursors;
              },
          .may_publish =
              [](const ChannelUser& user, std::string_view channel, const json& data) {
                if (user.id.empty()) return false;
                return (channel == kStrokes && is_stroke(data)) ||
                       (channel == kCursors && is_cursor(data));
              },
          .max_history = kKeptStrokes});
  WebSocketHandlers base;
  base.on_close = [clients, names](WebSocket& ws, const CloseInfo&) {
    give_back_name(*names, *clients, ws);
  };
  const auto handlers = std::make_shared<WebSocketHandlers>(clients->handlers(std::move(base)));
  prepare(*handlers, options, visitors, "/board");

  server.get("/board", [handlers](Request& request, Response& response) {
    if (auto upgrade = request.websocket()) {
      std::move(*upgrade).accept(handlers);
      return;
    }
    send_page(request, response, "board.html");
  });
}

}  // namespace hybi::cli
