// Accepts connections on one loop. With several loops each has a listener of its own
// (SO_REUSEPORT).
#pragma once

#include <hybi/io/address.h>
#include <hybi/io/loop.h>
#include <hybi/io/stream.h>
#include <hybi/result.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hybi::io {

// What to listen on, as the user says it.
struct ListenAddress {
  std::string host{};       // "", "127.0.0.1", "::", a name; "" means every address (v6 and v4)
  std::uint16_t port = 0;   // 0: the system chooses
  std::string unix_path{};  // not empty: a unix socket instead
  int descriptor = -1;  // >= 0: an inherited listening socket instead (not closed by us: dup'ed)
};

// "3400", "localhost:3400", "[::]:3400", "unix:/run/hybi.sock".
// Fails: BadListenAddress.
Result<ListenAddress> parse_listen_address(std::string_view text);

// Opens the listening sockets for `loops` loops: one SO_REUSEPORT socket each for TCP, one shared
// (dup'ed) socket otherwise. A name that resolves to several addresses gives a socket for each.
// "" and "::" take v4 peers as well, where the system allows it; "0.0.0.0" is v4 only.
// A port that another process holds is refused although SO_REUSEPORT would share it.
// A unix socket that nobody answers on any more is replaced. An inherited descriptor becomes
// non-blocking, which whoever else holds it shares.
// Returns: per loop the descriptors; the caller owns them.
// Fails: AddressInUse, PermissionDenied, HostNotFound, BadListenDescriptor, Io.
struct ListenSockets {
  std::vector<std::vector<int>> per_loop;
  std::vector<Address> bound;  // with the real port
};
Result<ListenSockets> open_listen_sockets(const ListenAddress& address, unsigned loops);

// Removes the unix socket at `path` if nobody answers on it. For whoever called
// open_listen_sockets, after closing its sockets: a successor that has taken the path over keeps
// it.
void remove_dead_unix_socket(const std::string& path);

// A listening socket on a loop. At most `accepts_per_turn` connections a turn. When descriptors run
// out (EMFILE, ENFILE) a spare one is used to accept and close politely, and listening pauses 100
// ms. Lifetime: on_accept is called on the loop's thread until the listener is destroyed.
class Listener {
 public:
  using OnAccept = std::function<void(std::unique_ptr<Stream>, const Address& peer)>;
  // Takes `fd` (listening, close-on-exec, non-blocking).
  static std::unique_ptr<Listener> create(Loop& loop, int fd, OnAccept on_accept,
                                          std::size_t accepts_per_turn = 64);
  virtual ~Listener() = default;  // stops accepting, closes the socket
};

}  // namespace hybi::io
