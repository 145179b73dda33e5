// Who may be called what. A name belongs to one person, whoever shows the same secret, while it is
// connected and for a while after: who comes back is called as before, and nobody else in between.
// Thread: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace hybi::cli {

class Names {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::minutes kKept{1};  // after the last connection has gone
  static constexpr unsigned kSameName = 1000;      // people who wish the same one
  static constexpr std::size_t kMaxKept = 10'000;  // without a connection; above: sooner forgotten

  // For one more connection. A name that somebody else has gets a number: "Ada 2".
  // Returns: "" if too many have that name.
  std::string take(const std::string& wish, const std::string& secret, Clock::time_point now);
  // A connection of the one who was given `name` has gone.
  void give_back(const std::string& name, Clock::time_point now);

 private:
  using Person = std::pair<std::string, std::string>;  // secret, wish
  struct Owner {
    Person person;
    std::size_t connections = 0;
    Clock::time_point left{};
  };

  void forget_old(Clock::time_point now);

  std::mutex mutex_;
  std::map<std::string, Owner> owners_;                         // by name
  std::map<Person, std::string> names_;                         // the other way
  std::deque<std::pair<std::string, Clock::time_point>> left_;  // in that order, some back again
};

}  // namespace hybi::cli
