// The PROXY protocol, versions 1 and 2.
#include <hybi/io/proxy_protocol.h>
#include <hybi/testing/split.h>

#include <gtest/gtest.h>

namespace hybi::io {
namespace {

using namespace hybi::testing;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

// "used source destination", "more", "local used" or the name of the error.
std::string said(const Result<ProxyHeader>& result) {
  if (!result) return std::string(info(result.error().code).name);
  const ProxyHeader& header = result.value();
  if (header.used == 0) return "more";
  std::string text = header.local ? "local " : "";
  text += std::to_string(header.used);
  EXPECT_EQ(header.has_addresses(), header.source.family != Address::Family::None);
  if (header.has_addresses()) {
    text += " " + to_string(header.source) + " " + to_string(header.destination);
  }
  return text;
}

// What is said when the bytes come one by one, which has to be what is said of all at once.
std::string decoded(std::string_view wire, std::size_t max_bytes = kMaxProxyHeaderBytes) {
  const std::string whole = said(decode_proxy_header(as_bytes(wire), max_bytes));
  for (std::size_t size = 0; size <= wire.size(); ++size) {
    const OwnedBytes start = owned(as_bytes(wire.substr(0, size)));  // its own memory
    const std::string part = said(decode_proxy_header(start, max_bytes));
    if (part == "more") continue;
    EXPECT_EQ(part, whole) << size;
    break;
  }
  return whole;
}

std::string binary(unsigned char command, unsigned char family, std::string_view rest) {
  std::string wire(kSignature);
  wire.push_back(static_cast<char>(command));
  wire.push_back(static_cast<char>(family));
  wire.push_back(static_cast<char>(rest.size() >> 8));
  wire.push_back(static_cast<char>(rest.size() & 255));
  return wire.append(rest);
}

const std::string kV4("\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb", 12);

TEST(ProxyProtocol, LinesTellBothAddresses) {
  EXPECT_EQ(decoded("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET /"),
            "45 192.0.2.1:56324 198.51.100.2:443");
  EXPECT_EQ(decoded("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), "36 [2001:db8::1]:0 [::1]:65535");
  EXPECT_EQ(decoded("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), "37 192.0.2.1:1 [::1]:2");
}

TEST(ProxyProtocol, UnknownLinesHaveNoAddresses) {
  EXPECT_EQ(decoded("PROXY UNKNOWN\r\n"), "15");
  EXPECT_EQ(decoded("PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\nx"), "41");
  EXPECT_EQ(decoded("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "107");
  EXPECT_EQ(decoded("PROXY UNKNOWNX\r\n"), "ProxyBadHeader");
}

TEST(ProxyProtocol, LinesThatAreTooLongFailWithoutTheirEnd) {
  EXPECT_EQ(decoded("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"), "ProxyHeaderTooLong");
  EXPECT_EQ(decoded("PROXY " + std::string(101, 'x')), "ProxyHeaderTooLong");
  EXPECT_EQ(decoded("PROXY " + std::string(100, 'x')), "more");
}

TEST(ProxyProtocol, MalformedLinesFail) {
  for (const char* line : {"PROXY \r\n",
                           "PROXY TCP4\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
                           "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
                           "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n",
                           "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
                           "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
                           "PROXY TCP4 192.0.02.1 192.0.2.2 1 2\r\n",
                           "PROXY TCP4 ::1 ::1 1 2\r\n",
                           "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
                           "PROXY TCP6 [::1] ::1 1 2\r\n",
                           "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
                           "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
                           "PROXY \n",
                           "PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n"}) {
    EXPECT_EQ(decoded(line), "ProxyBadHeader") << line;
  }
  EXPECT_EQ(decoded(std::string_view("PROXY TCP4 1.2.3.4\0x 1.2.3.4 1 2\r\n", 34)),
            "ProxyBadHeader");
}

TEST(ProxyProtocol, OtherConnectionsAreToldAtTheFirstByteThatDiffers) {
  for (const char* text :
       {"GET / HTTP/1.1\r\n", "PROXX ", "proxy TCP4", "P\r", "\r\n\r\nx", "\n"}) {
    EXPECT_EQ(decoded(text), "ProxyBadSignature") << text;
  }
  EXPECT_EQ(decoded(""), "more");
  EXPECT_EQ(decoded("PROXY"), "more");
  EXPECT_EQ(decoded("\r\n\r\n"), "more");
}

TEST(ProxyProtocol, BinaryHeadersTellBothAddresses) {
  EXPECT_EQ(decoded(binary(0x21, 0x11, kV4) + "GET"), "28 192.0.2.1:56324 198.51.100.2:443");
  std::string v6(36, '\0');
  v6[0] = '\x20';
  v6[1] = '\x01';
  v6[31] = '\x02';
  v6[33] = '\x50';
  v6[34] = '\x01';
  EXPECT_EQ(decoded(binary(0x21, 0x21, v6)), "52 [2001::]:80 [::2]:256");
  EXPECT_EQ(decoded(binary(0x21, 0x31, std::string(216, 'p'))), "232 unix: unix:");
}

TEST(ProxyProtocol, LocalAndUnspecifiedAreDiscardedWhateverTheyHold) {
  EXPECT_EQ(decoded(binary(0x20, 0x00, "")), "local 16");
  EXPECT_EQ(decoded(binary(0x20, 0x11, kV4 + "x")), "local 29");
  EXPECT_EQ(decoded(binary(0x21, 0x00, "abc")), "19");
  EXPECT_EQ(decoded(binary(0x21, 0x01, "abc")), "19");
  EXPECT_EQ(decoded(binary(0x21, 0x10, "abc")), "19");
  EXPECT_EQ(decoded(binary(0x21, 0x12, kV4)), "28");  // datagrams
}

TEST(ProxyProtocol, MalformedBinaryHeadersFail) {
  for (const auto& wire :
       {binary(0x11, 0x11, kV4), binary(0x31, 0x11, kV4), binary(0x22, 0x11, kV4),
        binary(0x21, 0x41, kV4), binary(0x21, 0x13, kV4), binary(0x21, 0x11, kV4.substr(1)),
        binary(0x21, 0x21, kV4), binary(0x21, 0x31, std::string(215, 'p')),
        binary(0x21, 0x12, kV4.substr(1))}) {
    EXPECT_EQ(decoded(wire), "ProxyBadHeader");
  }
}

TEST(ProxyProtocol, AdditionsArePassedOverWithinBounds) {
  const auto with = [](std::string_view tlvs) {
    return decoded(binary(0x21, 0x11, kV4 + std::string(tlvs)));
  };
  const std::string ok = " 192.0.2.1:56324 198.51.100.2:443";
  EXPECT_EQ(with(std::string_view("\x04\x00\x00", 3)), "31" + ok);
  EXPECT_EQ(with(std::string_view("\x01\x00\x02h2\xe0\x00\x01x", 9)), "37" + ok);
  for (const std::string_view bad :
       {std::string_view("\x01"), std::string_view("\x01\x00", 2),
        std::string_view("\x01\x00\x01", 3), std::string_view("\x01\xff\xff", 3),
        std::string_view("\x04\x00\x00\x01", 4),
        std::string_view("\x03\x00\x03"
                         "abc",
                         6)}) {
    EXPECT_EQ(with(bad), "ProxyBadHeader");
  }
}

TEST(ProxyProtocol, ChecksumsAreVerified) {
  // CRC32c of the 35 bytes with the checksum taken as zero.
  const std::string good =
      binary(0x21, 0x11, kV4 + std::string("\x03\x00\x04", 3) + std::string("\x20\xec\x95\x49", 4));
  EXPECT_EQ(decoded(good), "35 192.0.2.1:56324 198.51.100.2:443");
  for (std::size_t at = 16; at < 28; ++at) {
    std::string bad = good;
    bad[at] ^= 1;
    EXPECT_EQ(decoded(bad), "ProxyBadChecksum") << at;
  }
}

TEST(ProxyProtocol, TheLimitIsCheckedBeforeTheBytesCome) {
  EXPECT_EQ(decoded(binary(0x21, 0x11, kV4), 28), "28 192.0.2.1:56324 198.51.100.2:443");
  EXPECT_EQ(decoded(binary(0x21, 0x11, kV4).substr(0, 16), 27), "ProxyHeaderTooLong");
  EXPECT_EQ(decoded(std::string(kSignature) + "\x20\x11\xff\xff"), "ProxyHeaderTooLong");
  EXPECT_EQ(decoded("PROXY UNKNOWN\r\n", 15), "15");
  EXPECT_EQ(decoded("PROXY UNKNOWN\r\n", 14), "ProxyHeaderTooLong");
}

}  // namespace
}  // namespace hybi::io
