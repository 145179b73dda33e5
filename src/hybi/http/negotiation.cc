// Weights by the most specific match.
#include <hybi/base/ascii.h>
#include <hybi/http/field_value.h>
#include <hybi/http/negotiation.h>

namespace hybi::http {
namespace {

// Elements behind so many do not count: the work is their number times that of the offers.
constexpr std::size_t kMaxElements = 100;

// How one offer stands: the weight that the most specific element gives it.
struct Standing {
  unsigned weight = 0, specificity = 0;  // specificity 0: nothing matched

  void add(unsigned new_weight, unsigned new_specificity) {
    // The same range twice: the heavier one.
    if (new_specificity > specificity || (new_specificity == specificity && new_weight > weight)) {
      *this = {new_weight, new_specificity};
    }
  }
};

// Whether the element can be read at all: a weight that is malformed makes it count for nothing.
bool is_well_formed(std::string_view element) {
  ParameterReader reader(element);
  Parameter parameter;
  bool ok = true;
  while (reader.next(parameter)) {
    if (!equals_ignoring_case(parameter.name, "q")) continue;
    const std::string_view q = parameter.value;
    // weight_of() says 0 both for a weight of nothing and for nonsense.
    ok = weight_of(element) > 0 || q == "0" || q == "0." || q == "0.0" || q == "0.00" ||
         q == "0.000";
    break;
  }
  return ok && reader.ok() && !reader.name().empty();
}

template <class Specificity>
std::optional<std::size_t> best(std::string_view value, Offers offered,
                                Specificity specificity_of) {
  if (offered.empty()) return std::nullopt;
  if (value.data() == nullptr) return 0;
  std::optional<std::size_t> chosen;
  Standing leader;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    Standing standing;
    std::string_view element;
    std::size_t left = kMaxElements;
    for (ListReader list(value); left > 0 && list.next(element); --left) {
      const unsigned specificity = specificity_of(element, offered[i]);
      if (specificity > 0 && is_well_formed(element)) {
        standing.add(weight_of(element), specificity);
      }
    }
    if (standing.weight == 0) continue;
    if (standing.weight > leader.weight ||
        (standing.weight == leader.weight && standing.specificity > leader.specificity)) {
      leader = standing;
      chosen = i;
    }
  }
  return chosen;
}

// The text of a parameter's value without quotes, if it has no escapes.
std::string_view without_quotes(std::string_view value) {
  return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

bool has_parameter(std::string_view type, Parameter wanted) {
  Parameter parameter;
  for (ParameterReader reader(type); reader.next(parameter);) {
    if (equals_ignoring_case(parameter.name, wanted.name) &&
        equals_ignoring_case(without_quotes(parameter.value), without_quotes(wanted.value))) {
      return true;
    }
  }
  return false;
}

// RFC 9110 12.5.1: */* before type/* before type/subtype, and each parameter adds to it.
unsigned type_specificity(std::string_view range, std::string_view offer) {
  ParameterReader wanted(range);
  const std::string_view name = wanted.name(), type = ParameterReader(offer).name();
  unsigned specificity = 0;
  if (name == "*/*") {
    specificity = 1;
  } else if (name.ends_with("/*")) {
    const std::string_view start = name.substr(0, name.size() - 1);  // with its slash
    if (!equals_ignoring_case(type.substr(0, start.size()), start)) return 0;
    specificity = 2;
  } else if (equals_ignoring_case(name, type)) {
    specificity = 3;
  } else {
    return 0;
  }
  Parameter parameter;
  while (wanted.next(parameter)) {
    if (equals_ignoring_case(parameter.name, "q")) break;  // what follows is no part of the type
    if (!has_parameter(offer, parameter)) return 0;
    specificity += 4;
  }
  return specificity;
}

// Whether `prefix` is `tag` or is followed by "-" in it.
bool is_language_prefix(std::string_view prefix, std::string_view tag) {
  return equals_ignoring_case(tag.substr(0, prefix.size()), prefix) &&
         (tag.size() == prefix.size() || (tag.size() > prefix.size() && tag[prefix.size()] == '-'));
}

unsigned language_specificity(std::string_view element, std::string_view tag) {
  const std::string_view range = ParameterReader(element).name();
  if (range.empty()) return 0;
  if (range == "*") return 1;
  // RFC 4647 3.3.1: the longer the range, the more it says of this tag.
  if (is_language_prefix(range, tag)) return 1000 + static_cast<unsigned>(range.size());
  // RFC 4647 3.4: lookup cuts the range at its hyphens; it is the worse match the more is cut.
  if (is_language_prefix(tag, range)) {
    const std::size_t cut = range.size() - tag.size();
    return cut < 900 ? 999 - static_cast<unsigned>(cut) : 2;
  }
  return 0;
}

unsigned name_specificity(std::string_view element, std::string_view offer) {
  const std::string_view name = ParameterReader(element).name();
  if (name == "*") return 1;
  return equals_ignoring_case(name, offer) ? 2 : 0;
}

// RFC 9110 8.4.1.3: x-gzip is gzip, x-compress is compress.
unsigned coding_specificity(std::string_view element, std::string_view offer) {
  std::string_view name = ParameterReader(element).name();
  if (name == "*") return 1;
  if (equals_ignoring_case(name, "x-gzip") || equals_ignoring_case(name, "x-compress")) {
    name.remove_prefix(2);
  }
  return equals_ignoring_case(name, offer) ? 2 : 0;
}

// The weight of `coding`; nothing if no element speaks of it.
std::optional<unsigned> coding_weight(std::string_view value, std::string_view coding) {
  Standing standing;
  std::string_view element;
  std::size_t left = kMaxElements;
  for (ListReader list(value); left > 0 && list.next(element); --left) {
    const unsigned specificity = coding_specificity(element, coding);
    if (specificity > 0 && is_well_formed(element)) standing.add(weight_of(element), specificity);
  }
  if (standing.specificity == 0) return std::nullopt;
  return standing.weight;
}

}  // namespace

std::optional<std::size_t> best_type(std::string_view accept, Offers offered) {
  // Some send an empty field for no preference; it lists nothing that could be refused.
  if (trim_ows(accept).empty()) accept = {};
  return best(accept, offered, type_specificity);
}

std::optional<std::string_view> best_encoding(std::string_view accept_encoding, Offers offered) {
  constexpr std::string_view kIdentity = "identity";
  if (accept_encoding.data() == nullptr) return kIdentity;
  std::optional<std::string_view> chosen;
  unsigned leader = 0;
  for (const std::string_view coding : offered) {
    const unsigned weight = coding_weight(accept_encoding, coding).value_or(0);
    if (weight > leader) {
      leader = weight;
      chosen = coding;
    }
  }
  // RFC 9110 12.5.3: identity is acceptable unless it is refused, by name or by "*;q=0".
  const std::optional<unsigned> identity = coding_weight(accept_encoding, kIdentity);
  const bool refused = identity && *identity == 0;
  if (!refused && (!chosen || identity.value_or(0) > leader)) return kIdentity;
  return chosen;
}

std::optional<std::size_t> best_language(std::string_view accept_language, Offers offered) {
  return best(accept_language, offered, language_specificity);
}

std::optional<std::size_t> best_charset(std::string_view accept_charset, Offers offered) {
  return best(accept_charset, offered, name_specificity);
}

}  // namespace hybi::http
