// See memory_members.h.
#include <hybi/engine/memory_members.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace hybi::engine {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kSweep = 16;  // members that a call lets go beside those of its channel

}  // namespace

Result<bool> MemoryMembers::add(NameRef name, Member member, Time until, Time now) {
  Channel* channel = find(name, now);
  auto client = channel != nullptr ? channel->clients.find(member.client) : Clients::iterator();
  const bool is_new = channel == nullptr || client == channel->clients.end();
  if (is_new) {
    if (!places_.take()) return Errc::EngineFull;
    if (channel == nullptr) channel = &add_channel(name);
    client = channel->clients.try_emplace(std::move(member.client)).first;
    client->second.end = channel->ends.emplace(until, &*client);
    count_user(*channel, member.user);
  } else {
    auto node = channel->ends.extract(client->second.end);
    node.key() = until;
    client->second.end = channel->ends.insert(std::move(node));
    if (member.user != client->second.user) {
      uncount_user(*channel, client->second.user);
      count_user(*channel, member.user);
    }
  }
  client->second.user = std::move(member.user);
  client->second.info = std::move(member.info);
  if (until < channel->due->first) due_.move(channel->due, until);
  return is_new;
}

bool MemoryMembers::remove(NameRef name, std::string_view client, Time now) {
  Channel* const channel = find(name, now);
  if (channel == nullptr) return false;
  const auto at = channel->clients.find(client);
  if (at == channel->clients.end()) return false;
  leave(*channel, at);
  if (channel->clients.empty()) remove_channel(*channel);
  return true;
}

std::vector<Member> MemoryMembers::list(NameRef name, std::size_t limit, Time now) {
  std::vector<Member> members;
  const Channel* const channel = find(name, now);
  if (channel == nullptr) return members;
  members.reserve(std::min(limit, channel->clients.size()));
  for (const auto& [client, here] : channel->clients) {
    if (members.size() == limit) break;
    members.push_back({client, here.user, here.info});
  }
  return members;
}

PresenceCount MemoryMembers::count(NameRef name, Time now) {
  const Channel* const channel = find(name, now);
  if (channel == nullptr) return {};
  return {channel->clients.size(), channel->users.size() + channel->without_user};
}

void MemoryMembers::sweep(Time now) {
  sweep(now, kSweep);
}

void MemoryMembers::sweep_all(Time now) {
  sweep(now, kAll);
}

void MemoryMembers::sweep(Time now, std::size_t at_most) {
  while (Channel* const channel = at_most > 0 ? due_.first_due(now) : nullptr) {
    at_most -= expire(*channel, now, at_most);
    if (channel->clients.empty()) {
      remove_channel(*channel);
    } else {
      due_.move(channel->due, channel->ends.begin()->first);
    }
  }
}

// --- one channel

MemoryMembers::Channel* MemoryMembers::find(NameRef name, Time now) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return nullptr;
  Channel& channel = found->second;
  expire(channel, now, kAll);
  if (!channel.clients.empty()) return &channel;
  remove_channel(channel);
  return nullptr;
}

MemoryMembers::Channel& MemoryMembers::add_channel(NameRef name) {
  const auto at = channels_.try_emplace(Name(name)).first;
  at->second.name = &at->first;
  at->second.due = due_.add(at->second, kNever);
  return at->second;
}

void MemoryMembers::remove_channel(Channel& channel) {
  due_.remove(channel.due);
  channels_.erase(channels_.find(NameRef(*channel.name)));
}

void MemoryMembers::leave(Channel& channel, Clients::iterator client) {
  uncount_user(channel, client->second.user);
  channel.ends.erase(client->second.end);
  channel.clients.erase(client);
  places_.give_back();
}

std::size_t MemoryMembers::expire(Channel& channel, Time now, std::size_t at_most) {
  std::size_t gone = 0;
  while (gone < at_most && !channel.ends.empty() && channel.ends.begin()->first <= now) {
    leave(channel, channel.clients.find(channel.ends.begin()->second->first));
    ++gone;
  }
  return gone;
}

void MemoryMembers::count_user(Channel& channel, const std::string& user) {
  if (user.empty()) {
    ++channel.without_user;
  } else {
    ++channel.users[user];
  }
}

void MemoryMembers::uncount_user(Channel& channel, const std::string& user) {
  if (user.empty()) {
    --channel.without_user;
    return;
  }
  const auto at = channel.users.find(user);
  if (--at->second == 0) channel.users.erase(at);
}

}  // namespace hybi::engine
