// One request of one connection, now or formerly: what everything that answers later holds.
#pragma once

#include <hybi/base/function.h>
#include <hybi/port_ref.h>

#include <cstdint>

namespace hybi::conn {

class HttpSession;
class LoopContext;

struct RequestRef {
  ConnectionRef connection;
  std::uint32_t number = 0;

  // The session, if that request is still the one it is about; else null. Thread: the loop's.
  HttpSession* find(LoopContext& context) const;
  // The same on whatever thread this is; null on any but the loop's.
  HttpSession* find_here() const;
  // Runs `task` with the session on the loop's thread, behind what runs there, if that request is
  // still the one it is about. Returns: false if the loop has ended. Thread: any.
  bool post(UniqueFunction<void(HttpSession&)> task) const;
};

}  // namespace hybi::conn
