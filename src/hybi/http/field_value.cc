// Lists, parameters, quoted strings and weights.
#include <hybi/base/ascii.h>
#include <hybi/http/field_value.h>

namespace hybi::http {
namespace {

// Returns: the size of the quoted string at the front of `text`, quotes included; 0 if it has no
// end or holds a character that is not allowed. RFC 9110 5.6.4
std::size_t quoted_size(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"') return i + 1;
    if (c == '\\' && ++i == text.size()) return 0;
    const auto meant = static_cast<unsigned char>(text[i]);
    if ((meant < 0x20 && meant != '\t') || meant == 0x7f) return 0;
  }
  return 0;
}

// The position of the first `separator` outside of quoted strings, or the size.
std::size_t find_outside_quotes(std::string_view text, char separator) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      return i;
    }
  }
  return text.size();
}

std::size_t token_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_token_char(text[size])) ++size;
  return size;
}

}  // namespace

bool ListReader::next(std::string_view& element) {
  while (!rest_.empty()) {
    const std::size_t end = find_outside_quotes(rest_, ',');
    element = trim_ows(rest_.substr(0, end));
    rest_.remove_prefix(end == rest_.size() ? end : end + 1);
    if (!element.empty()) return true;  // RFC 9110 5.6.1.2: empty elements do not count
  }
  return false;
}

bool list_has_token(std::string_view list, std::string_view token) {
  std::string_view element;
  for (ListReader reader(list); reader.next(element);) {
    if (equals_ignoring_case(element, token)) return true;
  }
  return false;
}

ParameterReader::ParameterReader(std::string_view element) {
  const std::size_t end = find_outside_quotes(element, ';');
  name_ = trim_ows(element.substr(0, end));
  rest_ = element.substr(end);
}

bool ParameterReader::next(Parameter& parameter) {
  while (!rest_.empty()) {
    rest_.remove_prefix(1);  // the semicolon
    rest_ = trim_ows(rest_);
    if (rest_.empty()) return false;
    if (rest_.front() == ';') continue;  // RFC 9110 5.6.6: a parameter may be missing
    const std::size_t name_bytes = token_size(rest_);
    parameter = {rest_.substr(0, name_bytes), {}};
    rest_ = trim_ows(rest_.substr(name_bytes));
    if (!rest_.empty() && rest_.front() == '=') {
      rest_ = trim_ows(rest_.substr(1));
      const bool quoted = !rest_.empty() && rest_.front() == '"';
      const std::size_t value_bytes = quoted ? quoted_size(rest_) : token_size(rest_);
      ok_ = value_bytes > 0;
      parameter.value = rest_.substr(0, value_bytes);
      rest_ = trim_ows(rest_.substr(value_bytes));
    }
    if (name_bytes == 0 || (!rest_.empty() && rest_.front() != ';')) ok_ = false;
    if (!ok_) rest_ = {};
    return ok_;
  }
  return false;
}

Result<std::string> unquote(std::string_view text) {
  if (is_token(text)) return std::string(text);
  if (text.size() < 2 || text.front() != '"' || quoted_size(text) != text.size()) {
    return Errc::BadField;
  }
  text = text.substr(1, text.size() - 2);
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    plain.push_back(text[i]);
  }
  return plain;
}

unsigned weight_of(std::string_view element) {
  Parameter parameter;
  ParameterReader reader(element);
  while (reader.next(parameter)) {
    if (!equals_ignoring_case(parameter.name, "q")) continue;
    const std::string_view text = parameter.value;
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    if (text.size() > 1 && text[1] != '.') return 0;
    unsigned value = static_cast<unsigned>(text[0] - '0') * 1000;
    unsigned place = 100;
    for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
      if (!is_digit(text[i])) return 0;
      value += static_cast<unsigned>(text[i] - '0') * place;
    }
    return value <= 1000 ? value : 0;
  }
  return reader.ok() ? 1000 : 0;
}

std::string_view combined_value(const Head& head, std::string_view name, std::string& joined) {
  joined.clear();
  std::string_view first;
  std::size_t lines = 0;
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    const Field field = head.field(i);
    if (!equals_ignoring_case(field.name, name)) continue;
    if (++lines == 1) {
      first = field.value;
      continue;
    }
    if (lines == 2) joined = first;
    joined.append(", ").append(field.value);
  }
  return lines > 1 ? std::string_view(joined) : first;
}

}  // namespace hybi::http
