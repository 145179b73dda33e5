// Subscribing to a channel with a history: what was missed first, then what is published, without
// one missing or coming twice in between. See channel_stream.h.
#include <hybi/app/channel_hub.h>
#include <hybi/app/loop_channels.h>

#include <algorithm>

namespace hybi {
namespace {

// An engine that answers so late, so often, that publications always overtake it.
constexpr unsigned kMaxRounds = 8;

}  // namespace

void LoopChannels::ask(Channel& channel, std::optional<Position> since, std::size_t limit,
                       std::function<void(Channel&, Result<History>)> then) {
  hub_.engine().history(
      channel.name(), since, limit,
      [this, name = channel.name(), port = PortRef(&port_),
       then = std::move(then)](Result<History> history) {
        if (port->on_loop_thread()) {
          if (Channel* const there = port->context() != nullptr ? find(name) : nullptr) {
            if (there->stream) then(*there, std::move(history));
          }
          return;
        }
        port->post([this, name, then, history = std::move(history)](conn::LoopContext&) {
          Channel* const there = find(name);
          if (there != nullptr && there->stream) then(*there, history);
        });
      });
}

void LoopChannels::join(conn::WsSession& session, Channel& channel, SubscribeOptions options) {
  const std::uint64_t number = ++last_join_;
  const std::size_t newest =
      std::max<std::size_t>(options.history, channel.options()->history.retain ? 1 : 0);
  channel.stream->joins.push_back({.number = number,
                                   .session = &session,
                                   .asked_since = options.since.has_value(),
                                   .max_missed = options.max_missed,
                                   .send = options.send_missed,
                                   .done = std::move(options.done)});
  ask_for_join(channel, number, options.since, options.since ? options.max_missed : newest);
}

void LoopChannels::ask_for_join(Channel& channel, std::uint64_t number,
                                std::optional<Position> since, std::size_t limit) {
  ask(channel, since, limit, [this, number](Channel& there, Result<History> history) {
    on_join_history(there, number, std::move(history));
  });
}

void LoopChannels::on_join_history(Channel& channel, std::uint64_t number,
                                   Result<History> history) {
  ChannelStream& stream = *channel.stream;
  const auto found = std::find_if(stream.joins.begin(), stream.joins.end(),
                                  [&](const auto& one) { return one.number == number; });
  if (found == stream.joins.end()) return;  // has gone
  if (!history) {
    ChannelStream::Join failed = std::move(*found);
    stream.joins.erase(found);
    return finish_join(channel, std::move(failed), history.error());
  }
  const bool is_first = found->rounds++ == 0;
  if ((!is_first || found->asked_since) && !history->complete) {
    found->recovered = false;  // nothing may be missing after the first one that is told
    found->found.clear();
    const auto& told = history->publications;
    if (!told.empty() && told.back().offset < history->top.offset && found->rounds < kMaxRounds) {
      return ask_for_join(channel, number, std::nullopt, found->max_missed);  // the latest, then
    }
  }
  found->reached = history->top;
  found->found.insert(found->found.end(), history->publications.begin(),
                      history->publications.end());
  if (!stream.anchored) {
    stream.anchored = true;
    stream.at = stream.anchor = history->top;
  }
  // Something was delivered here while the answer was on its way, or either is of a stream that has
  // been forgotten: asked twice, the engine is right.
  const bool other_epoch = stream.at.epoch != found->reached.epoch;
  const bool overtaken = !other_epoch && found->reached.offset < stream.at.offset;
  if ((other_epoch && is_first) || (overtaken && found->rounds < kMaxRounds)) {
    return ask_for_join(channel, number, found->reached, found->max_missed);
  }
  if (overtaken) {
    found->recovered = false;
    found->found.clear();
    found->reached = stream.at;
  }
  ChannelStream::Join done = std::move(*found);
  stream.joins.erase(found);
  Subscribed subscribed{
      .position = done.reached, .recovered = done.recovered, .publications = std::move(done.found)};
  const std::string name = channel.name();
  finish_join(channel, std::move(done), std::move(subscribed));
  // What was announced before anybody here knew where the stream stood.
  Channel* const there = find(name);
  if (there == nullptr || !there->stream->anchored) return;
  const Position announced = there->stream->announced, at = there->stream->at;
  const bool is_behind = announced.epoch == at.epoch && announced.offset > at.offset;
  if (is_behind || other_epoch) ask_for_gap(*there);
}

void LoopChannels::finish_join(Channel& channel, ChannelStream::Join join,
                               const Result<Subscribed>& result) {
  conn::WsSession& session = *join.session;
  // What is needed of the channel: it may be gone when the session's own handler has run.
  const std::string name = channel.name();
  const SlowQueue* const slow = channel.slow();
  if (!result) {
    unsubscribe(session, name);
  } else {
    Channel::Subscriber* const subscriber = channel.find(session);
    subscriber->joining = false;
    if (join.asked_since) {
      (result->recovered ? counters().recovered : counters().not_recovered).add();
    }
    // With patterns something may be in the mailbox for them that this one knows.
    if (!patterns_.empty()) settle_later(channel);
    if (!(join.reached == channel.stream->at) || !patterns_.empty()) {
      subscriber->ahead = true;
      const auto& told = result->publications;
      const std::uint64_t first = told.empty() ? join.reached.offset + 1 : told.front().offset;
      channel.stream->ahead.push_back({&session, join.reached, first});
    }
  }
  if (join.done) {
    session.dispatch([&](WebSocket& ws) { join.done(ws, result); });
  } else if (!result) {
    hub_.report(result.error(), "subscribing to " + name);
  }
  if (!result || !join.send || !subscribed(session, name)) return;
  for (const Publication& publication : result->publications) {
    const conn::PublishedMessage message = hub_.message_of(publication, join.reached.epoch);
    conn::Publishing one(name, message, port_.context()->deflate_pool(), slow);
    session.deliver(one);
  }
}

// When the mailbox has been worked off nobody is ahead of the loop by what was in it.
void LoopChannels::settle_later(Channel& channel) {
  if (channel.stream->settling != 0) return;
  const std::uint64_t number = ++last_join_;
  const auto settle = [this, number, name = channel.name()](conn::LoopContext&) {
    Channel* const there = find(name);
    if (there == nullptr || !there->stream || there->stream->settling != number) return;
    ChannelStream& stream = *there->stream;
    stream.settling = 0;
    std::erase_if(stream.ahead, [&](const auto& one) {
      return one.position.epoch == stream.at.epoch && one.position.offset <= stream.at.offset;
    });
    for (Channel::Subscriber& subscriber : there->subscribers()) {
      const auto is_it = [&](const auto& one) { return one.session == subscriber.session; };
      subscriber.ahead =
          subscriber.ahead && std::any_of(stream.ahead.begin(), stream.ahead.end(), is_it);
    }
  };
  if (port_.post(settle)) channel.stream->settling = number;
}

}  // namespace hybi
