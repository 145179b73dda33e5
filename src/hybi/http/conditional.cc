// The order of RFC 9110 13.2.2.
#include <hybi/base/ascii.h>
#include <hybi/http/conditional.h>
#include <hybi/http/date.h>
#include <hybi/http/field_value.h>

namespace hybi::http {
namespace {

bool is_there(std::string_view value) {
  return value.data() != nullptr;
}

// Whether the list, or "*", names the current representation.
bool matches(std::string_view list, const Validators* current,
             bool (*equal)(EntityTag, EntityTag)) {
  if (current == nullptr) return false;
  if (trim_ows(list) == "*") return true;
  const auto ours = parse_entity_tag(current->entity_tag);
  if (!ours) return false;
  EntityTag tag;
  for (EntityTagReader reader(list); reader.next(tag);) {
    if (equal(tag, *ours)) return true;
  }
  return false;
}

// The date of a field that counts: it is one, and the representation has one.
std::optional<std::int64_t> date_of(std::string_view value, const Validators* current,
                                    std::int64_t now) {
  if (!is_there(value) || current == nullptr || !current->last_modified) return std::nullopt;
  return parse_date(trim_ows(value), now);
}

}  // namespace

Verdict evaluate(const Preconditions& conditions, const Validators* current, bool get_or_head,
                 std::int64_t now) {
  if (is_there(conditions.if_match)) {  // step 1; If-Unmodified-Since does not count then
    if (!matches(conditions.if_match, current, strong_equal)) return Verdict::PreconditionFailed;
  } else if (const auto date = date_of(conditions.if_unmodified_since, current, now)) {  // step 2
    if (*current->last_modified > *date) return Verdict::PreconditionFailed;
  }
  if (is_there(conditions.if_none_match)) {  // step 3; If-Modified-Since does not count then
    if (matches(conditions.if_none_match, current, weak_equal)) {
      return get_or_head ? Verdict::NotModified : Verdict::PreconditionFailed;
    }
  } else if (get_or_head) {  // step 4
    const auto date = date_of(conditions.if_modified_since, current, now);
    if (date && *current->last_modified <= *date) return Verdict::NotModified;
  }
  return Verdict::Go;
}

Verdict evaluate(const Head& head, const Validators* current, std::int64_t now) {
  std::string match, none_match;
  const Preconditions conditions{
      combined_value(head, "if-match", match), combined_value(head, "if-none-match", none_match),
      // RFC 9110 13.1.3: more than one is none.
      head.count("if-modified-since") == 1 ? head.find("if-modified-since") : std::string_view(),
      head.count("if-unmodified-since") == 1 ? head.find("if-unmodified-since")
                                             : std::string_view()};
  const bool get_or_head = head.method() == Method::Get || head.method() == Method::Head;
  return evaluate(conditions, current, get_or_head, now);
}

}  // namespace hybi::http
