// Channels: what is published under a name reaches all who subscribe to it, on every loop and node.
// Implemented in app/. What is promised: docs/topics/channels.md; on the wire:
// docs/topics/channel-protocol.md.
//
//   server.channel("room/**", {.history = {.size = 100}, .presence = true});
//   server.get("/live", [](Request& req, ...) { ... .on_open = [](WebSocket& ws) {
//     ws.subscribe("room/42"); } });
//   server.publish("room/42", "hello");
//
// Names have levels: "room/42/chat". In a pattern a level * is any one level, and a last level **
// all that follow, at least one.
#pragma once

#include <hybi/bytes.h>
#include <hybi/engine.h>
#include <hybi/error.h>
#include <hybi/result.h>
#include <hybi/websocket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

inline constexpr std::size_t kMaxChannelBytes = 255;

// 1 to 255 bytes of UTF-8 without control characters, no empty level, no level * or **.
bool is_channel_name(std::string_view name);
// The same with levels *, and ** as the last one.
bool is_channel_pattern(std::string_view pattern);
// Requires: is_channel_name, is_channel_pattern.
bool channel_matches(std::string_view pattern, std::string_view name);

// What waits for a subscriber that does not take what it is sent, above its route's
// high_water_bytes. Without it the route's SlowPolicy decides.
struct SlowQueue {
  SlowPolicy policy = SlowPolicy::Close;
  std::size_t max_messages = 1000;
  std::size_t max_bytes = 1024 * 1024;
  std::chrono::milliseconds max_age{60'000};  // older ones are dropped, whatever the policy
  // The subscriber is told how many were dropped: clients of the channel protocol by an event
  // "gap", others by WebSocketHandlers::on_gap.
  bool tell_gaps = true;
};

// How the channels of one pattern behave. Of several patterns that match, the first one declared.
struct ChannelOptions {
  Keeping history = {};
  std::optional<SlowQueue> slow = {};
  // Who is in it can be asked, see Server::members.
  bool presence = false;
  bool presence_events = false;  // clients of the channel protocol are told who joins and leaves
  // A client that comes back so soon, with the same user, has not left for the others.
  std::chrono::milliseconds leave_delay{2000};
};

struct PublishOptions {
  bool json = false;  // the text is JSON, and clients of the channel protocol get it as such
  std::string_view idempotency_key = {};
  std::string_view key = {};        // of SlowPolicy::KeepLatest; "": the channel's name
  std::string_view publisher = {};  // Publication::publisher
  std::function<void(Result<Published>)> done = {};  // Thread: any
};

struct Subscribed {
  Position position = {};  // after what was missed; {} if the channel keeps no history
  bool recovered = true;   // nothing is missing after SubscribeOptions::since
  std::vector<Publication> publications = {};  // what was missed
};

struct SubscribeOptions {
  std::optional<Position> since = {};  // what has been missed is sent first
  // More than so many missed are not sent: then `recovered` is false, and the latest of them are.
  std::size_t max_missed = kNoLimit;
  std::size_t history = 0;  // so many of the latest ones are sent first
  bool send_missed = true;  // false: `done` does something else with them
  // What became of it, on the loop's thread, from within the call or later; before anything is
  // sent. Fails: EngineFull, EngineFailed; then it is not subscribed.
  std::function<void(WebSocket&, const Result<Subscribed>&)> done = {};
};

}  // namespace hybi
