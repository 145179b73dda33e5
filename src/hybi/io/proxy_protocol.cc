// Reading of both versions. Sections are those of proxy-protocol.txt.
#include <hybi/base/ascii.h>
#include <hybi/io/proxy_protocol.h>

#include <algorithm>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace hybi::io {
namespace {

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedBytes = 16;
constexpr std::size_t kChecksumTlv = 3;

unsigned byte_at(Bytes in, std::size_t at) {
  return std::to_integer<unsigned>(in[at]);
}

std::size_t number_at(Bytes in, std::size_t at) {
  return byte_at(in, at) << 8 | byte_at(in, at + 1);
}

// Through from_sockaddr(), so that a mapped address is told as everywhere else.
Address make_v4(const void* ip, std::uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  std::memcpy(&v4.sin_addr, ip, 4);
  return from_sockaddr(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
}

Address make_v6(const void* ip, std::uint16_t port) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, ip, 16);
  return from_sockaddr(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

// What stands in front of the next space, which is taken with it.
std::string_view take_word(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

// 2.1: 0 to 65535, no sign, no leading zero.
bool read_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return false;
  unsigned value = 0;
  for (char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  port = static_cast<std::uint16_t>(value);
  return value <= 65'535;
}

bool read_address(int family, std::string_view ip, std::uint16_t port, Address& address) {
  unsigned char bytes[16];
  if (::inet_pton(family, std::string(ip).c_str(), bytes) != 1) return false;
  address = family == AF_INET ? make_v4(bytes, port) : make_v6(bytes, port);
  return true;
}

// 2.1: "TCP4 192.0.2.1 192.0.2.2 56324 443", without CRLF and without "PROXY ".
Result<ProxyHeader> read_line(std::string_view line, std::size_t used) {
  ProxyHeader header;
  header.used = used;
  // What follows UNKNOWN is not looked at.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;
  const bool ends_in_word = !line.ends_with(' ');
  const std::string_view protocol = take_word(line);
  const std::string_view source = take_word(line), destination = take_word(line);
  const std::string_view source_port = take_word(line), destination_port = take_word(line);
  if (protocol != "TCP4" && protocol != "TCP6") return Errc::ProxyBadHeader;
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  std::uint16_t from = 0, to = 0;
  // A NUL would end the text for inet_pton, with anything behind it.
  const bool has_nul = source.find('\0') != std::string_view::npos ||
                       destination.find('\0') != std::string_view::npos;
  if (!ends_in_word || !line.empty() || has_nul || !read_port(source_port, from) ||
      !read_port(destination_port, to) || !read_address(family, source, from, header.source) ||
      !read_address(family, destination, to, header.destination)) {
    return Errc::ProxyBadHeader;
  }
  return header;
}

Result<ProxyHeader> decode_line(std::string_view text, std::size_t max_bytes) {
  const std::size_t limit = std::min(max_bytes, kMaxProxyLineBytes);
  const std::size_t end = text.substr(0, limit).find('\n');
  if (end == std::string_view::npos) {
    if (text.size() >= limit) return Errc::ProxyHeaderTooLong;
    return ProxyHeader{};
  }
  if (end <= kLineStart.size() || text[end - 1] != '\r') return Errc::ProxyBadHeader;
  return read_line(text.substr(kLineStart.size(), end - 1 - kLineStart.size()), end + 1);
}

// RFC 3720 appendix B.4: CRC32c, bit by bit; headers are short. The checksum's own four bytes count
// as zero (2.2.3).
std::uint32_t checksum_of(Bytes header, std::size_t own_at) {
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 0; i < header.size(); ++i) {
    crc ^= i >= own_at && i < own_at + 4 ? 0 : byte_at(header, i);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

// 2.2: what follows the addresses is passed over, but it has to be well-formed.
Result<void> check_tlvs(Bytes header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < 3) return Errc::ProxyBadHeader;
    const std::size_t type = byte_at(header, at), length = number_at(header, at + 1);
    at += 3;
    if (length > header.size() - at) return Errc::ProxyBadHeader;
    if (type == kChecksumTlv) {
      if (length != 4) return Errc::ProxyBadHeader;
      const auto told =
          static_cast<std::uint32_t>(number_at(header, at) << 16 | number_at(header, at + 2));
      if (told != checksum_of(header, at)) return Errc::ProxyBadChecksum;
    }
    at += length;
  }
  return {};
}

Result<ProxyHeader> decode_binary(Bytes in, std::size_t max_bytes) {
  if (in.size() < kFixedBytes) return ProxyHeader{};
  const unsigned version = byte_at(in, 12) >> 4, command = byte_at(in, 12) & 15;
  const unsigned family = byte_at(in, 13) >> 4, transport = byte_at(in, 13) & 15;
  // 2.2: other values are reserved and must be rejected.
  if (version != 2 || command > 1 || family > 3 || transport > 2) return Errc::ProxyBadHeader;
  const std::size_t size = kFixedBytes + number_at(in, 14);
  if (size > max_bytes) return Errc::ProxyHeaderTooLong;
  if (in.size() < size) return ProxyHeader{};
  in = in.first(size);

  ProxyHeader header;
  header.used = size;
  header.local = command == 0;
  // 2.2: of LOCAL and of what is unspecified all is discarded, whatever it is.
  if (header.local || family == 0 || transport == 0) return header;
  constexpr std::size_t kAddressBytes[] = {0, 12, 36, 216};
  const std::size_t tlvs_at = kFixedBytes + kAddressBytes[family];
  if (size < tlvs_at) return Errc::ProxyBadHeader;
  HYBI_TRY(check_tlvs(in, tlvs_at));
  if (transport != 1) return header;  // datagrams: as if unspecified
  const auto port = [&](std::size_t at) { return static_cast<std::uint16_t>(number_at(in, at)); };
  if (family == 1) {
    header.source = make_v4(&in[16], port(24));
    header.destination = make_v4(&in[20], port(26));
  } else if (family == 2) {
    header.source = make_v6(&in[16], port(48));
    header.destination = make_v6(&in[32], port(50));
  } else {
    header.source.family = header.destination.family = Address::Family::Unix;
  }
  return header;
}

// Whether `text` begins with `start`, as far as it goes.
bool may_start_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start.substr(0, text.size());
}

}  // namespace

Result<ProxyHeader> decode_proxy_header(Bytes in, std::size_t max_bytes) {
  const std::string_view text = as_text(in);
  if (may_start_with(text, kLineStart)) return decode_line(text, max_bytes);
  if (may_start_with(text, kSignature)) return decode_binary(in, max_bytes);
  return Errc::ProxyBadSignature;
}

}  // namespace hybi::io
