// Invariant: whatever a field's value is, what is read of it keeps its promises: ranges lie inside
// of the representation and apart, choices are among the offers, nodes inside of their text, and
// what is built of it is one field's value.
#include <hybi/base/ascii.h>
#include <hybi/http/authorization.h>
#include <hybi/http/chars.h>
#include <hybi/http/conditional.h>
#include <hybi/http/disposition.h>
#include <hybi/http/forwarded.h>
#include <hybi/http/negotiation.h>
#include <hybi/http/range.h>

#include <cstdlib>

namespace {

using namespace hybi;
using namespace hybi::http;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void read_ranges(std::string_view value, std::uint64_t size) {
  const RangeAnswer answer = read_range(value, size);
  require((answer.kind == RangeAnswer::Kind::Partial) == !answer.ranges.empty());
  require(answer.ranges.size() <= kMaxRanges);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < answer.ranges.size(); ++i) {
    const ByteRange& range = answer.ranges[i];
    require(range.first <= range.last && range.last < size);
    sum += range.size();
    for (std::size_t j = 0; j < i; ++j) {
      const ByteRange& other = answer.ranges[j];
      require(range.last + 1 < other.first || other.last + 1 < range.first);
    }
  }
  require(sum <= size);
}

void negotiate(std::string_view value) {
  const std::string_view types[] = {"text/html", "text/html;level=1", "image/png"};
  const std::string_view codings[] = {"br", "gzip"};
  const std::string_view languages[] = {"en", "de-AT", "zh-Hant-TW"};
  if (const auto type = best_type(value, types)) require(*type < 3);
  if (const auto language = best_language(value, languages)) require(*language < 3);
  if (const auto charset = best_charset(value, codings)) require(*charset < 2);
  const auto coding = best_encoding(value, codings);
  require(!coding || *coding == "br" || *coding == "gzip" || *coding == "identity");
}

void compare_tags(std::string_view value) {
  EntityTag tag;
  bool has_a = false;
  for (EntityTagReader reader(value); reader.next(tag);) {
    require(is_inside(tag.opaque, value) && tag.opaque.size() >= 2);
    has_a = has_a || tag.opaque == "\"a\"";
  }
  const Validators current{"\"a\"", 784'111'777};
  const Verdict get = evaluate({.if_none_match = value}, &current, true, 1'800'000'000);
  require((get == Verdict::NotModified) == (has_a || trim_ows(value) == "*"));
  (void)evaluate({.if_match = value, .if_modified_since = value}, &current, true, 1'800'000'000);
  (void)evaluate({.if_unmodified_since = value}, &current, false, 1'800'000'000);
  (void)if_range_holds(value, current, 1'800'000'000);
  require(parse_entity_tag(make_entity_tag(value)).has_value());
}

void read_forwarded(std::string_view value) {
  if (const auto elements = parse_forwarded(value)) {
    for (const ForwardedElement& element : elements.value()) {
      require(element.client.empty() || parse_node(element.client).has_value());
      require(element.by.empty() || parse_node(element.by).has_value());
      require(is_field_value(element.host) && is_field_value(element.proto));
    }
  }
  std::string_view element;
  std::size_t count = 0;
  for (FromTheRight list(value); list.next(element); ++count) {
    require(is_inside(element, value) && count <= value.size());
    if (const auto node = parse_node(element, true)) require(is_inside(node.value().name, element));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2048) return 0;
  const std::string value(reinterpret_cast<const char*>(data), size);
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{10'000}, ~std::uint64_t{0}}) {
    read_ranges(value, bytes);
  }
  negotiate(value);
  compare_tags(value);
  read_forwarded(value);
  if (const auto basic = parse_basic(value)) {
    require(basic.value().user.find(':') == std::string::npos);
    require(is_field_value(basic.value().user) && is_field_value(basic.value().password));
    require(basic.value().match(basic.value().user, basic.value().password));
  }
  if (const auto token = parse_bearer(value)) require(is_inside(token.value(), value));
  require(is_field_value(content_disposition(Disposition::Attachment, value)));
  require(is_field_value(basic_challenge(value)) && is_field_value(bearer_challenge(value, value)));
  return 0;
}
