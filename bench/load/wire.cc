// Builds and checks the generator's bytes, see wire.h.
#include "load/wire.h"

#include <strings.h>

#include <cstdint>
#include <cstdlib>

namespace bench {
namespace {

constexpr unsigned char kMask[kMaskBytes] = {0x37, 0xfa, 0x21, 0x3d};

std::string frame_header(std::size_t payload, unsigned opcode, bool masked) {
  const unsigned mask_bit = masked ? 0x80 : 0;
  std::string header(1, static_cast<char>(0x80 | opcode));
  unsigned length_bytes = 0;
  if (payload < 126) {
    header += static_cast<char>(mask_bit | payload);
  } else if (payload < 65536) {
    header += static_cast<char>(mask_bit | 126);
    length_bytes = 2;
  } else {
    header += static_cast<char>(mask_bit | 127);
    length_bytes = 8;
  }
  for (unsigned i = length_bytes; i-- > 0;) {
    header += static_cast<char>(std::uint64_t{payload} >> (8 * i));
  }
  return header;
}

std::string masked(std::string_view payload, unsigned opcode) {
  std::string frame = frame_header(payload.size(), opcode, true);
  frame.append(reinterpret_cast<const char*>(kMask), kMaskBytes);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ kMask[i % kMaskBytes]);
  }
  return frame;
}

// The value of field `name` in `head`, or empty. Good enough for answers of servers under test.
std::string_view field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    std::string_view value = line.substr(name.size() + 1, line.find("\r\n") - name.size() - 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
    return value;
  }
  return {};
}

}  // namespace

std::string make_payload(std::size_t bytes) {
  std::string payload(bytes, ' ');
  for (std::size_t i = 0; i < bytes; ++i)
    payload[i] = static_cast<char>('!' + (i * 7 + i / 90) % 90);
  return payload;
}

std::string client_frame(std::string_view payload, bool text) {
  return masked(payload, text ? 1 : 2);
}

std::string server_frame(std::string_view payload, bool text) {
  return frame_header(payload.size(), text ? 1 : 2, false).append(payload);
}

std::string compressed_client_frame(std::string_view payload, bool text) {
  return masked(payload, 0x40 | (text ? 1U : 2U));
}

std::string close_frame() {
  return masked("\x03\xe8", 8);
}

std::string upgrade_request(std::string_view path, std::string_view offer) {
  std::string request = "GET " + std::string(path) +
                        " HTTP/1.1\r\n"
                        "Host: localhost\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n";
  if (!offer.empty()) request += "Sec-WebSocket-Extensions: " + std::string(offer) + "\r\n";
  return request + "\r\n";
}

bool is_upgrade_answer(std::string_view head) {
  // The key above and this answer are the example of RFC 6455 1.3.
  return head.starts_with("HTTP/1.1 101") && head.ends_with("\r\n\r\n") &&
         field(head, "Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
}

std::string answered_extensions(std::string_view head) {
  return std::string(field(head, "Sec-WebSocket-Extensions"));
}

std::string get_request(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

std::size_t response_length(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::string_view length = field(bytes.substr(0, end + 2), "Content-Length");
  if (length.empty()) return 0;
  const std::size_t total = end + 4 + std::strtoull(std::string(length).c_str(), nullptr, 10);
  return bytes.size() >= total ? total : 0;
}

}  // namespace bench
