// The channels of a server: their options, the engine that remembers, and publishing across loops.
//
// Each loop keeps its own subscribers (LoopChannels); a publication is encoded once and crosses to
// every loop that has some. Order: without a history, what one thread publishes arrives everywhere
// in that order, on its own loop at once. With one, everybody sees the order of the offsets: it is
// the order of every loop's mailbox, so it goes to the own loop that way too. Thread: any.
#pragma once

#include <hybi/app/channel_interest.h>
#include <hybi/app/channel_rules.h>
#include <hybi/app/loop_channels.h>
#include <hybi/conn/loop_port.h>
#include <hybi/conn/publication.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

class ChannelHub : public std::enable_shared_from_this<ChannelHub> {
 public:
  // --- before the loops run
  ChannelRules& rules() { return rules_; }
  void set_engine(std::shared_ptr<Engine> engine) { engine_ = std::move(engine); }
  // Told of what failed and has no caller to return to.
  void set_error_hook(std::function<void(Error, std::string_view)> hook) {
    on_error_ = std::move(hook);
  }
  // Listens to the engine.
  void start();
  void join(const PortRef& port, LoopChannels& channels) {
    loops_.push_back({port, &channels, channels.index()});
  }

  // --- then
  // To every subscriber on every loop and node. `here`: the loop whose thread this is; null: find
  // out. `except` is one of its sessions, or null.
  void publish(std::string_view channel, const Message& message, PublishOptions options = {},
               const conn::WsSession* except = nullptr, LoopChannels* here = nullptr);

  // Tells the clients of the channel protocol, on this node.
  void announce_member(std::string_view channel, const hybi::Member& member, bool joined);

  // To the WebSockets of a route on every loop. `except` is one of `here`, or null.
  void broadcast(std::string_view route, const Message& message, std::function<bool(WebSocket&)> to,
                 const conn::WsSession* except = nullptr, LoopChannels* here = nullptr);
  void visit(std::function<void(WebSocket&)> visitor);

  // By threads that are no loop's; the loops count theirs.
  std::uint64_t publications_elsewhere() const {
    return elsewhere_.load(std::memory_order_relaxed);
  }

  Engine& engine() { return *engine_; }
  void report(Error error, std::string_view what) const {
    if (on_error_) on_error_(error, what);
  }
  ChannelInterest& interest() { return interest_; }
  // As its subscribers are sent it.
  conn::PublishedMessage message_of(const Publication& publication, std::uint64_t epoch) const;

 private:
  struct Member {
    PortRef port;
    LoopChannels* channels;  // touched on the port's thread only, and gone after the loop
    unsigned index;
  };
  struct Keeping;

  LoopChannels* this_loop() const;
  // To those of the loops but `here`; what `here` gets is the caller's business.
  void announce_to(LoopMask loops, engine::NameRef channel, const conn::PublishedMessage& message,
                   const LoopChannels* here) const;
  void keep(engine::NameRef channel, const Message& message, PublishOptions options,
            const ChannelOptions* rules, const conn::WsSession* except, LoopChannels* here);

  ChannelRules rules_;
  std::shared_ptr<Engine> engine_ = memory_engine();
  ChannelInterest interest_;
  std::vector<Member> loops_;
  std::atomic<std::uint64_t> elsewhere_{0};
  std::function<void(Error, std::string_view)> on_error_;
  // Held while a publication gets its offset and is posted, so that every mailbox has the order of
  // the offsets. By channel.
  std::array<std::mutex, 16> order_;
};

}  // namespace hybi
