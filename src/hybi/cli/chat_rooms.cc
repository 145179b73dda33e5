#include <hybi/cli/chat_rooms.h>

#include <algorithm>

namespace hybi::cli {

bool Rooms::admit(const std::string& room, const std::string& person) {
  const std::lock_guard lock(mutex_);
  if (rooms_.size() >= limits_.rooms && !rooms_.contains(room)) return false;
  Seats& seats = rooms_[room];
  if (seats.size() >= limits_.people && !seats.contains(person)) return false;
  seats[person] = kPatience;
  return true;
}

void Rooms::correct(const std::string& room, const std::vector<std::string>& people) {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return;
  Seats seats;
  for (const std::string& person : people) seats.emplace(person, 0);
  for (const auto& [person, patience] : found->second) {
    if (patience != 0) seats.emplace(person, patience - 1);
  }
  if (seats.empty()) {
    rooms_.erase(found);
  } else {
    found->second = std::move(seats);
  }
}

std::vector<std::string> Rooms::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  all.reserve(rooms_.size());
  for (const auto& [name, seats] : rooms_) all.push_back(name);
  return all;
}

std::vector<RoomSize> Rooms::fullest(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  std::vector<RoomSize> all;
  all.reserve(rooms_.size());
  for (const auto& [name, seats] : rooms_) all.push_back({name, seats.size()});
  std::stable_sort(all.begin(), all.end(),
                   [](const RoomSize& a, const RoomSize& b) { return a.people > b.people; });
  if (all.size() > count) all.resize(count);
  return all;
}

}  // namespace hybi::cli
