// Mustache's text to the parts it is made of: where tags are, which lines they take with them, what
// is wrong and where. Knows nothing of data.
//
// kainjow's own parser leaves the lines of comments, partials, delimiters and empty sections
// behind, indents no partials and counts errors in bytes. So the reading is done here, and it is
// given a skeleton: the tags with a number for a name ("{{#0}}{{&1}}{{/0}}"), texts being numbers
// as well. The number is the part's index. Called by mustache_program.cc.
#pragma once

#include <hybi/template.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::mustache {

struct Part {
  enum class Kind : std::uint8_t { Text, Variable, Section, Inverted, Partial };
  Kind kind = Kind::Text;
  // Text: it begins a line, so the indentation of a partial goes in front of it.
  bool starts_line = false;
  std::uint32_t line = 0;                  // from 1
  std::string text = {};                   // the text; the name of a partial
  std::optional<std::string> indent = {};  // of a partial that has a line for itself
  std::vector<std::string> path = {};      // "a.b" as a, b; empty for "."
};

struct Scan {
  std::vector<Part> parts;
  std::string skeleton;
};

struct ScanLimits {
  std::size_t max_bytes;
  std::size_t max_depth;
};

// Fails: TemplateSyntax, TemplateTooLarge, TemplateTooDeep.
Outcome<Scan, TemplateError> scan(std::string_view name, std::string_view text,
                                  const ScanLimits& limits);

}  // namespace hybi::mustache
