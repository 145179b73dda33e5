// The rooms of the chat and who has a seat in them, to bound both and to list the fullest. Who is
// there presence knows; this is told from time to time. Who has a seat and has not arrived counts
// for the bounds for a moment, but is not shown. Knows nothing of sockets and channels. Thread:
// any.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace hybi::cli {

struct RoomSize {
  std::string name;
  std::size_t people = 0;

  friend bool operator==(const RoomSize&, const RoomSize&) = default;
};

class Rooms {
 public:
  struct Limits {
    std::size_t rooms;
    std::size_t people;     // in one room
    std::size_t each = 20;  // rooms where one person has a seat
  };
  explicit Rooms(Limits limits) : limits_(limits) {}

  // Takes a seat for `person`. Returns: whether there is one, or it had one.
  bool admit(const std::string& room, const std::string& person);
  bool has_seat(const std::string& room, const std::string& person) const;
  // Who is there. A seat that was taken since the call before this one is kept: its person may not
  // have arrived yet. `all`: nobody else is there; otherwise no seat is given up.
  void correct(const std::string& room, const std::vector<std::string>& people, bool all = true);

  std::vector<std::string> names() const;
  std::vector<RoomSize> fullest(std::size_t count) const;  // of those where somebody is

 private:
  // How many more calls of correct() a seat is kept without its person.
  static constexpr unsigned kPatience = 1;
  struct Seat {
    unsigned patience = 0;
    bool arrived = false;
  };
  using Seats = std::map<std::string, Seat>;

  void give_up(const std::string& person);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Seats> rooms_;
  std::map<std::string, std::size_t> seats_of_;  // how many, by person
};

}  // namespace hybi::cli
