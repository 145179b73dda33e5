// What runs over a connection: HTTP first, perhaps a WebSocket later. Called by connection.cc only.
#pragma once

#include <hybi/bytes.h>
#include <hybi/error.h>

#include <chrono>

namespace hybi::conn {

class HttpSession;
class WsSession;

class Session {
 public:
  virtual ~Session() = default;

  // Which of the two it is, for references that come from outside.
  virtual HttpSession* as_http() { return nullptr; }
  virtual WsSession* as_websocket() { return nullptr; }

  // The session now owns the connection's events. Runs before anything else.
  virtual void on_start() {}
  // Takes bytes from the front of `in`. What is left is kept and offered again, with more behind it
  // or when reading is resumed. Lifetime: `in` is writable until the return.
  virtual void on_bytes(MutableBytes& in) = 0;
  // Whether it has input inside that on_hook() can go on with when reading is resumed.
  virtual bool holds_input() const { return false; }
  // Asked after Connection::ask_for_place: where the next bytes from the peer should be put. Empty:
  // anywhere. on_bytes may bring others all the same.
  virtual MutableBytes place_for_bytes() { return {}; }
  // The peer will send no more. Bytes kept back have been offered before.
  virtual void on_end() = 0;
  // The same, but bytes before it are still kept back; on_end comes when they have been taken.
  virtual void on_end_behind() {}
  // Asked for with Connection::hook_later: the end of a turn, before the bytes leave.
  virtual void on_hook() {}
  // `sent` bytes have left; `unsent` are still waiting. Must not run user code: writes of this turn
  // may be under way. Connection::hook_later is the way to it.
  virtual void on_progress(std::uint64_t sent, std::uint64_t unsent) = 0;
  virtual void on_deadline() = 0;
  // The server stops: finish what runs, then end.
  virtual void on_stop() = 0;
  // The connection is over; the last call. `error` is Ok after an orderly end.
  virtual void on_closed(Error error) = 0;
};

}  // namespace hybi::conn
