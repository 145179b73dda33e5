// Invariant: accepts, or fails with a documented error; the same for any split.
//
// Also: every view lies inside the bytes that were offered, what was taken never exceeds them, a
// body is as long as announced, and what the helpers say about fields and targets does not depend
// on luck (no read outside of memory). The first byte chooses the limits and how the input is cut.
#include <hybi/http/cookie.h>
#include <hybi/http/date.h>
#include <hybi/http/field_value.h>
#include <hybi/http/parser.h>
#include <hybi/http/target.h>
#include <hybi/testing/http_log.h>

#include <cstdio>
#include <cstdlib>

namespace {

using namespace hybi;
using Kind = http::ParseEvent::Kind;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

bool is_inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Everything that reads a field's value.
void read_value(std::string_view value) {
  std::string_view element;
  for (http::ListReader list(value); list.next(element);) {
    require(is_inside(element, value), "list element inside its value");
    http::Parameter parameter;
    for (http::ParameterReader reader(element); reader.next(parameter);) {
      require(is_inside(parameter.name, element), "parameter inside its element");
      require(is_inside(parameter.value, element), "parameter's value inside its element");
    }
    require(http::weight_of(element) <= 1000, "weight of at most 1000");
  }
  (void)http::unquote(value);
  (void)http::parse_date(value, 1'800'000'000);
  http::CookieReader::Pair pair;
  for (http::CookieReader reader(value); reader.next(pair);) {
    require(is_inside(pair.value, value), "cookie inside its field");
  }
}

void read_head(const http::Head& head, std::string_view offered) {
  const std::string_view bytes = head.bytes();
  require(bytes.data() == offered.data() && bytes.size() <= offered.size(), "head at the front");
  require(is_inside(head.target(), bytes), "target inside the head");
  require(head.path() == "/" || is_inside(head.path(), bytes), "path inside the head");
  require(is_inside(head.query(), bytes), "query inside the head");
  require(is_inside(head.authority(), bytes), "authority inside the head");
  require(!head.path().empty(), "a path");
  require(!(head.chunked() && head.has_content_length()), "one framing only");
  (void)http::decode_segment(head.path());
  http::QueryReader::Pair pair;
  for (http::QueryReader reader(head.query()); reader.next(pair);) {
    require(http::decode_query(pair.value).has_value(), "escapes of a target are well-formed");
  }
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    const http::Field field = head.field(i);
    require(is_inside(field.name, bytes) && is_inside(field.value, bytes), "field inside the head");
    require(is_token(field.name) && http::is_field_value(field.value), "well-formed field");
    require(head.find(field.name).data() != nullptr, "field is found by its name");
    read_value(field.value);
  }
}

void read_whole(std::string_view wire, const HttpLimits& limits) {
  http::RequestParser parser(limits);
  Bytes in = as_bytes(wire);
  std::uint64_t announced = 0, received = 0;
  for (;;) {
    const Bytes offered = in;
    const http::ParseEvent event = parser.next(in);
    require(in.size() <= offered.size(), "takes from the front");
    require(in.empty() || in.data() + in.size() == offered.data() + offered.size(),
            "takes in order");
    switch (event.kind) {
      case Kind::NeedMore:
        return;
      case Kind::Head:
        // An empty line in front of the head may have been taken with it.
        read_head(parser.head(), as_text(offered).substr(offered.size() - in.size() -
                                                         parser.head().bytes().size()));
        announced = parser.head().content_length();
        received = 0;
        break;
      case Kind::Body:
        require(!event.body.empty(), "no empty piece of a body");
        require(is_inside(as_text(event.body), as_text(offered)), "body inside the input");
        received += event.body.size();
        require(received <= limits.max_body_bytes, "body within its limit");
        break;
      case Kind::End:
        require(parser.head().chunked() || received == announced, "body as long as announced");
        break;
      case Kind::Failed:
        require(info(event.errc).http_status >= 400, "documented error with a status");
        require(in.size() == offered.size() || !offered.empty(), "failure takes nothing more");
        require(parser.next(in).errc == event.errc, "failure is final");
        return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const std::uint8_t choice = data[0];
  const std::string_view wire(reinterpret_cast<const char*>(data + 1), size - 1);
  HttpLimits limits;
  if ((choice & 1) != 0) {  // so small that they are reached
    limits.max_head_bytes = 200;
    limits.max_target_bytes = 30;
    limits.max_field_count = 4;
    limits.max_body_bytes = 20;
    limits.max_trailer_bytes = 30;
    limits.max_chunk_extension_bytes = 10;
  }
  read_whole(wire, limits);

  const testing::Lines whole = testing::http_log({wire}, limits);
  std::vector<std::string_view> pieces;
  const std::size_t step = 1 + (choice >> 1) % 16;
  for (std::size_t at = 0; at < wire.size(); at += step) pieces.push_back(wire.substr(at, step));
  require(testing::http_log(pieces, limits) == whole, "the same in small pieces");
  const std::size_t cut = wire.empty() ? 0 : (choice * 131u + size) % wire.size();
  require(testing::http_log({wire.substr(0, cut), wire.substr(cut)}, limits) == whole,
          "the same in two pieces");
  return 0;
}
