// See presence.h.
#include <hybi/app/channel_hub.h>
#include <hybi/app/presence.h>

namespace hybi {
namespace {

// The process ends with its members; engines of many nodes count the time of a node that has died.
constexpr std::chrono::hours kMemberTtl{24 * 365};

std::string name_of(const Member& member) {
  // A user and a client of the same text are two.
  return member.user.empty() ? "c" + member.client : "u" + member.user;
}

}  // namespace

void Presence::join(std::string_view channel, const ChannelOptions& options, const Member& member) {
  hub_->engine().add_member(channel, member, kMemberTtl, [](Result<bool>) {});
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    Somebody& somebody = here_[{std::string(channel), name_of(member)}];
    is_new = somebody.clients++ == 0 && somebody.leaving == 0;
    somebody.leaving = 0;
  }
  if (is_new && options.presence_events) hub_->announce_member(channel, member, true);
}

void Presence::leave(std::string_view channel, const ChannelOptions& options,
                     const Member& member) {
  hub_->engine().remove_member(channel, member.client, [](Result<bool>) {});
  const Key key{std::string(channel), name_of(member)};
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = here_.find(key);
    if (found == here_.end() || --found->second.clients != 0) return;
    if (!options.presence_events) {
      here_.erase(found);
      return;
    }
    number = found->second.leaving = ++last_number_;
  }
  timer_(options.leave_delay, [weak = weak_from_this(), key, number, member] {
    if (const auto self = weak.lock()) self->gone(key, number, member);
  });
}

void Presence::gone(const Key& key, std::uint64_t number, const Member& member) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = here_.find(key);
    if (found == here_.end() || found->second.leaving != number) return;  // has come back
    here_.erase(found);
  }
  hub_->announce_member(key.first, member, false);
}

}  // namespace hybi
