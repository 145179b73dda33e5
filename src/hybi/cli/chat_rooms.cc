#include <hybi/cli/chat_rooms.h>

#include <algorithm>

namespace hybi::cli {

bool Rooms::admit(const std::string& room, const std::string& person) {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found != rooms_.end()) {
    if (const auto seat = found->second.find(person); seat != found->second.end()) {
      seat->second.patience = kPatience;
      return true;
    }
    if (found->second.size() >= limits_.people) return false;
  } else if (rooms_.size() >= limits_.rooms) {
    return false;
  }
  const auto others = seats_of_.find(person);
  if (others != seats_of_.end() && others->second >= limits_.each) return false;
  rooms_[room].emplace(person, Seat{.patience = kPatience});
  ++seats_of_[person];
  return true;
}

bool Rooms::has_seat(const std::string& room, const std::string& person) const {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  return found != rooms_.end() && found->second.contains(person);
}

void Rooms::give_up(const std::string& person) {
  const auto found = seats_of_.find(person);
  if (--found->second == 0) seats_of_.erase(found);
}

void Rooms::correct(const std::string& room, const std::vector<std::string>& people, bool all) {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return;
  const Seats& before = found->second;
  Seats seats;
  for (const std::string& person : people) {
    const bool is_new = seats.emplace(person, Seat{.arrived = true}).second;
    if (is_new && !before.contains(person)) ++seats_of_[person];
  }
  for (const auto& [person, seat] : before) {
    if (seats.contains(person)) continue;
    if (!all) {
      seats.emplace(person, seat);
    } else if (seat.patience != 0) {
      seats.emplace(person, Seat{.patience = seat.patience - 1, .arrived = seat.arrived});
    } else {
      give_up(person);
    }
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
  for (const auto& [name, seats] : rooms_) {
    const auto people = std::count_if(seats.begin(), seats.end(),
                                      [](const auto& seat) { return seat.second.arrived; });
    if (people != 0) all.push_back({name, static_cast<std::size_t>(people)});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const RoomSize& a, const RoomSize& b) { return a.people > b.people; });
  if (all.size() > count) all.resize(count);
  return all;
}

}  // namespace hybi::cli
