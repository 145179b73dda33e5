// Who is in which room of the chat. Knows nothing of sockets and messages.
// Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace hybi::cli {

using PersonId = std::uint64_t;

struct Person {
  PersonId id = 0;
  std::string name;
};

struct RoomSize {
  std::string name;
  std::size_t people = 0;
};

class Rooms {
 public:
  struct Limits {
    std::size_t rooms;
    std::size_t people;  // in one room
  };
  explicit Rooms(Limits limits) : limits_(limits) {}

  // Takes a seat. A name that somebody in the room has already gets a number: "Ada 2".
  // Returns: who is in the room now, the newcomer last; empty if there is no seat left.
  std::vector<Person> join(const std::string& room, PersonId id, const std::string& name);
  // Returns: false if nobody of that id was there.
  bool leave(const std::string& room, PersonId id);

  // The fullest rooms, and a number that grows with every change.
  std::pair<std::uint64_t, std::vector<RoomSize>> fullest(std::size_t count) const;

 private:
  using Seats = std::map<PersonId, std::string>;

  const Limits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Seats> rooms_;
  std::uint64_t changes_ = 0;
};

}  // namespace hybi::cli
