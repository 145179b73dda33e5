// What proxies say of the client. RFC 7239.
#include <hybi/http/forwarded.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

using Kind = Node::Kind;

// "kind name port" or "bad".
std::string node_of(std::string_view text, bool bare_v6 = false) {
  const auto node = parse_node(text, bare_v6);
  if (!node) return "bad";
  const char* const kinds[] = {"unknown", "v4", "v6", "obfuscated"};
  std::string result = kinds[static_cast<int>(node.value().kind)];
  result.append(" ").append(node.value().name);
  if (node.value().port) result.append(" ").append(std::to_string(*node.value().port));
  return result.append(node.value().obfuscated_port);
}

// "for by host proto" of each element, "; " between, or "bad".
std::string elements_of(std::string_view value) {
  const auto elements = parse_forwarded(value);
  if (!elements) return "bad";
  std::string text;
  for (const ForwardedElement& element : elements.value()) {
    if (!text.empty()) text.append("; ");
    text += element.client + " " + element.by + " " + element.host + " " + element.proto;
  }
  return text;
}

TEST(HttpForwarded, NodesAreAddressesUnknownOrObfuscated) {
  EXPECT_EQ(node_of("192.0.2.43"), "v4 192.0.2.43");
  EXPECT_EQ(node_of("192.0.2.43:47011"), "v4 192.0.2.43 47011");
  EXPECT_EQ(node_of("[2001:db8:cafe::17]"), "v6 2001:db8:cafe::17");
  EXPECT_EQ(node_of("[2001:db8:cafe::17]:4711"), "v6 2001:db8:cafe::17 4711");
  EXPECT_EQ(node_of("unknown"), "unknown unknown");
  EXPECT_EQ(node_of("Unknown:80"), "unknown Unknown 80");
  EXPECT_EQ(node_of("_SEVKISEK"), "obfuscated _SEVKISEK");
  EXPECT_EQ(node_of("_a.b-c:_p"), "obfuscated _a.b-c_p");
}

TEST(HttpForwarded, NodesThatAreNoneAreRefused) {
  for (const char* text : {"",
                           "_",
                           "192.0.2",
                           "192.0.2.256",
                           "192.0.2.43:",
                           "192.0.2.43:65536",
                           "192.0.2.43:123456",
                           "192.0.2.43:+1",
                           "[192.0.2.43]",
                           "[::1",
                           "::1]",
                           "[::1]x",
                           "[::1]:",
                           "2001:db8::1",
                           "example.com",
                           "_a b",
                           "_\xc3\xa9",
                           "192.0.2.43 ",
                           "192.0.2.43:_",
                           "[::1]80",
                           "::1"}) {
    EXPECT_EQ(node_of(text), "bad") << text;
  }
}

TEST(HttpForwarded, BareIpv6AddressesAreReadWhereTheyAreUsual) {
  EXPECT_EQ(node_of("2001:db8::1", true), "v6 2001:db8::1");
  EXPECT_EQ(node_of("::ffff:192.0.2.1", true), "v6 ::ffff:192.0.2.1");
  EXPECT_EQ(node_of("192.0.2.1:80", true), "v4 192.0.2.1 80");
  EXPECT_EQ(node_of("2001:db8::1::2", true), "bad");
}

TEST(HttpForwarded, ElementsAreReadAsInTheSpecification) {
  EXPECT_EQ(elements_of("for=\"_gazonk\""), "_gazonk   ");
  EXPECT_EQ(elements_of("For=\"[2001:db8:cafe::17]:4711\""), "[2001:db8:cafe::17]:4711   ");
  EXPECT_EQ(elements_of("for=192.0.2.60;proto=http;by=203.0.113.43"),
            "192.0.2.60 203.0.113.43  http");
  EXPECT_EQ(elements_of("for=192.0.2.43, for=198.51.100.17"), "192.0.2.43   ; 198.51.100.17   ");
  EXPECT_EQ(elements_of("for=unknown;host=\"a.example:8080\";secret=\"a,b;c\""),
            "unknown  a.example:8080 ");
  EXPECT_EQ(elements_of(""), "");
}

TEST(HttpForwarded, OneMalformedElementSpoilsAll) {
  for (const char* value :
       {"for", "for=", "for=\"\"", "for=a", "for=1.2.3.4;for=1.2.3.4", "for=[::1]", "=1.2.3.4",
        "proto=\"ht tp\"", "proto=1", "host=\"a/b\"", "host=\"\"", "host=\"u@h\"", "by=x", "secret",
        "for=1.2.3.4 for=1.2.3.4", "for=\"1.2.3.4", "x, for=1.2.3.4"}) {
    EXPECT_EQ(elements_of(value), "bad") << value;
  }
  // A client that opens a quote to swallow what the proxy appends.
  EXPECT_EQ(elements_of("for=\"_x, for=192.0.2.1;proto=https"), "bad");
  EXPECT_EQ(elements_of("secret=\", for=192.0.2.1"), "bad");
  std::string many = "for=_x";
  for (std::size_t i = 1; i < kMaxForwarded; ++i) many.append(",for=_x");
  EXPECT_NE(elements_of(many), "bad");
  EXPECT_EQ(elements_of(many + ",for=_x"), "bad");
}

TEST(HttpForwarded, ListsAreReadFromTheRight) {
  std::string all;
  std::string_view element;
  for (FromTheRight list("evil, \"a,, 192.0.2.1 ,198.51.100.2"); list.next(element);) {
    all.append("<").append(element).append(">");
  }
  EXPECT_EQ(all, "<198.51.100.2><192.0.2.1><><\"a><evil>");
  FromTheRight none({});
  EXPECT_FALSE(none.next(element));
  FromTheRight empty("");
  EXPECT_TRUE(empty.next(element));
  EXPECT_EQ(element, "");
  EXPECT_FALSE(empty.next(element));
}

}  // namespace
}  // namespace hybi::http
