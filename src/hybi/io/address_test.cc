// Addresses: from the system's form to text, and from what a user says.
#include <hybi/io/listener.h>

#include <cstring>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace hybi::io {
namespace {

Address v4(const char* ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, ip, &address.sin_addr);
  return from_sockaddr(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Address v6(const char* ip, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  ::inet_pton(AF_INET6, ip, &address.sin6_addr);
  return from_sockaddr(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

TEST(Address, IsWrittenAsPeopleWriteIt) {
  EXPECT_EQ(to_string(v4("127.0.0.1", 80)), "127.0.0.1:80");
  EXPECT_EQ(ip_to_string(v4("192.0.2.255", 80)), "192.0.2.255");
  EXPECT_EQ(to_string(v6("2001:db8::1", 443)), "[2001:db8::1]:443");
  EXPECT_EQ(ip_to_string(v6("::1", 443)), "::1");
  EXPECT_EQ(to_string(Address{}), "");
}

TEST(Address, V4PeerOfADualStackSocketIsV4) {
  EXPECT_EQ(v6("::ffff:192.0.2.1", 1234), v4("192.0.2.1", 1234));
}

TEST(Address, UnixPeerHasNeitherIpNorPort) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const Address peer =
      from_sockaddr(reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t));
  EXPECT_EQ(peer.family, Address::Family::Unix);
  EXPECT_EQ(to_string(peer), "unix:");
  EXPECT_EQ(ip_to_string(peer), "");
}

TEST(Address, TooShortASockaddrIsNoAddress) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  EXPECT_EQ(from_sockaddr(reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)),
            Address{});
  EXPECT_EQ(from_sockaddr(nullptr, 0), Address{});
}

TEST(ListenAddress, TakesWhatPeopleWrite) {
  struct Case {
    const char* text;
    const char* host;
    std::uint16_t port;
    const char* path;
  };
  for (const Case& c :
       {Case{"3400", "", 3400, ""}, Case{":3400", "", 3400, ""},
        Case{"localhost:3400", "localhost", 3400, ""}, Case{"127.0.0.1:0", "127.0.0.1", 0, ""},
        Case{"[::]:3400", "::", 3400, ""}, Case{"[::1]:65535", "::1", 65535, ""},
        Case{"unix:/run/hybi.sock", "", 0, "/run/hybi.sock"}}) {
    const auto address = parse_listen_address(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(address->host, c.host) << c.text;
    EXPECT_EQ(address->port, c.port) << c.text;
    EXPECT_EQ(address->unix_path, c.path) << c.text;
  }
}

TEST(ListenAddress, RefusesEverythingElse) {
  const std::string too_long = "unix:/" + std::string(200, 'x');
  for (const std::string text :
       {"", ":", "localhost", "localhost:", "localhost:x", "localhost:65536", "localhost:-1",
        "localhost: 80", "::1:80", "[::1]", "[::1]80", "[]:80", "[localhost]:80",
        "unix:", too_long.c_str()}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, Errc::BadListenAddress) << text;
  }
}

}  // namespace
}  // namespace hybi::io
