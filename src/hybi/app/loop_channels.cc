// Subscribing and delivering, see loop_channels.h.
#include <hybi/app/channel_hub.h>
#include <hybi/app/loop_channels.h>

#include <algorithm>

namespace hybi {

Channel::Subscriber* Channel::find(const conn::WsSession& session) {
  const auto found = std::find_if(subscribers_.begin(), subscribers_.end(),
                                  [&](const Subscriber& one) { return one.session == &session; });
  return found != subscribers_.end() ? &*found : nullptr;
}

Channel* LoopChannels::find(std::string_view name) {
  return find(hub_.interest().ref(name));
}

Channel* LoopChannels::find(engine::NameRef name) {
  const auto found = channels_.find(name);
  return found != channels_.end() ? found->second.get() : nullptr;
}

Channel& LoopChannels::at(std::string_view name, bool is_pattern) {
  if (is_pattern) {
    std::unique_ptr<Channel>& channel = patterns_.at(name);
    if (!channel) {
      channel = std::make_unique<Channel>(name, true, nullptr);
      counters().channels.add();
      hub_.interest().add(hub_.interest().ref(name), index_);
      if (patterns_.size() == 1) hub_.interest().add_patterns(index_);
    }
    return *channel;
  }
  const engine::NameRef ref = hub_.interest().ref(name);
  if (Channel* const there = find(ref)) return *there;
  auto channel = std::make_unique<Channel>(name, false, hub_.rules().find(name));
  if (channel->options() != nullptr && channel->options()->history.any()) {
    channel->stream = std::make_unique<ChannelStream>();
  }
  counters().channels.add();
  hub_.interest().add(ref, index_);
  return *channels_.emplace(engine::Name(ref), std::move(channel)).first->second;
}

std::optional<std::size_t> LoopChannels::position(conn::WsSession& session, std::string_view name) {
  Channel* channel = find(name);
  if (channel == nullptr) {
    const std::unique_ptr<Channel>* const pattern = patterns_.find(name);
    if (pattern == nullptr) return std::nullopt;
    channel = pattern->get();
  }
  // The shorter of the two lists.
  const auto& subscriptions = session.subscriptions().list;
  if (subscriptions.size() > channel->subscribers().size()) {
    const Channel::Subscriber* const subscriber = channel->find(session);
    if (subscriber == nullptr) return std::nullopt;
    return subscriber->at;
  }
  for (std::size_t i = 0; i < subscriptions.size(); ++i) {
    if (subscriptions[i].channel == channel) return i;
  }
  return std::nullopt;
}

bool LoopChannels::subscribed(conn::WsSession& session, std::string_view name) {
  return position(session, name).has_value();
}

// Returns: whether it is subscribed already. Fails: TooManySubscriptions.
Result<bool> LoopChannels::check_room(conn::WsSession& session, std::string_view name) {
  if (position(session, name)) return true;
  const std::size_t count = session.subscriptions().list.size();
  if (count >= session.handlers().limits.max_subscriptions) return Errc::TooManySubscriptions;
  return false;
}

Channel::Subscriber& LoopChannels::add(conn::WsSession& session, Channel& channel) {
  auto& subscriptions = session.subscriptions().list;
  auto& subscribers = channel.subscribers();
  const auto at = static_cast<std::uint32_t>(subscribers.size());
  subscribers.push_back({&session, static_cast<std::uint32_t>(subscriptions.size())});
  subscriptions.push_back({&channel, at});
  counters().subscriptions.add();
  return subscribers.back();
}

Result<bool> LoopChannels::subscribe(conn::WsSession& session, std::string_view name,
                                     SubscribeOptions options) {
  if (!is_channel_name(name)) return Errc::BadChannel;
  const Result<bool> there = check_room(session, name);
  if (!there) return there.error();
  if (*there) return false;
  Channel& channel = at(name, false);
  Channel::Subscriber& subscriber = add(session, channel);
  if (channel.stream) {
    subscriber.joining = true;
    join(session, channel, std::move(options));
  } else if (options.done) {
    const Result<Subscribed> nothing = Subscribed{.recovered = !options.since};
    session.dispatch([&](WebSocket& ws) { options.done(ws, nothing); });
  }
  return true;
}

Result<bool> LoopChannels::subscribe_matching(conn::WsSession& session, std::string_view pattern) {
  if (!is_channel_pattern(pattern)) return Errc::BadChannel;
  if (is_channel_name(pattern)) return subscribe(session, pattern, {});
  const Result<bool> there = check_room(session, pattern);
  if (!there) return there.error();
  if (*there) return false;
  add(session, at(pattern, true));
  return true;
}

bool LoopChannels::unsubscribe(conn::WsSession& session, std::string_view name) {
  const std::optional<std::size_t> at = position(session, name);
  if (at) remove(session, *at);
  return at.has_value();
}

void LoopChannels::unsubscribe_all(conn::WsSession& session) {
  auto& list = session.subscriptions().list;
  while (!list.empty()) remove(session, list.size() - 1);
}

// Takes both ends of a subscription out; the last entry of each list moves into the gap.
void LoopChannels::remove(conn::WsSession& session, std::size_t index) {
  auto& subscriptions = session.subscriptions().list;
  const conn::Subscription gone = subscriptions[index];
  Channel& channel = *gone.channel;
  auto& subscribers = channel.subscribers();

  subscribers[gone.at] = subscribers.back();
  subscribers[gone.at].session->subscriptions().list[subscribers[gone.at].at].at = gone.at;
  subscribers.pop_back();

  subscriptions[index] = subscriptions.back();
  subscriptions.pop_back();
  counters().subscriptions.subtract();
  if (index < subscriptions.size()) {
    const conn::Subscription moved = subscriptions[index];
    moved.channel->subscribers()[moved.at].at = static_cast<std::uint32_t>(index);
  }
  if (channel.stream) {
    std::erase_if(channel.stream->joins, [&](const auto& one) { return one.session == &session; });
    std::erase_if(channel.stream->ahead, [&](const auto& one) { return one.session == &session; });
  }
  drop_if_empty(channel);
}

void LoopChannels::drop_if_empty(Channel& channel) {
  if (!channel.subscribers().empty()) return;
  counters().channels.subtract();
  const std::string name = channel.name();
  const engine::NameRef ref = hub_.interest().ref(name);
  hub_.interest().remove(ref, index_);
  if (channel.is_pattern()) {
    patterns_.erase(name);
    if (patterns_.empty()) hub_.interest().remove_patterns(index_);
  } else {
    channels_.erase(channels_.find(ref));
  }
}

void LoopChannels::publish(std::string_view channel, const Message& message, PublishOptions options,
                           const conn::WsSession* except) {
  hub_.publish(channel, message, std::move(options), except, this);
}

void LoopChannels::arrive(engine::NameRef name, const conn::PublishedMessage& message,
                          std::uint64_t except) {
  if (except == 0 && message.as) except = message.as->except;
  Channel* const exact = find(name);
  if (exact != nullptr && exact->stream && message.is_kept()) {
    arrive_in_order(*exact, message, except);
  } else if (exact != nullptr || !patterns_.empty()) {
    deliver(name.text, exact, message, except);
  }
}

void LoopChannels::deliver(std::string_view name, Channel* exact,
                           const conn::PublishedMessage& message, std::uint64_t except, To to) {
  const SlowQueue* slow = exact != nullptr ? exact->slow() : nullptr;
  std::uint64_t stamp = 0;
  matches_.clear();
  if (exact != nullptr) matches_.push_back(exact);
  if (to != To::Channel && !patterns_.empty() && is_channel_name(name)) {
    patterns_.for_each_match(name, [&](auto& channel) { matches_.push_back(channel.get()); });
    if (matches_.empty()) return;
    if (matches_.size() > 1) stamp = ++stamp_;
    if (exact == nullptr) {
      const ChannelOptions* const options = hub_.rules().find(name);
      if (options != nullptr && options->slow) slow = &*options->slow;
    }
  }
  conn::Publishing publication(name, message, port_.context()->deflate_pool(), slow);
  for (Channel* const channel : matches_) {
    send_to(*channel, publication, except, stamp, channel == exact && to == To::Patterns);
  }
}

// `stamp`: several channels match, and nobody is sent the same twice. 0: only this one does.
// `knows`: these have it, no matter how.
void LoopChannels::send_to(Channel& channel, conn::Publishing& publication, std::uint64_t except,
                           std::uint64_t stamp, bool knows) {
  for (Channel::Subscriber& subscriber : channel.subscribers()) {
    conn::WsSession& session = *subscriber.session;
    if (except != 0 && session.id() == except) continue;
    Sent sent = knows ? Sent::Told : Sent::Now;
    if (subscriber.joining || subscriber.ahead) {
      sent = standing(channel, subscriber, publication.message());
      if (sent == Sent::NotHere) continue;  // a pattern of its may have to tell it
    }
    if (stamp != 0) {
      std::uint64_t& last = session.subscriptions().last_publication;
      if (last == stamp) continue;
      last = stamp;
    }
    if (sent == Sent::Now) session.deliver(publication);
  }
}

// What somebody gets who is not yet where its loop is: whether it was in the answer to its
// subscribing, or came before what that answer is about.
LoopChannels::Sent LoopChannels::standing(Channel& channel, Channel::Subscriber& subscriber,
                                          const conn::PublishedMessage& message) {
  if (!message.is_kept()) return Sent::Now;
  if (subscriber.joining) return Sent::NotHere;
  auto& ahead = channel.stream->ahead;
  const auto found = std::find_if(ahead.begin(), ahead.end(), [&](const auto& one) {
    return one.session == subscriber.session;
  });
  const Position known = found->position, now = message.as->position;
  if (known.epoch != now.epoch) return Sent::NotHere;  // it knows already that this one is over
  const bool was_told = now.offset >= found->first;
  if (now.offset >= known.offset) {  // the next one is new to it
    subscriber.ahead = false;
    ahead.erase(found);
  }
  if (now.offset > known.offset) return Sent::Now;
  return was_told ? Sent::Told : Sent::NotHere;
}

}  // namespace hybi
