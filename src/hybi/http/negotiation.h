// Content negotiation by the server: which of what is offered fits best what the client accepts.
// RFC 9110 12.5, RFC 4647.
//
// The value of a field over all its lines (combined_value); null data(): absent. Elements that are
// malformed are passed over, and so is all behind the hundredth. Answers that depend on a field
// need Vary.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hybi::http {

using Offers = std::span<const std::string_view>;

// Media types, "text/html" or "text/html; charset=utf-8". For each offer the most specific range
// that matches tells its weight; a parameter of a range has to be in the offer. The heaviest wins,
// then the one matched more specifically, then the one offered first.
// Returns: its index; nothing if all are refused (406, or answer with what there is). Without the
// field, the first.
std::optional<std::size_t> best_type(std::string_view accept, Offers offered);

// Codings besides identity, such as "br", "gzip", in the server's order of preference; x-gzip is
// gzip.
// Returns: the chosen offer, or "identity"; nothing if even that is refused. Without the field
// identity: who does not ask for a coding might not know any. RFC 9110 12.5.3
std::optional<std::string_view> best_encoding(std::string_view accept_encoding, Offers offered);

// Language tags, "de", "en-GB". A range matches the tags it is a prefix of, and where no tag is so
// close, the shorter tag it would be looked up as ("de-AT" gets "de"). RFC 4647 3.3.1, 3.4
// Returns: the index; nothing if none matches: answer in the default language. Without the field,
// the first.
std::optional<std::size_t> best_language(std::string_view accept_language, Offers offered);

// Charsets. Returns: as best_type.
std::optional<std::size_t> best_charset(std::string_view accept_charset, Offers offered);

}  // namespace hybi::http
