#include <hybi/cli/chat_rooms.h>

#include <algorithm>

namespace hybi::cli {
namespace {

bool taken(const std::map<PersonId, std::string>& seats, const std::string& name) {
  return std::any_of(seats.begin(), seats.end(), [&](const auto& s) { return s.second == name; });
}

}  // namespace

std::vector<Person> Rooms::join(const std::string& room, PersonId id, const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (rooms_.size() >= limits_.rooms && !rooms_.contains(room)) return {};
  Seats& seats = rooms_[room];
  if (seats.size() >= limits_.people) return {};

  std::string own = name;
  for (unsigned number = 2; taken(seats, own); ++number) own = name + " " + std::to_string(number);
  std::vector<Person> people;
  people.reserve(seats.size() + 1);
  for (const auto& [other, other_name] : seats) people.push_back({other, other_name});
  people.push_back({id, own});
  seats.emplace(id, std::move(own));
  ++changes_;
  return people;
}

bool Rooms::leave(const std::string& room, PersonId id) {
  const std::lock_guard lock(mutex_);
  const auto at = rooms_.find(room);
  if (at == rooms_.end() || at->second.erase(id) == 0) return false;
  if (at->second.empty()) rooms_.erase(at);
  ++changes_;
  return true;
}

std::pair<std::uint64_t, std::vector<RoomSize>> Rooms::fullest(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  std::vector<RoomSize> all;
  all.reserve(rooms_.size());
  for (const auto& [name, seats] : rooms_) all.push_back({name, seats.size()});
  std::stable_sort(all.begin(), all.end(),
                   [](const RoomSize& a, const RoomSize& b) { return a.people > b.people; });
  if (all.size() > count) all.resize(count);
  return {changes_, std::move(all)};
}

}  // namespace hybi::cli
