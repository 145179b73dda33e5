#include <hybi/base/ascii.h>
#include <hybi/ws/extension.h>

namespace hybi::ws {

namespace {

// A cursor over one field line.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) { skip_space(); }

  bool at_end() const { return text_.empty(); }

  bool take(char c) {
    if (!take_exactly(c)) return false;
    skip_space();
    return true;
  }

  // Leaves the space behind it: inside quotes it counts.
  bool take_exactly(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  // Returns: an empty view if there is no token here.
  std::string_view take_token() {
    std::size_t size = 0;
    while (size < text_.size() && is_token_char(text_[size])) ++size;
    const std::string_view token = text_.substr(0, size);
    text_.remove_prefix(size);
    skip_space();
    return token;
  }

  // The opening quote is taken. Returns: nothing unless the quotes hold a token.
  std::optional<std::string> take_rest_of_quoted() {
    std::string content;
    while (!text_.empty()) {
      char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') {
        skip_space();
        // RFC 6455 9.1: after unescaping, the value MUST conform to the token rule
        if (content.empty()) return std::nullopt;
        return content;
      }
      if (c == '\\') {
        if (text_.empty()) return std::nullopt;
        c = text_.front();
        text_.remove_prefix(1);
      }
      if (!is_token_char(c)) return std::nullopt;
      content.push_back(c);
    }
    return std::nullopt;
  }

 private:
  void skip_space() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t'))
      text_.remove_prefix(1);
  }

  std::string_view text_;
};

Result<ExtensionOffer> parse_one(Line& line) {
  ExtensionOffer offer;
  offer.name = line.take_token();
  if (offer.name.empty()) return Errc::WsHandshakeExtensions;
  while (line.take(';')) {
    ExtensionParam param;
    param.name = line.take_token();
    if (param.name.empty()) return Errc::WsHandshakeExtensions;
    if (line.take('=')) {
      if (line.take_exactly('"')) {
        param.value = line.take_rest_of_quoted();
      } else if (const std::string_view token = line.take_token(); !token.empty()) {
        param.value = token;
      }
      if (!param.value) return Errc::WsHandshakeExtensions;
    }
    offer.params.push_back(std::move(param));
  }
  return offer;
}

}  // namespace

Result<void> parse_extensions(std::string_view text, std::vector<ExtensionOffer>& list) {
  Line line(text);
  bool found = false;
  while (!line.at_end()) {
    // RFC 9110 5.6.1: empty elements of a list are skipped
    if (line.take(',')) continue;
    Result<ExtensionOffer> offer = parse_one(line);
    if (!offer) return offer.error();
    list.push_back(std::move(*offer));
    found = true;
    if (!line.at_end() && !line.take(',')) return Errc::WsHandshakeExtensions;
  }
  // RFC 6455 9.1: extension-list = 1#extension
  if (!found) return Errc::WsHandshakeExtensions;
  return {};
}

std::string format_extensions(const std::vector<ExtensionOffer>& list) {
  std::string text;
  for (const ExtensionOffer& offer : list) {
    if (!text.empty()) text += ", ";
    text += offer.name;
    for (const ExtensionParam& param : offer.params) {
      text += "; " + param.name;
      if (param.value) text += '=' + *param.value;
    }
  }
  return text;
}

}  // namespace hybi::ws
