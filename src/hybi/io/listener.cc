// Where to listen: text to addresses to listening sockets. See listener.h; accepting is the
// backends'.
#include <hybi/io/backend.h>
#include <hybi/io/fd.h>
#include <hybi/io/listener.h>
#include <hybi/io/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace hybi::io {
namespace {

constexpr int kBacklog = 4096;     // the system takes less if it must
constexpr int kPortAttempts = 16;  // for one port that is free on several addresses

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  bool any_v6() const {
    sockaddr_in6 v6;
    std::memcpy(&v6, &storage, sizeof v6);
    return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
  }
  void set_port(std::uint16_t port) {
    const std::uint16_t wire = htons(port);
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    std::memcpy(reinterpret_cast<std::byte*>(&storage) + offsetof(sockaddr_in, sin_port), &wire,
                sizeof wire);
  }
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

Result<Fd> bind_tcp(const SocketAddress& address, bool share_port) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return error_from(errno);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR,
             1);  // over connections in TIME_WAIT, not over listeners
  if (share_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family() == AF_INET6) {
    set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.any_v6() ? 0 : 1);
  }
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);  // accepted sockets inherit it
  if (::bind(fd.get(), address.get(), address.length) != 0) return error_from(errno);
  return fd;
}

Address bound_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  Address address = from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), length);
  return address;
}

Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string name = host.empty() ? "::" : host;
  if (::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) {
    return Errc::HostNotFound;
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    bool known = false;
    for (const SocketAddress& other : addresses) {
      known = known || (other.length == address.length &&
                        std::memcmp(&other.storage, &address.storage, other.length) == 0);
    }
    if (!known) addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  if (addresses.empty()) return Errc::HostNotFound;
  return addresses;
}

// The sockets of one address for all loops, listening; `port` is set to the port they got.
Result<std::vector<Fd>> open_tcp(SocketAddress address, unsigned loops, std::uint16_t& port) {
  address.set_port(port);
  const bool share = loops > 1;
  if (share) {
    // Without SO_REUSEPORT a port that others share among themselves is refused; it also finds a
    // free port that all loops then use.
    auto probe = bind_tcp(address, false);
    if (!probe) return probe.error();
    port = bound_address(probe->get()).port;
    address.set_port(port);
  }
  std::vector<Fd> sockets;
  for (unsigned i = 0; i < loops; ++i) {
    auto socket = bind_tcp(address, share);
    if (!socket) return socket.error();
    sockets.push_back(std::move(socket).value());
  }
  // Only when all are bound: nobody is put into the queue of a socket that is closed again.
  for (const Fd& socket : sockets) {
    if (::listen(socket.get(), kBacklog) != 0) return error_from(errno);
  }
  port = bound_address(sockets[0].get()).port;
  return sockets;
}

bool is_missing_family(Error error) {
  return error.os == EADDRNOTAVAIL || error.os == EAFNOSUPPORT;
}

Result<ListenSockets> open_all_tcp(const std::vector<SocketAddress>& addresses, std::uint16_t port,
                                   unsigned loops) {
  std::vector<std::vector<Fd>> per_address;
  Error missing;
  for (const SocketAddress& address : addresses) {
    auto sockets = open_tcp(address, loops, port);
    if (sockets) {
      per_address.push_back(std::move(sockets).value());
    } else if (is_missing_family(sockets.error())) {
      missing = sockets.error();  // a name may have addresses that this machine does not have
    } else {
      return sockets.error();
    }
  }
  if (per_address.empty()) return missing;
  ListenSockets result;
  result.per_loop.resize(loops);
  for (std::vector<Fd>& sockets : per_address) {
    result.bound.push_back(bound_address(sockets[0].get()));
    for (unsigned i = 0; i < loops; ++i) result.per_loop[i].push_back(sockets[i].release());
  }
  return result;
}

