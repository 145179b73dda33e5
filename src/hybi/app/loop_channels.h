// The subscribers of one loop: who listens to which name or pattern, and delivering to them.
// Channels with a history are delivered in the order of their offsets, see channel_stream.h.
// Thread: the loop's.
#pragma once

#include <hybi/app/channel_stream.h>
#include <hybi/app/pattern_tree.h>
#include <hybi/conn/application.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/loop_port.h>
#include <hybi/conn/publication.h>
#include <hybi/conn/ws_session.h>
#include <hybi/engine/name.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

class ChannelHub;

// One name, or one pattern, on one loop. As long as it has subscribers.
class Channel {
 public:
  struct Subscriber {
    conn::WsSession* session;
    std::uint32_t at;          // position among the session's subscriptions
    bool joining : 1 = false;  // is not sent anything yet
    bool ahead : 1 = false;    // see ChannelStream::Ahead
  };

  Channel(std::string_view name, bool is_pattern, const ChannelOptions* options)
      : name_(name), is_pattern_(is_pattern), options_(options) {}
  const std::string& name() const { return name_; }
  bool is_pattern() const { return is_pattern_; }
  const ChannelOptions* options() const { return options_; }  // null: none were declared
  const SlowQueue* slow() const {
    return options_ != nullptr && options_->slow ? &*options_->slow : nullptr;
  }
  std::vector<Subscriber>& subscribers() { return subscribers_; }
  Subscriber* find(const conn::WsSession& session);

  std::unique_ptr<ChannelStream> stream;  // null: no history

 private:
  std::string name_;
  bool is_pattern_;
  const ChannelOptions* options_;
  std::vector<Subscriber> subscribers_;
};

class LoopChannels final : public conn::Channels {
 public:
  // Lifetime: `hub` and `port` outlive it.
  LoopChannels(ChannelHub& hub, conn::LoopPort& port, unsigned index)
      : hub_(hub), port_(port), index_(index) {}

  Result<bool> subscribe(conn::WsSession& session, std::string_view channel,
                         SubscribeOptions options) override;
  Result<bool> subscribe_matching(conn::WsSession& session, std::string_view pattern) override;
  bool unsubscribe(conn::WsSession& session, std::string_view name) override;
  bool subscribed(conn::WsSession& session, std::string_view name) override;
  void unsubscribe_all(conn::WsSession& session) override;
  void publish(std::string_view channel, const Message& message, PublishOptions options,
               const conn::WsSession* except) override;

  void broadcast(std::string_view route, const Message& message,
                 const conn::WsSession& except) override;

  // To the WebSockets of a route on this loop. `to`: empty, all.
  void send_to_route(std::string_view route, const conn::PublishedMessage& message,
                     const std::function<bool(WebSocket&)>& to, const conn::WsSession* except);
  void visit(const std::function<void(WebSocket&)>& visitor);

  // A publication. `except`: the WebSocket that is left out; 0: the one that the message names.
  void arrive(engine::NameRef name, const conn::PublishedMessage& message, std::uint64_t except);
  // Some of that name were lost on their way: the history is asked for them.
  void look_for_more(engine::NameRef name);

  // Whether there may be a subscriber of that name.
  bool listens(engine::NameRef name) { return !patterns_.empty() || find(name) != nullptr; }

  unsigned index() const { return index_; }
  conn::LoopPort& port() { return port_; }
  conn::Counters& counters() { return port_.context()->counters(); }

 private:
  Channel* find(engine::NameRef name);
  Channel* find(std::string_view name);
  Channel& at(std::string_view name, bool is_pattern);
  // Where it stands among the session's; nothing: it is not subscribed.
  std::optional<std::size_t> position(conn::WsSession& session, std::string_view name);
  Result<bool> check_room(conn::WsSession& session, std::string_view name);
  Channel::Subscriber& add(conn::WsSession& session, Channel& channel);
  void remove(conn::WsSession& session, std::size_t index);
  void drop_if_empty(Channel& channel);

  enum class To : std::uint8_t { Both, Channel, Patterns };
  void deliver(std::string_view name, Channel* exact, const conn::PublishedMessage& message,
               std::uint64_t except, To to = To::Both);
  void send_to(Channel& channel, conn::Publishing& publication, std::uint64_t except,
               std::uint64_t stamp, bool knows = false);
  enum class Sent : std::uint8_t { Now, Told, NotHere };
  Sent standing(Channel& channel, Channel::Subscriber& subscriber,
                const conn::PublishedMessage& message);

  // channel_order.cc
  void arrive_in_order(Channel& channel, const conn::PublishedMessage& message,
                       std::uint64_t except);
  void pass_to_patterns(Channel& channel, const conn::PublishedMessage& message,
                        std::uint64_t except);
  void pass(Channel& channel, const conn::PublishedMessage& message, std::uint64_t except);
  void pass_early(Channel& channel);
  void ask_for_gap(Channel& channel);
  void on_gap_history(Channel& channel, const History& history);
  void move_to_new_epoch(Channel& channel);
  void tell_missed(Channel& channel, std::uint64_t missed);

  // channel_join.cc
  void join(conn::WsSession& session, Channel& channel, SubscribeOptions options);
  void ask_for_join(Channel& channel, std::uint64_t number, std::optional<Position> since,
                    std::size_t limit);
  void on_join_history(Channel& channel, std::uint64_t number, Result<History> history);
  void settle_later(Channel& channel);
  void finish_join(Channel& channel, ChannelStream::Join join, const Result<Subscribed>& result);

  // Asks the engine. `then` runs on this thread if the channel is still there.
  void ask(Channel& channel, std::optional<Position> since, std::size_t limit,
           std::function<void(Channel&, Result<History>)> then);

  ChannelHub& hub_;
  conn::LoopPort& port_;
  unsigned index_;
  engine::ByName<std::unique_ptr<Channel>> channels_;
  PatternTree<std::unique_ptr<Channel>> patterns_;
  std::vector<Channel*> matches_;  // scratch of deliver
  std::uint64_t stamp_ = 0;
  std::uint64_t last_join_ = 0;
};

}  // namespace hybi
