#include <hybi/cli/quote.h>

#include <cstdint>

namespace hybi::cli {
namespace {

constexpr char32_t kReplacement = 0xfffd;

struct Character {
  char32_t code = kReplacement;
  std::size_t bytes = 1;
  bool valid = false;
};

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// The first character of `text`. Where it is not one: the bytes that began like one.
// Unicode 15, table 3-7. Requires: not empty.
Character decode(std::string_view text) {
  const unsigned lead = byte_at(text, 0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xc2 || lead > 0xf4) return {};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (lead == 0xe0) low = 0xa0;   // shorter forms exist
  if (lead == 0xed) high = 0x9f;  // surrogates
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;  // above U+10FFFF
  char32_t code = lead & (0x7fU >> length);
  for (std::size_t at = 1; at < length; ++at) {
    const unsigned next = byte_at(text, at);
    if (next < low || next > high) return {kReplacement, at, false};
    code = code << 6 | (next & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return {code, length, true};
}

bool is_dangerous(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

void append_unicode_escape(std::string& out, char32_t code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[code >> shift & 0xf];
}

void append_character(std::string& out, const Character& character, std::string_view bytes) {
  switch (character.code) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (!character.valid) {
    out += "\xef\xbf\xbd";
  } else if (is_dangerous(character.code)) {
    append_unicode_escape(out, character.code);
  } else {
    out += bytes;
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const Character character = decode(text);
    append_character(out, character, text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string quote_start(std::string_view text, std::size_t most) {
  if (text.size() <= most) return quote(text);
  // Not in the middle of a character.
  while (most > 0 && (byte_at(text, most) & 0xc0) == 0x80) --most;
  std::string out = "\"";
  append_escaped(out, text.substr(0, most));
  return out + "...\"";
}

bool needs_escape(std::string_view text) {
  while (!text.empty()) {
    if (is_plain(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    const Character character = decode(text);
    if (!character.valid || character.code < 0x80 || is_dangerous(character.code)) return true;
    text.remove_prefix(character.bytes);
  }
  return false;
}

}  // namespace hybi::cli
