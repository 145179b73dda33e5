// Subscribing to a channel with a history: what was missed first, then what is published, without
// one missing or coming twice in between. See channel_stream.h.
#include <hybi/app/channel_hub.h>
#include <hybi/app/loop_channels.h>
#include <hybi/conn/loop_context.h>

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
                                   .send = options.send_missed,
                                   .done = std::move(options.done)});
  ask_for_join(channel, number, options.since, options.since ? kNoLimit : newest);
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
  if (found->rounds++ != 0 || found->asked_since) {
    if (!history->complete) {  // nothing may be missing after the first one that is told
      found->recovered = false;
      found->found.clear();
    }
  }
  found->reached = history->top;
  found->found.insert(found->found.end(), history->publications.begin(),
                      history->publications.end());
  if (!stream.anchored) {
    stream.anchored = true;
    stream.at = history->top;
  }
  // Something was delivered here while the answer was on its way.
  const bool overtaken =
      stream.at.epoch == found->reached.epoch && found->reached.offset < stream.at.offset;
  if (overtaken && found->rounds < kMaxRounds) {
    return ask_for_join(channel, number, found->reached, kNoLimit);
  }
  ChannelStream::Join done = std::move(*found);
  stream.joins.erase(found);
  Subscribed subscribed{.position = done.reached,
                        .recovered = done.recovered && !overtaken,
                        .publications = std::move(done.found)};
  const std::string name = channel.name();
  finish_join(channel, std::move(done), std::move(subscribed));
  // What was announced before anybody here knew where the stream stood.
  Channel* const there = find(name);
  if (there == nullptr || !there->stream->anchored) return;
  const Position announced = there->stream->announced, at = there->stream->at;
  if (announced.epoch == at.epoch && announced.offset > at.offset) ask_for_gap(*there);
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
    if (!(join.reached == channel.stream->at)) {
      subscriber->ahead = true;
      channel.stream->ahead.push_back({&session, join.reached});
    }
  }
  if (join.done) session.dispatch([&](WebSocket& ws) { join.done(ws, result); });
  if (!result || !join.send) return;
  for (const Publication& publication : result->publications) {
    const conn::PublishedMessage message = hub_.message_of(publication, join.reached.epoch);
    conn::Publishing one(name, message, port_.context()->deflate_pool(), slow);
    session.deliver(one);
  }
}

}  // namespace hybi
