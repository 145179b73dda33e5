// Subscribing and publishing, see channel_hub.h.
#include <hybi/app/channel_hub.h>
#include <hybi/conn/loop_context.h>

namespace hybi {

Channel* LoopChannels::find(std::string_view name) {
  const auto found = channels_.find(name);
  return found != channels_.end() ? found->second.get() : nullptr;
}

bool LoopChannels::subscribe(conn::WsSession& session, std::string_view name) {
  Channel* channel = find(name);
  if (channel == nullptr) {
    channel =
        channels_.emplace(std::string(name), std::make_unique<Channel>(name)).first->second.get();
  }
  auto& subscriptions = session.subscriptions();
  for (const conn::Subscription& subscription : subscriptions) {
    if (subscription.channel == channel) return false;
  }
  auto& subscribers = channel->subscribers();
  const auto at = static_cast<std::uint32_t>(subscribers.size());
  subscribers.push_back({&session, static_cast<std::uint32_t>(subscriptions.size())});
  subscriptions.push_back({channel, at});
  return true;
}

bool LoopChannels::unsubscribe(conn::WsSession& session, std::string_view name) {
  auto& subscriptions = session.subscriptions();
  for (std::size_t i = 0; i < subscriptions.size(); ++i) {
    if (subscriptions[i].channel->name() != name) continue;
    remove(session, i);
    return true;
  }
  return false;
}

void LoopChannels::unsubscribe_all(conn::WsSession& session) {
  while (!session.subscriptions().empty()) remove(session, session.subscriptions().size() - 1);
}

// Takes both ends of a subscription out; the last entry of each list moves into the gap.
void LoopChannels::remove(conn::WsSession& session, std::size_t index) {
  auto& subscriptions = session.subscriptions();
  const conn::Subscription gone = subscriptions[index];
  auto& subscribers = gone.channel->subscribers();

  subscribers[gone.at] = subscribers.back();
  subscribers[gone.at].session->subscriptions()[subscribers[gone.at].at].at = gone.at;
  subscribers.pop_back();

  subscriptions[index] = subscriptions.back();
  subscriptions.pop_back();
  if (index < subscriptions.size()) {
    const conn::Subscription moved = subscriptions[index];
    moved.channel->subscribers()[moved.at].at = static_cast<std::uint32_t>(index);
  }
  if (subscribers.empty()) channels_.erase(channels_.find(gone.channel->name()));
}

std::size_t LoopChannels::deliver(std::string_view name, const conn::PublishedMessage& message,
                                  const conn::WsSession* except) {
  Channel* const channel = find(name);
  if (channel == nullptr) return 0;
  std::size_t count = 0;
  conn::Publication publication(message, port_.context()->deflate_pool());
  for (const Channel::Subscriber& subscriber : channel->subscribers()) {
    if (subscriber.session == except) continue;
    subscriber.session->deliver(publication, name);
    ++count;
  }
  return count;
}

void LoopChannels::publish(std::string_view channel, const Message& message,
                           const conn::WsSession* except) {
  const conn::PublishedMessage shared(message);
  deliver(channel, shared, except);
  hub_.publish_elsewhere(channel, shared, port_);
}

void ChannelHub::send_to(const Member& loop, std::string_view channel,
                         const conn::PublishedMessage& message) {
  LoopChannels* const channels = loop.channels;
  loop.port->post_message([channels, message, name = std::string(channel)](
                              conn::LoopContext&) { channels->deliver(name, message, nullptr); },
                          message.frame->frame.size());
}

void ChannelHub::publish_elsewhere(std::string_view channel, const conn::PublishedMessage& message,
                                   const conn::LoopPort& from) {
  for (const Member& loop : loops_) {
    if (loop.port.get() != &from) send_to(loop, channel, message);
  }
}

void ChannelHub::publish(std::string_view channel, const Message& message) {
  const conn::PublishedMessage shared(message);
  for (const Member& loop : loops_) {
    if (!loop.port->on_loop_thread()) {
      send_to(loop, channel, shared);
    } else if (loop.port->context() != nullptr) {
      loop.channels->deliver(channel, shared, nullptr);
    }
  }
}

}  // namespace hybi
