// Text from anywhere as part of one line: in logs, in messages about hybi.toml, in TOML and JSON.
//
// The escapes are those of JSON that TOML and Go's logfmt readers know as well. What is not UTF-8
// becomes U+FFFD, one for each maximal part (Unicode 3.9, as WHATWG's decoder does); what moves a
// terminal's cursor or ends a line (C0, DEL, C1, U+2028, U+2029) is written as \uXXXX.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hybi::cli {

// `text` escaped, without quotes around it.
void append_escaped(std::string& out, std::string_view text);
// The same between double quotes: a JSON string and a TOML basic string.
void append_quoted(std::string& out, std::string_view text);
std::string quote(std::string_view text);
// For messages: what is longer than `most` bytes ends with "...".
std::string quote_start(std::string_view text, std::size_t most = 60);

// Whether append_escaped would change anything.
bool needs_escape(std::string_view text);

}  // namespace hybi::cli
