// A byte stream in both directions, completion-shaped: TCP, TLS over a stream, an in-memory pair.
//
// The owner is told what arrived and hands over what is to be written; it never calls recv or send.
// Implemented by tcp_stream.h (both backends) and testing/memory_stream.h; used by conn/connection.
#pragma once

#include <hybi/bytes.h>
#include <hybi/error.h>

#include <cstdint>
#include <memory>
#include <span>

namespace hybi::io {

// Calls: (place_for_bytes? on_bytes | on_written | on_writable)* on_end? (on_written |
// on_writable)* on_error? On_end ends only the receiving side, at most once; on_error ends
// everything, at most once. No call is made from inside a member function of the stream. The stream
// may be destroyed in any call.
class StreamOwner {
 public:
  // Bytes arrived. Lifetime: `in` is the loop's scratch or lies in the place that place_for_bytes
  // gave; valid and writable until the return.
  virtual void on_bytes(MutableBytes in) = 0;

  // Asked after Stream::ask_for_place, right before bytes are taken from the system: where to put
  // them, as many as there is room for. They need not come, nor all of them, and those the stream
  // had before come in a place of its own. Empty: the scratch. May write, pause reading and ask no
  // more; must not destroy the stream. Lifetime: the place is good until the next call.
  virtual MutableBytes place_for_bytes() { return {}; }

  // A write that `write` or `send_file` left Pending took `count` bytes (possibly 0: the peer is
  // slow). The remaining bytes are the owner's again.
  virtual void on_written(std::size_t count) = 0;

  // After a write took fewer bytes than offered: the stream takes bytes again.
  virtual void on_writable() = 0;

  // The peer ended its side; nothing more arrives. Writing may go on.
  virtual void on_end() = 0;

  // The stream is dead in both directions.
  virtual void on_error(Error error) = 0;

 protected:
  ~StreamOwner() = default;
};

struct WriteResult {
  std::size_t count = 0;  // bytes taken now
  bool pending = false;   // on_written tells the count before this turn ends; count is 0
  bool failed = false;    // the stream is dead; on_error follows in a later turn
};

class Stream {
 public:
  virtual ~Stream() = default;  // closes; no owner function runs any more

  // Starts receiving. Call once, before anything else. Lifetime: `owner` outlives the stream.
  virtual void start(StreamOwner& owner) = 0;

  // Writes the pieces in order, at most 64. Takes what fits; when it took less than all,
  // on_writable comes once there is room again. Requires: no write is pending. Lifetime: while
  // pending, pieces stay valid and unchanged.
  virtual WriteResult write(std::span<const Bytes> pieces) = 0;

  // The same, and the bytes taken are taken when it returns: nothing is pending.
  virtual WriteResult write_at_once(std::span<const Bytes> pieces) { return write(pieces); }

  // Writes `count` bytes of the file `fd` from `offset`, like write. Returns count 0 and failed
  // when the file ends early. Requires: no write is pending.
  virtual WriteResult send_file(int fd, std::uint64_t offset, std::size_t count) = 0;

  // No on_bytes until resume_reading. End and errors are still told where the system tells them.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  // From now on (`on`), or no more, the owner is asked for a place before bytes are taken: payloads
  // of many kilobytes need no copy then. A stream that gains nothing by it never asks.
  virtual void ask_for_place(bool /*on*/) {}

  // Ends our side after what was written (TCP: FIN). Reading goes on.
  virtual void shutdown_write() = 0;

  // The peer gets a reset instead of an orderly end when the stream is destroyed.
  virtual void reset_on_close() = 0;
};

}  // namespace hybi::io
