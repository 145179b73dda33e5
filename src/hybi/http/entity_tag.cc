// See entity_tag.h.
#include <hybi/base/ascii.h>
#include <hybi/http/entity_tag.h>

namespace hybi::http {
namespace {

// RFC 9110 8.8.3: etagc, no spaces, no controls, no quote.
bool is_tag_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u == 0x21 || (u >= 0x23 && u != 0x7f);
}

// The tag at the front of `text`, which is advanced past it.
std::optional<EntityTag> take_tag(std::string_view& text) {
  EntityTag tag;
  std::size_t at = 0;
  if (text.starts_with("W/")) {  // RFC 9110 8.8.3: case-sensitive
    tag.weak = true;
    at = 2;
  }
  if (at >= text.size() || text[at] != '"') return std::nullopt;
  std::size_t end = at + 1;
  while (end < text.size() && is_tag_char(text[end])) ++end;
  if (end == text.size() || text[end] != '"') return std::nullopt;
  tag.opaque = text.substr(at, end + 1 - at);
  text.remove_prefix(end + 1);
  return tag;
}

}  // namespace

std::optional<EntityTag> parse_entity_tag(std::string_view text) {
  const std::optional<EntityTag> tag = take_tag(text);
  return text.empty() ? tag : std::nullopt;
}

bool strong_equal(EntityTag a, EntityTag b) {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}

bool weak_equal(EntityTag a, EntityTag b) {
  return a.opaque == b.opaque;
}

bool EntityTagReader::next(EntityTag& tag) {
  rest_ = trim_ows(rest_);
  while (!rest_.empty() && rest_.front() == ',') rest_ = trim_ows(rest_.substr(1));
  if (rest_.empty()) return false;
  const std::optional<EntityTag> taken = take_tag(rest_);
  rest_ = trim_ows(rest_);
  if (!taken || (!rest_.empty() && rest_.front() != ',')) {
    ok_ = false;
    rest_ = {};
    return false;
  }
  tag = *taken;
  return true;
}

std::string make_entity_tag(std::string_view opaque, bool weak) {
  std::string tag = weak ? "W/\"" : "\"";
  for (char c : opaque) tag.push_back(is_tag_char(c) ? c : '_');
  tag.push_back('"');
  return tag;
}

}  // namespace hybi::http
