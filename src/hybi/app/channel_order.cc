// Delivering a channel with a history in the order of its offsets, without one missing or coming
// twice. See channel_stream.h.
//
// What this thread has published is at hand at once; what others have published before may still be
// in the mailbox. So a direct publication that comes too early waits until the mailbox has been
// worked off; one from the mailbox does not, because everything before it was posted before it:
// what is missing then was lost on its way (a full mailbox, an engine's connection) and is asked
// for.
#include <hybi/app/channel_hub.h>
#include <hybi/app/loop_channels.h>
#include <hybi/conn/loop_context.h>

namespace hybi {

void LoopChannels::arrive_in_order(Channel& channel, const conn::PublishedMessage& message,
                                   const conn::WsSession* except, bool direct) {
  ChannelStream& stream = *channel.stream;
  const Position position = message.as->position;
  if (!stream.anchored) {
    // Who joins reads it from the history; patterns have none.
    if (position.epoch != stream.announced.epoch || position.offset > stream.announced.offset) {
      stream.announced = position;
      deliver(channel.name(), nullptr, message, except);
    }
    return;
  }
  if (position.epoch == stream.at.epoch) {
    if (position.offset <= stream.at.offset) return;
    if (position.offset == stream.at.offset + 1) {
      pass(channel, message, except);
      pass_early(channel);
      return;
    }
    stream.early.emplace(position.offset, message);
    if (direct) return settle_later(channel);
  }
  ask_for_gap(channel);
}

// The next one.
void LoopChannels::pass(Channel& channel, const conn::PublishedMessage& message,
                        const conn::WsSession* except) {
  ChannelStream& stream = *channel.stream;
  stream.at.offset = message.as->position.offset;
  const bool patterns_know =
      stream.at.epoch == stream.announced.epoch && stream.at.offset <= stream.announced.offset;
  deliver(channel.name(), &channel, message, except, !patterns_know);
}

void LoopChannels::pass_early(Channel& channel) {
  ChannelStream& stream = *channel.stream;
  while (!stream.early.empty() && stream.early.begin()->first <= stream.at.offset + 1) {
    const auto first = stream.early.extract(stream.early.begin());
    if (first.key() <= stream.at.offset) continue;
    const std::uint64_t except = first.mapped().as->except;
    const conn::WsSession* left_out = nullptr;
    for (const Channel::Subscriber& one : channel.subscribers()) {
      if (except != 0 && one.session->id() == except) left_out = one.session;
    }
    pass(channel, first.mapped(), left_out);
  }
}

void LoopChannels::settle_later(Channel& channel) {
  ChannelStream& stream = *channel.stream;
  if (stream.settling) return;
  stream.settling = port_.post([this, name = channel.name()](conn::LoopContext&) {
    Channel* const there = find(name);
    if (there == nullptr || !there->stream) return;
    there->stream->settling = false;
    if (!there->stream->early.empty()) ask_for_gap(*there);
  });
  if (!stream.settling) ask_for_gap(channel);
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
    for (const Channel::Subscriber& subscriber : channel.subscribers()) {
      if (!subscriber.joining) subscriber.session->begin_anew(channel.name(), stream.at);
    }
  }
  for (const Publication& publication : history.publications) {
    if (publication.offset <= stream.at.offset) continue;
    if (publication.offset > stream.at.offset + 1) {
      tell_missed(channel, publication.offset - stream.at.offset - 1);
      stream.at.offset = publication.offset - 1;
    }
    pass(channel, hub_.message_of(publication, history.top.epoch), nullptr);
  }
  if (stream.at.offset < history.top.offset) {
    tell_missed(channel, history.top.offset - stream.at.offset);
    stream.at.offset = history.top.offset;
  }
  pass_early(channel);
}

void LoopChannels::tell_missed(Channel& channel, std::uint64_t missed) {
  if (missed == 0) return;
  for (const Channel::Subscriber& subscriber : channel.subscribers()) {
    if (!subscriber.joining) subscriber.session->miss(channel.name(), missed);
  }
}

}  // namespace hybi
