// Looking things up in a parsed head.
#include <hybi/base/ascii.h>
#include <hybi/base/assert.h>
#include <hybi/http/field_value.h>
#include <hybi/http/head.h>

namespace hybi::http {

std::string_view Head::path() const {
  // RFC 9110 4.2.3: an empty path of an absolute target means "/".
  if (layout_.path_bytes == 0) return "/";
  return part(layout_.path_at, layout_.path_bytes);
}

Field Head::field(std::size_t index) const {
  HYBI_ASSERT(index < layout_.fields.size());
  const FieldPosition& at = layout_.fields[index];
  return {part(at.name_at, at.name_bytes), part(at.value_at, at.value_bytes)};
}

bool Head::has_name(const FieldPosition& field, std::string_view name) const {
  return field.name_bytes == name.size() &&
         equals_ignoring_case(part(field.name_at, field.name_bytes), name);
}

std::string_view Head::find(std::string_view name) const {
  for (const FieldPosition& field : layout_.fields) {
    if (has_name(field, name)) return part(field.value_at, field.value_bytes);
  }
  return {};
}

std::size_t Head::count(std::string_view name) const {
  std::size_t count = 0;
  for (const FieldPosition& field : layout_.fields) count += has_name(field, name) ? 1 : 0;
  return count;
}

bool Head::has_token(std::string_view name, std::string_view token) const {
  for (const FieldPosition& field : layout_.fields) {
    if (!has_name(field, name)) continue;
    if (list_has_token(part(field.value_at, field.value_bytes), token)) return true;
  }
  return false;
}

}  // namespace hybi::http
