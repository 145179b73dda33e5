// The feed itself: the latest items, who listens, and what somebody who comes back has missed.
//
// All of it happens on the server's one loop. So nothing is published between giving a listener
// what it missed and adding it to those who hear what comes: no item is lost, none comes twice.
#pragma once

#include <hybi/events.h>
#include <hybi/server.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

class Feed {
 public:
  explicit Feed(hybi::Server& server) : server_(server) {}

  void publish(std::string_view text) {
    ++last_;
    items_.push_back({std::to_string(last_), nlohmann::json{{"id", last_}, {"text", text}}.dump()});
    if (items_.size() > kKept) items_.erase(items_.begin());
    const Item& item = items_.back();
    server_.publish("feed", item.json);
    std::erase_if(streams_, [&](const hybi::EventStream& stream) {
      return stream.send({.data = item.json, .id = item.id}) == hybi::SendResult::Closed;
    });
  }

  void add(hybi::EventStream stream, long after) {
    stream.send({.data = hello(after), .event = "hello"});
    for (const Item& item : since(after)) stream.send({.data = item.json, .id = item.id});
    streams_.push_back(std::move(stream));
  }
  void add(hybi::WebSocket& ws, long after) {
    ws.send(hello(after));
    for (const Item& item : since(after)) ws.send(item.json);
    ws.subscribe("feed");
    sockets_.push_back(ws.handle());
  }
  void remove(hybi::WebSocket& ws) { std::erase(sockets_, ws.handle()); }

  // What a bad network does: all have to come back.
  void cut() {
    for (const hybi::WebSocketHandle& socket : sockets_) socket.close(1012, "come back");
    for (const hybi::EventStream& stream : streams_) stream.close();
    streams_.clear();
  }

 private:
  struct Item {
    std::string id, json;
  };

  // An id that is not ours yet is from before a restart: everything is new then.
  std::span<const Item> since(long after) const {
    const bool known = after >= 0 && after <= last_;
    const std::size_t missed = known ? std::size_t(last_ - after) : items_.size();
    return std::span(items_).last(std::min(missed, items_.size()));
  }
  std::string hello(long after) const {
    return nlohmann::json{{"after", after}, {"missed", since(after).size()}}.dump();
  }

  static constexpr std::size_t kKept = 1000;
  hybi::Server& server_;
  long last_ = 0;
  std::vector<Item> items_;
  std::vector<hybi::EventStream> streams_;
  std::vector<hybi::WebSocketHandle> sockets_;
};
