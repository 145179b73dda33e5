// See presence.h.
#include <hybi/app/channel_hub.h>
#include <hybi/app/presence.h>

namespace hybi {
namespace {

constexpr std::chrono::hours kForEver{24 * 365};  // the process ends with its members
constexpr std::chrono::seconds kMemberTtl{60}, kRenewal{20};

std::string name_of(const Member& member) {
  // A user and a client of the same text are two.
  return member.user.empty() ? "c" + member.client : "u" + member.user;
}

}  // namespace

// The engine and the others are told under the lock: else a client that comes again could be
// removed by its leave, or be told to have gone. Telling only posts to the loops.
void Presence::join(std::string_view channel, const ChannelOptions& options, const Member& member) {
  const std::lock_guard lock(mutex_);
  Somebody& somebody = here_[{std::string(channel), name_of(member)}];
  const bool is_new = somebody.clients++ == 0 && somebody.leaving == 0;
  somebody.leaving = 0;
  add(channel, member);
  if (hub_->engine().shared()) {
    renewed_.insert_or_assign(Key{channel, member.client}, member);
    if (!std::exchange(renews_, true)) renew_later();
  }
  const std::string last = std::exchange(somebody.last, {});
  if (!last.empty() && last != member.client) remove(channel, last);
  if (is_new && options.presence_events) hub_->announce_member(channel, member, true);
}

void Presence::leave(std::string_view channel, const ChannelOptions& options,
                     const Member& member) {
  const Key key{std::string(channel), name_of(member)};
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = here_.find(key);
    const bool was_last = found != here_.end() && --found->second.clients == 0;
    if (!was_last || !options.presence_events) {
      if (was_last) here_.erase(found);
      return remove(channel, member.client);
    }
    number = found->second.leaving = ++last_number_;
    found->second.last = member.client;
  }
  timer_(options.leave_delay, [weak = weak_from_this(), key, number, member] {
    if (const auto self = weak.lock()) self->gone(key, number, member);
  });
}

void Presence::gone(const Key& key, std::uint64_t number, const Member& member) {
  const std::lock_guard lock(mutex_);
  const auto found = here_.find(key);
  if (found == here_.end() || found->second.leaving != number) return;  // has come back
  here_.erase(found);
  remove(key.first, member.client);
  hub_->announce_member(key.first, member, false);
}

void Presence::add(std::string_view channel, const Member& member) {
  const bool shared = hub_->engine().shared();
  hub_->engine().add_member(channel, member, shared ? kMemberTtl : kForEver,
                            [hub = hub_, name = std::string(channel)](Result<bool> added) {
                              if (!added) hub->report(added.error(), "a member of " + name);
                            });
}

void Presence::renew_later() {
  timer_(kRenewal, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->renew();
  });
}

void Presence::renew() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, member] : renewed_) add(key.first, member);
  renews_ = !renewed_.empty();
  if (renews_) renew_later();
}

void Presence::remove(std::string_view channel, const std::string& client) {
  renewed_.erase({std::string(channel), client});
  hub_->engine().remove_member(channel, client, [](Result<bool>) {});
}

}  // namespace hybi
