// /chat/:room: rooms where everyone sees who is there and what they say. One JSON object a message:
//
//   client  {"type":"join","name":"Ada"}    {"type":"say","text":"hello"}
//   server  {"type":"welcome","id":..,"name":..,"room":..,"people":[{"id":..,"name":..}]}
//           {"type":"joined","id":..,"name":..}   {"type":"left","id":..,"name":..}
//           {"type":"said","id":..,"name":..,"text":..}   {"type":"error","text":..}
//           {"type":"rooms","at":N,"rooms":[{"name":..,"people":..}]}   of two, the larger N is
//           newer
//
// People of one room sit on different loops, so who is here is shared, behind a mutex. The list and
// the news cannot disagree for long: a newcomer subscribes before the list is taken, news about one
// person comes from one thread and so in order, and taking the same news twice changes nothing.
#pragma once

#include <hybi/cli/demo.h>

#include <cstddef>
#include <string_view>

namespace hybi::cli {

inline constexpr std::size_t kMaxRoomName = 32;  // letters, digits, "-", "_"
inline constexpr std::size_t kMaxName = 24;      // characters
inline constexpr std::size_t kMaxText = 2000;    // characters
inline constexpr std::size_t kMaxPeople = 500;   // in one room
inline constexpr std::size_t kMaxRooms = 200;
inline constexpr std::size_t kListedRooms = 12;  // in {"type":"rooms"}, the fullest ones

// Adds /chat and /chat/:room. Requires: before start().
void add_chat(Server& server, const DemoOptions& options,
              const std::shared_ptr<Visitors>& visitors);

// Whether a room may be called that.
bool is_room_name(std::string_view name);

}  // namespace hybi::cli
