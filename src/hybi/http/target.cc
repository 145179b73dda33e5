// Percent-encoding, both ways.
#include <hybi/base/ascii.h>
#include <hybi/http/chars.h>
#include <hybi/http/target.h>

namespace hybi::http {
namespace {

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    plain.push_back(c);
  }
  return plain;
}

constexpr CharSet kUnreserved("-._~");

}  // namespace

std::optional<std::string> decode_segment(std::string_view segment) {
  std::optional<std::string> plain = decode(segment, false);
  // A NUL ends the text for everything written in C that the name may be handed to.
  if (plain && plain->find('\0') != std::string::npos) return std::nullopt;
  return plain;
}

std::optional<std::string> decode_query(std::string_view text) {
  return decode(text, true);
}

bool QueryReader::next(Pair& pair) {
  while (!rest_.empty()) {
    const std::size_t end = rest_.find('&');
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (text.empty()) continue;
    const std::size_t equals = text.find('=');
    pair.name = text.substr(0, equals);
    pair.value = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
    return true;
  }
  return false;
}

std::optional<std::string> find_query(std::string_view query, std::string_view name) {
  QueryReader::Pair pair;
  for (QueryReader reader(query); reader.next(pair);) {
    // Most names are sent as they are; only others have to be decoded to be compared.
    if (pair.name == name) return decode_query(pair.value);
    if (pair.name.find_first_of("%+") == std::string_view::npos) continue;
    if (decode_query(pair.name) == name) return decode_query(pair.value);
  }
  return std::nullopt;
}

std::string encode_component(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (char c : text) {
    if (kUnreserved.has(c)) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(kDigits[byte >> 4]);
    encoded.push_back(kDigits[byte & 15]);
  }
  return encoded;
}

}  // namespace hybi::http
