// Delivering a channel with a history in the order of its offsets, without one missing or coming
// twice. See channel_stream.h.
//
// Publications come by the mailbox, in that order. One that comes too early tells that others were
// lost on their way (a full mailbox, an engine's connection): they are asked for, and it waits.
#include <hybi/app/channel_hub.h>
#include <hybi/app/loop_channels.h>

#include <algorithm>

namespace hybi {
namespace {

// Publications that wait for those before them; what is beyond is in the history.
constexpr std::size_t kMaxEarly = 1024;

}  // namespace

void LoopChannels::arrive_in_order(Channel& channel, const conn::PublishedMessage& message,
                                   std::uint64_t except) {
  ChannelStream& stream = *channel.stream;
  const Position position = message.as->position;
  // Who joins reads it from the history; patterns have none.
  if (!stream.anchored) return pass_to_patterns(channel, message, except);
  if (position.epoch == stream.at.epoch) {
    if (position.offset <= stream.at.offset) {
      // Was in the mailbox already when the first one joined.
      if (position.epoch == stream.anchor.epoch && position.offset <= stream.anchor.offset) {
        pass_to_patterns(channel, message, except);
      }
      return;
    }
    if (position.offset == stream.at.offset + 1) {
      pass(channel, message, except);
      pass_early(channel);
      return;
    }
    if (stream.early.size() < kMaxEarly) stream.early.emplace(position.offset, message);
  }
  ask_for_gap(channel);
}

void LoopChannels::pass_to_patterns(Channel& channel, const conn::PublishedMessage& message,
                                    std::uint64_t except) {
  ChannelStream& stream = *channel.stream;
  const Position position = message.as->position;
  if (position.epoch == stream.announced.epoch && position.offset <= stream.announced.offset)
    return;
  stream.announced = position;
  deliver(channel.name(), stream.anchored ? &channel : nullptr, message, except, To::Patterns);
}

void LoopChannels::look_for_more(engine::NameRef name) {
  Channel* const channel = find(name);
  if (channel != nullptr && channel->stream && channel->stream->anchored) ask_for_gap(*channel);
}

// The next one.
void LoopChannels::pass(Channel& channel, const conn::PublishedMessage& message,
                        std::uint64_t except) {
  ChannelStream& stream = *channel.stream;
  stream.at.offset = message.as->position.offset;
  const bool patterns_know =
      stream.at.epoch == stream.announced.epoch && stream.at.offset <= stream.announced.offset;
  deliver(channel.name(), &channel, message, except, patterns_know ? To::Channel : To::Both);
}

void LoopChannels::pass_early(Channel& channel) {
  ChannelStream& stream = *channel.stream;
  while (!stream.early.empty() && stream.early.begin()->first <= stream.at.offset + 1) {
    const auto first = stream.early.extract(stream.early.begin());
    if (first.key() > stream.at.offset) pass(channel, first.mapped(), first.mapped().as->except);
  }
}

void LoopChannels::ask_for_gap(Channel& channel) {
  ChannelStream& stream = *channel.stream;
  if (stream.asking) {
    stream.ask_again = true;
    return;
  }
  stream.asking = true;
  ask(channel, stream.at, kNoLimit, [this](Channel& there, Result<History> history) {
    ChannelStream& now = *there.stream;
    now.asking = false;
    if (history) on_gap_history(there, *history);
    if (std::exchange(now.ask_again, false)) return ask_for_gap(there);
    if (now.early.empty()) return;
    // The engine does not know it, or does not answer: what is here is delivered.
    tell_missed(there, now.early.begin()->first - now.at.offset - 1);
    now.at.offset = now.early.begin()->first - 1;
    pass_early(there);
  });
}

void LoopChannels::on_gap_history(Channel& channel, const History& history) {
  ChannelStream& stream = *channel.stream;
  if (history.top.epoch != stream.at.epoch) {  // forgotten and begun anew
    stream.early.clear();
    const std::uint64_t first =
        history.publications.empty() ? history.top.offset + 1 : history.publications[0].offset;
    stream.at = {history.top.epoch, first - 1};
    move_to_new_epoch(channel);
  }
  for (const Publication& publication : history.publications) {
    if (publication.offset <= stream.at.offset) continue;
    if (publication.offset > stream.at.offset + 1) {
      tell_missed(channel, publication.offset - stream.at.offset - 1);
      stream.at.offset = publication.offset - 1;
    }
    pass(channel, hub_.message_of(publication, history.top.epoch), 0);
  }
  if (stream.at.offset < history.top.offset) {
    tell_missed(channel, history.top.offset - stream.at.offset);
    stream.at.offset = history.top.offset;
  }
  pass_early(channel);
}

// Who has joined in that epoch already knows where it stands; the others are told.
void LoopChannels::move_to_new_epoch(Channel& channel) {
  ChannelStream& stream = *channel.stream;
  for (Channel::Subscriber& subscriber : channel.subscribers()) {
    if (subscriber.joining) continue;
    conn::WsSession& session = *subscriber.session;
    const auto known = std::find_if(stream.ahead.begin(), stream.ahead.end(), [&](const auto& one) {
      return one.session == &session && one.position.epoch == stream.at.epoch;
    });
    if (known == stream.ahead.end()) {
      session.begin_anew(channel.name(), stream.at);
    } else if (known->position.offset < stream.at.offset) {
      session.miss(channel.name(), stream.at.offset - known->position.offset);
    }
    subscriber.ahead = known != stream.ahead.end() && known->position.offset > stream.at.offset;
  }
  std::erase_if(stream.ahead, [&](const auto& one) { return !channel.find(*one.session)->ahead; });
}

void LoopChannels::tell_missed(Channel& channel, std::uint64_t missed) {
  if (missed == 0) return;
  for (const Channel::Subscriber& subscriber : channel.subscribers()) {
    if (!subscriber.joining) subscriber.session->miss(channel.name(), missed);
  }
}

}  // namespace hybi
