// Conditional requests: whether a method is to be performed, given what the client has. RFC 9110
// 13.
//
// Evaluated after routing and permission checks, just before the method is performed, and only
// where without conditions the answer would be 2xx (RFC 9110 13.2.1). Range comes behind it.
#pragma once

#include <hybi/http/entity_tag.h>
#include <hybi/http/head.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hybi::http {

// The values of the fields; null data(): absent. Lists over all their lines.
struct Preconditions {
  std::string_view if_match = {}, if_none_match = {};
  std::string_view if_modified_since = {}, if_unmodified_since = {};

  bool empty() const {
    return if_match.data() == nullptr && if_none_match.data() == nullptr &&
           if_modified_since.data() == nullptr && if_unmodified_since.data() == nullptr;
  }
};

enum class Verdict : std::uint8_t {
  Go,                  // perform the method
  NotModified,         // 304, with ETag, Date, Vary, Cache-Control ... as the 200 would have
  PreconditionFailed,  // 412
};

// RFC 9110 13.2.2. `current`: null if there is no representation yet (PUT of something new).
// `get_or_head`: whether the method is one of these. `now`: for two-digit years.
Verdict evaluate(const Preconditions& conditions, const Validators* current, bool get_or_head,
                 std::int64_t now);
Verdict evaluate(const Head& head, const Validators* current, std::int64_t now);

}  // namespace hybi::http
