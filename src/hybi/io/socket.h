// The system calls on a connected or listening socket that both kernel backends share.
//
// No SIGPIPE ever leaves here, nothing blocks, EINTR is retried. Used by backend_*.cc.
#pragma once

#include <hybi/bytes.h>
#include <hybi/error.h>
#include <hybi/io/fd.h>

#include <cstddef>
#include <span>

#include <sys/uio.h>

namespace hybi::io {

inline constexpr std::size_t kMaxPieces = 64;  // of one Stream::write

// ConnectionReset, OutOfDescriptors, PermissionDenied, AddressInUse or Io, with `os` =
// `error_number`.
Error error_from(int error_number);

// How a write went. `error` is Ok when the socket is merely full.
struct Sent {
  std::size_t count = 0;
  Error error;
};

Sent send_pieces(int fd, std::span<const Bytes> pieces);

// At most `count` bytes of `file`. A file that ends early is an Io error with ENODATA.
Sent send_from_file(int fd, int file, std::uint64_t offset, std::size_t count);

// Fills `out` (room for kMaxPieces) and returns the number of entries.
std::size_t to_iovec(std::span<const Bytes> pieces, iovec* out);

int take_socket_error(int fd);  // SO_ERROR, which reading clears; 0: none
void set_reset_on_close(int fd);

// One descriptor kept back, so that a connection can be accepted and closed when none is left.
class SpareDescriptor {
 public:
  SpareDescriptor();
  // Accepts and closes at most `count` waiting connections of `listening`, politely (FIN).
  void turn_away(int listening, std::size_t count);

 private:
  void reopen();
  Fd spare_;
};

}  // namespace hybi::io
