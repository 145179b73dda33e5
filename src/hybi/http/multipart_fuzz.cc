// Invariant: accepts, or fails with a documented error; the same for any split; no limit is passed.
//
// The first byte chooses the limits and how the input is cut. The boundary is "b", and filenames
// become plain ones.
#include <hybi/base/utf8.h>
#include <hybi/http/filename.h>
#include <hybi/http/multipart.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace {

using namespace hybi;
using Kind = http::MultipartEvent::Kind;

void require(bool holds) {
  if (!holds) std::abort();
}

// All that is said of a body cut into pieces of `step` bytes.
std::string log_of(std::string_view body, std::size_t step, const MultipartLimits& limits) {
  http::MultipartParser parser("b", limits);
  std::string log;
  std::size_t parts = 0, content = 0;
  const auto note = [&](const http::MultipartEvent& event) {
    switch (event.kind) {
      case Kind::PartBegin:
        require(++parts <= limits.max_parts);
        require(is_utf8(parser.part().name) && parser.part().name.size() <= limits.max_name_bytes);
        if (parser.part().is_file()) {
          const std::string plain = http::plain_filename(*parser.part().filename);
          require(!plain.empty() && plain.size() <= 255 && is_utf8(plain) && plain[0] != '.');
          require(plain.find_first_of("/\\\r\n") == std::string::npos);
        }
        log.append("<").append(parser.part().name).append(">");
        content = 0;
        break;
      case Kind::Data:
        require(!event.data.empty());
        content += event.data.size();
        require(content <= std::max(limits.max_field_bytes, limits.max_file_bytes));
        log.append(as_text(event.data));
        break;
      case Kind::Failed:
        require(info(event.errc).http_status >= 400);
        log.append(info(event.errc).name);
        break;
      default:
        log.append(event.kind == Kind::End ? "</end>" : "</part>");
    }
  };
  for (std::size_t at = 0; at < body.size(); at += step) {
    const std::string piece(body.substr(at, step));  // its own memory: a sanitizer sees its end
    for (Bytes in = as_bytes(piece);;) {
      const http::MultipartEvent event = parser.next(in);
      if (event.kind == Kind::NeedMore) {
        require(in.empty());
        break;
      }
      note(event);
      if (event.kind == Kind::Failed) return log;
    }
  }
  note(parser.finish());
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const std::uint8_t choice = data[0];
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  MultipartLimits limits;
  if ((choice & 1) != 0) {  // so small that they are reached
    limits.max_parts = 3;
    limits.max_part_head_bytes = 80;
    limits.max_name_bytes = 6;
    limits.max_field_bytes = 10;
    limits.max_file_bytes = 12;
    limits.max_total_bytes = 300;
    limits.max_ignored_bytes = 5;
  }
  const std::string whole = log_of(body, body.size() + 1, limits);
  require(log_of(body, 1, limits) == whole);
  require(log_of(body, 2 + (choice >> 1) % 32, limits) == whole);
  (void)http::multipart_boundary(body);
  return 0;
}
