// Reading the head of a part.
#include <hybi/base/ascii.h>
#include <hybi/base/utf8.h>
#include <hybi/http/chars.h>
#include <hybi/http/field_value.h>
#include <hybi/http/part_head.h>

namespace hybi::http {
namespace {

// The character that a browser's escape at the front of `text` stands for; 0 if it is none.
char escaped_char(std::string_view text) {
  const std::string_view escape = text.substr(0, 3);
  if (escape == "%22") return '"';
  if (equals_ignoring_case(escape, "%0d")) return '\r';
  if (equals_ignoring_case(escape, "%0a")) return '\n';
  return 0;
}

// The text of a name or filename. A backslash escapes only a quote and itself: browsers send others
// as they are, in paths.
std::string form_text(std::string_view text) {
  if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) {
      c = text[++i];
    } else if (const char meant = escaped_char(text.substr(i)); meant != 0) {
      c = meant;
      i += 2;
    }
    plain.push_back(c);
  }
  return plain;
}

Result<std::string> read_name(std::string_view text, const MultipartLimits& limits) {
  if (text.data() == nullptr) return Errc::HttpBadPartHead;
  std::string plain = form_text(text);
  if (plain.size() > limits.max_name_bytes) return Errc::HttpPartNameTooLong;
  if (!is_utf8(plain)) return Errc::HttpBadPartHead;  // RFC 7578 5.1
  return plain;
}

// RFC 7578 4.2: form-data, a name, and a filename if it is a file. "filename*" must not be used
// there and is passed over.
Errc read_disposition(std::string_view value, const MultipartLimits& limits, PartHead& head) {
  ParameterReader reader(value);
  if (!equals_ignoring_case(reader.name(), "form-data")) return Errc::HttpBadPartHead;
  bool named = false;
  Parameter parameter;
  while (reader.next(parameter)) {
    const bool is_name = equals_ignoring_case(parameter.name, "name");
    if (!is_name && !equals_ignoring_case(parameter.name, "filename")) continue;
    // Twice: which one counts, others may see differently.
    if (is_name ? named : head.filename.has_value()) return Errc::HttpBadPartHead;
    Result<std::string> text = read_name(parameter.value, limits);
    if (!text) return text.error().code;
    if (is_name) {
      head.name = std::move(text).value();
      named = true;
    } else {
      head.filename = std::move(text).value();
    }
  }
  return named && reader.ok() ? Errc::Ok : Errc::HttpBadPartHead;
}

// RFC 7578 4.7: content is sent as it is.
bool is_plain_encoding(std::string_view value) {
  return equals_ignoring_case(value, "7bit") || equals_ignoring_case(value, "8bit") ||
         equals_ignoring_case(value, "binary");
}

}  // namespace

std::string_view PartHead::find(std::string_view field) const {
  for (const Field& line : fields) {
    if (equals_ignoring_case(line.name, field)) return line.value;
  }
  return {};
}

Result<PartHead> parse_part_head(std::string_view lines, const MultipartLimits& limits) {
  PartHead head;
  bool disposed = false, typed = false;
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    if (end == std::string_view::npos) return Errc::HttpBadPartHead;
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Errc::HttpBadPartHead;
    const Field field{line.substr(0, colon), trim_ows(line.substr(colon + 1))};
    // Folded lines fail as well: they begin with a space, which is in no token.
    if (!is_token(field.name) || !is_field_value(field.value)) return Errc::HttpBadPartHead;
    if (equals_ignoring_case(field.name, "content-disposition")) {
      if (disposed) return Errc::HttpBadPartHead;
      disposed = true;
      if (Errc errc = read_disposition(field.value, limits, head); errc != Errc::Ok) return errc;
    } else if (equals_ignoring_case(field.name, "content-type")) {
      if (typed) return Errc::HttpBadPartHead;
      typed = true;
      head.content_type = field.value;
    } else if (equals_ignoring_case(field.name, "content-transfer-encoding") &&
               !is_plain_encoding(field.value)) {
      return Errc::HttpPartEncoding;
    }
    head.fields.push_back(field);
  }
  if (!disposed) return Errc::HttpBadPartHead;
  return head;
}

}  // namespace hybi::http