Result<ListenSockets> open_tcp_host(const ListenAddress& address, unsigned loops) {
  auto addresses = resolve(address.host, address.port);
  if (!addresses) return addresses.error();
  for (int attempt = 1;; ++attempt) {
    auto result = open_all_tcp(*addresses, address.port, loops);
    if (result) return result;
    if (address.host.empty() && is_missing_family(result.error()) && attempt == 1) {
      addresses = resolve("0.0.0.0", address.port);  // a machine without IPv6
      if (!addresses) return addresses.error();
      continue;
    }
    // A port that was free on the first address and in use on the second: another one.
    const bool chosen_by_system = address.port == 0 && addresses->size() > 1;
    if (!chosen_by_system || result.error().code != Errc::AddressInUse ||
        attempt >= kPortAttempts) {
      return result;
    }
  }
}

Result<ListenSockets> share_socket(Fd socket, unsigned loops) {
  ListenSockets result;
  result.bound.push_back(bound_address(socket.get()));
  std::vector<Fd> copies;
  for (unsigned i = 1; i < loops; ++i) {
    Fd copy(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return error_from(errno);
    copies.push_back(std::move(copy));
  }
  result.per_loop.push_back({socket.release()});
  for (Fd& copy : copies) result.per_loop.push_back({copy.release()});
  return result;
}

std::optional<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<ListenSockets> open_unix(const std::string& path, unsigned loops) {
  const auto address = unix_address(path);
  if (!address) return Errc::BadListenAddress;
  remove_dead_unix_socket(path);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return error_from(errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return error_from(errno);
  }
  return share_socket(std::move(fd), loops);
}

int int_option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

Result<ListenSockets> open_inherited(int descriptor, unsigned loops) {
  if (int_option(descriptor, SO_TYPE) != SOCK_STREAM ||
      int_option(descriptor, SO_ACCEPTCONN) != 1) {
    return Errc::BadListenDescriptor;
  }
  Fd copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!copy) return error_from(errno);
  const int flags = ::fcntl(copy.get(), F_GETFL);
  if (flags < 0 || ::fcntl(copy.get(), F_SETFL, flags | O_NONBLOCK) != 0) return error_from(errno);
  set_option(copy.get(), IPPROTO_TCP, TCP_NODELAY,
             1);  // refused on a unix socket, which needs none
  return share_socket(std::move(copy), loops);
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress result;
  if (text.starts_with("unix:")) {
    result.unix_path = text.substr(5);
    if (!unix_address(result.unix_path)) return Errc::BadListenAddress;
    return result;
  }
  std::string_view port = text;
  if (text.starts_with('[')) {
    const std::size_t end = text.find("]:");
    if (end == std::string_view::npos || end == 1) return Errc::BadListenAddress;
    result.host = text.substr(1, end - 1);
    if (result.host.find(':') == std::string::npos) return Errc::BadListenAddress;
    port = text.substr(end + 2);
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    result.host = text.substr(0, colon);
    if (result.host.find(':') != std::string::npos) return Errc::BadListenAddress;  // v6 needs [ ]
    port = text.substr(colon + 1);
  }
  const auto number = parse_port(port);
  if (!number) return Errc::BadListenAddress;
  result.port = *number;
  return result;
}

Result<ListenSockets> open_listen_sockets(const ListenAddress& address, unsigned loops) {
  if (address.descriptor >= 0) return open_inherited(address.descriptor, loops);
  if (!address.unix_path.empty()) return open_unix(address.unix_path, loops);
  return open_tcp_host(address, loops);
}

void remove_dead_unix_socket(const std::string& path) {
  const auto address = unix_address(path);
  struct stat status;
  if (!address || ::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return;
  const int connected =
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  if (connected != 0 && errno == ECONNREFUSED) ::unlink(path.c_str());
}

std::unique_ptr<Listener> Listener::create(Loop& loop, int fd, OnAccept on_accept,
                                           std::size_t accepts_per_turn) {
  return loop.backend().listen(fd, std::move(on_accept), accepts_per_turn);
}

}  // namespace hybi::io
