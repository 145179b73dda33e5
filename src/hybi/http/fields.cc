// Changing and searching the text of a response's fields.
#include <hybi/base/ascii.h>
#include <hybi/http/chars.h>
#include <hybi/http/fields.h>

namespace hybi::http {
namespace {

// The line at the front of `text`, without its CRLF. Every line of ours is "name: value".
std::string_view front_line(std::string_view text) {
  return text.substr(0, text.find("\r\n"));
}

}  // namespace

Field Fields::Iterator::operator*() const {
  const std::string_view line = front_line(rest_);
  const std::size_t colon = line.find(':');
  return {line.substr(0, colon), line.substr(colon + 2)};
}

Fields::Iterator& Fields::Iterator::operator++() {
  rest_.remove_prefix(front_line(rest_).size() + 2);
  return *this;
}

Result<void> Fields::add(std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value)) return Errc::BadField;
  value = trim_ows(value);
  text_.append(name).append(": ").append(value).append("\r\n");
  return {};
}

Result<void> Fields::set(std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value)) return Errc::BadField;
  // The arguments may be views into the fields that are about to go.
  const std::string own_name(name), own_value(value);
  remove(own_name);
  return add(own_name, own_value);
}

std::size_t Fields::remove(std::string_view name) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text_.size();) {
    const std::string_view rest = std::string_view(text_).substr(at);
    const std::size_t line_bytes = front_line(rest).size() + 2;
    if (equals_ignoring_case(rest.substr(0, rest.find(':')), name)) {
      text_.erase(at, line_bytes);
      ++count;
    } else {
      at += line_bytes;
    }
  }
  return count;
}

std::string_view Fields::find(std::string_view name) const {
  for (const Field field : *this) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

}  // namespace hybi::http
