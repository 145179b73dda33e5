// See disposition.h.
#include <hybi/http/chars.h>
#include <hybi/http/disposition.h>
#include <hybi/http/filename.h>

namespace hybi::http {
namespace {

// RFC 8187 3.2.1: attr-char.
constexpr CharSet kAttributeChars("!#$&+-.^_`|~");

// RFC 6266 appendix D: what every client reads alike, so no escapes, no "%" that some would decode.
bool is_plain(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x20 && u < 0x7f && c != '"' && c != '\\' && c != '%';
}

// One "_" for each character, not for each byte.
std::string ascii_of(std::string_view utf8) {
  std::string ascii;
  for (char c : utf8) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues) ascii.push_back(is_plain(c) ? c : '_');
  }
  return ascii;
}

}  // namespace

std::string content_disposition(Disposition disposition, std::string_view filename) {
  std::string value = disposition == Disposition::Attachment ? "attachment" : "inline";
  if (filename.empty()) return value;
  const std::string name = plain_filename(filename);
  const std::string ascii = ascii_of(name);
  value.append("; filename=\"").append(ascii).append("\"");
  if (ascii == name) return value;
  constexpr char kDigits[] = "0123456789ABCDEF";
  value.append("; filename*=UTF-8''");  // behind filename: RFC 6266 4.3, it wins where it is known
  for (char c : name) {
    if (kAttributeChars.has(c)) {
      value.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    value.push_back('%');
    value.push_back(kDigits[byte >> 4]);
    value.push_back(kDigits[byte & 15]);
  }
  return value;
}

}  // namespace hybi::http
