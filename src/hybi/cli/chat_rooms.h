// The rooms of the chat and who has a seat in them, to bound both and to list the fullest. Who is
// there presence knows; this is told from time to time. Knows nothing of sockets and channels.
// Thread: any.
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
    std::size_t people;  // in one room
  };
  explicit Rooms(Limits limits) : limits_(limits) {}

  // Takes a seat for `person`. Returns: whether there is one, or it had one.
  bool admit(const std::string& room, const std::string& person);
  // Who is there. A seat that was taken since the call before this one is kept: its person may not
  // have arrived yet.
  void correct(const std::string& room, const std::vector<std::string>& people);

  std::vector<std::string> names() const;
  std::vector<RoomSize> fullest(std::size_t count) const;

 private:
  // How many more calls of correct() a seat is kept without its person.
  static constexpr unsigned kPatience = 1;
  using Seats = std::map<std::string, unsigned>;

  const Limits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Seats> rooms_;
};

}  // namespace hybi::cli
