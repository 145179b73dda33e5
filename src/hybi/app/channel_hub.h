// Channels with exact names: who listens on a loop, and publishing across loops.
//
// Each loop keeps its own subscribers and delivers to them; a publication is encoded once and
// crosses to every other loop once. Order: what one thread publishes arrives everywhere in that
// order.
#pragma once

#include <hybi/conn/application.h>
#include <hybi/conn/loop_port.h>
#include <hybi/conn/publication.h>
#include <hybi/conn/ws_session.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hybi {

// One channel on one loop.
class Channel {
 public:
  struct Subscriber {
    conn::WsSession* session;
    std::uint32_t at;  // position among the session's subscriptions
  };

  explicit Channel(std::string_view name) : name_(name) {}
  const std::string& name() const { return name_; }
  std::vector<Subscriber>& subscribers() { return subscribers_; }

 private:
  std::string name_;
  std::vector<Subscriber> subscribers_;
};

class ChannelHub;

// The subscribers of one loop. Thread: the loop's.
class LoopChannels final : public conn::Channels {
 public:
  LoopChannels(ChannelHub& hub, conn::LoopPort& port) : hub_(hub), port_(port) {}

  bool subscribe(conn::WsSession& session, std::string_view channel) override;
  bool unsubscribe(conn::WsSession& session, std::string_view channel) override;
  void unsubscribe_all(conn::WsSession& session) override;
  void publish(std::string_view channel, const Message& message,
               const conn::WsSession* except) override;

  // Returns: to how many.
  std::size_t deliver(std::string_view channel, const conn::PublishedMessage& message,
                      const conn::WsSession* except);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };

  Channel* find(std::string_view name);
  void remove(conn::WsSession& session, std::size_t index);

  ChannelHub& hub_;
  conn::LoopPort& port_;
  std::unordered_map<std::string, std::unique_ptr<Channel>, Hash, std::equal_to<>> channels_;
};

// All loops of a server. The loops join before any of them runs.
class ChannelHub {
 public:
  void join(const PortRef& port, LoopChannels& channels) { loops_.push_back({port, &channels}); }
  // To every loop; on the calling loop's own thread its part is done at once. Thread: any.
  void publish(std::string_view channel, const Message& message);
  // To every loop but `from`.
  void publish_elsewhere(std::string_view channel, const conn::PublishedMessage& message,
                         const conn::LoopPort& from);

 private:
  struct Member {
    PortRef port;
    LoopChannels* channels;  // touched on the port's thread only
  };
  static void send_to(const Member& loop, std::string_view channel,
                      const conn::PublishedMessage& message);

  std::vector<Member> loops_;
};

}  // namespace hybi
