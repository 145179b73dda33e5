// Hosts and ports. RFC 3986 3.2.2, 3.2.3.
#include <hybi/http/authority.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

TEST(HttpAuthority, IsSplitAtTheColonOfThePort) {
  const auto split = [](std::string_view text) {
    const Authority parts = split_authority(text);
    return std::string(parts.host) + "|" + std::string(parts.port);
  };
  EXPECT_EQ(split("h"), "h|");
  EXPECT_EQ(split("h:80"), "h|80");
  EXPECT_EQ(split("h:"), "h|");
  EXPECT_EQ(split("[::1]"), "[::1]|");
  EXPECT_EQ(split("[::1]:80"), "[::1]|80");
  EXPECT_EQ(split(""), "|");
}

TEST(HttpAuthority, Ipv6AddressesHaveEightGroupsOrOneGap) {
  for (const char* address :
       {"1:2:3:4:5:6:7:8", "::", "::1", "1::", "1::8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
        "fE80::aBcD", "::ffff:127.0.0.1", "1:2:3:4:5:6:127.0.0.1", "::0.0.0.0", "1::127.0.0.1",
        "v1.a:b", "vF9._"}) {
    EXPECT_TRUE(is_authority("[" + std::string(address) + "]:1")) << address;
  }
  for (const char* address : {"",
                              ":",
                              ":::",
                              "1",
                              "1:2:3:4:5:6:7",
                              "1:2:3:4:5:6:7:8:9",
                              "1::2::3",
                              "1:2:3:4:5:6:7:8::",
                              "1:2:3:4::5:6:7:8",
                              "12345::",
                              "g::",
                              ":1",
                              "1:",
                              "::1:",
                              "1:2:3:4:5:6:7:127.0.0.1",
                              "::256.0.0.1",
                              "::1.2.3",
                              "::1.2.3.4.5",
                              "::01.2.3.4",
                              "127.0.0.1",
                              "::1%25eth0",
                              "::1%eth0",
                              "::1 ",
                              "v",
                              "v1",
                              "v1.",
                              "v.a",
                              "vg.a",
                              "v1.a/"}) {
    EXPECT_FALSE(is_authority("[" + std::string(address) + "]")) << address;
  }
}

TEST(HttpAuthority, PortsHave16Bits) {
  for (const char* text : {"h:0", "h:65535", "h:00080", "h:"})
    EXPECT_TRUE(is_authority(text)) << text;
  for (const char* text :
       {"h:65536", "h:4294967376", "h:99999999999999999999", "h:8o", "h: 80", "h:80:"}) {
    EXPECT_FALSE(is_authority(text)) << text;
  }
}

}  // namespace
}  // namespace hybi::http
