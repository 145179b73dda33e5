// The first line of a request: method, target, version. RFC 9112 3.
//
// Called by parser.cc with the bytes it has; the line may be incomplete.
#pragma once

#include <hybi/error.h>
#include <hybi/http/head.h>

namespace hybi::http {

// Reads the line that starts at `begin` and fills the method, the target with its parts and the
// version. What it answers depends on the bytes of the line only, never on those behind it.
// Returns: past the line's CRLF; null with `errc` Ok if [begin, end) ends before the line does.
// Fails:   null with the first error of syntax, from left to right, in `errc`; then what is
// well-formed
//          but not supported: version, method, and a form of target that the method does not have.
const char* read_request_line(const char* begin, const char* end, std::size_t max_target_bytes,
                              HeadLayout& layout, Errc& errc);

}  // namespace hybi::http
