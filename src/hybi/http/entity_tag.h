// Entity tags and what a representation is compared by. RFC 9110 8.8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hybi::http {

struct EntityTag {
  std::string_view opaque;  // with its quotes
  bool weak = false;
};

// W/"..." or "...", and nothing else. Lifetime of the result: the text's.
std::optional<EntityTag> parse_entity_tag(std::string_view text);

// RFC 9110 8.8.3.2: strong comparison wants both to be strong.
bool strong_equal(EntityTag a, EntityTag b);
bool weak_equal(EntityTag a, EntityTag b);

// The tags of a list, in order. Commas and backslashes inside of quotes are ordinary characters.
class EntityTagReader {
 public:
  explicit EntityTagReader(std::string_view list) : rest_(list) {}

  // Returns: false at the end, or at what is no tag; ok() tells which.
  bool next(EntityTag& tag);
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Quotes `opaque` as a tag. Characters that cannot stand there become "_".
std::string make_entity_tag(std::string_view opaque, bool weak = false);

// What the current representation has. RFC 9110 8.8
struct Validators {
  std::string_view entity_tag = {};                // as in the ETag field; empty: none
  std::optional<std::int64_t> last_modified = {};  // seconds since 1970
};

}  // namespace hybi::http
