// One request of one connection, now or formerly: what everything that answers later holds.
#pragma once

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
};

}  // namespace hybi::conn
