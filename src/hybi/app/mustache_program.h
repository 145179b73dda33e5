// A compiled template and its rendering: what mustache_scan.h found, run by kainjow's mustache.
//
// kainjow walks the tags, repeats sections and escapes. Which value a name means, what is empty,
// partials, indentation and every bound are decided here, when it asks for a tag's number. It never
// sees a name or a text of the user's, so nothing in them can mean anything to it.
#pragma once

#include <hybi/app/mustache_scan.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hybi::mustache {

struct RenderLimits {
  std::size_t max_output_bytes;
  std::size_t max_depth;
  std::size_t max_steps;
};

// Immutable once linked. Thread: any, many at once.
class Program {
 public:
  Program(std::string name, Scan scan);
  // A template that could not be compiled: rendering it fails so.
  Program(std::string name, TemplateError error);
  ~Program();

  const std::string& name() const { return name_; }
  const std::optional<TemplateError>& error() const { return error_; }
  // Finds the partials. `find`: std::string_view -> const Program*, null if there is none.
  template <class Find>
  void link(Find find) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].kind != Part::Kind::Partial) continue;
      const Program* const partial = find(parts_[i].text);
      if (partial == nullptr) {
        error_ = TemplateError{Errc::TemplateNotFound, name_, parts_[i].line,
                               "there is no template \"" + parts_[i].text + "\""};
        return;
      }
      partials_.resize(parts_.size());
      partials_[i] = partial;
    }
  }

  // `content`: what {{{content}}} and {{{body}}} mean in a layout, null elsewhere.
  // Fails: TemplateTooLarge, TemplateTooDeep, error().
  Outcome<std::string, TemplateError> render(const nlohmann::json& data,
                                             const nlohmann::json* content,
                                             const RenderLimits& limits) const;

 private:
  class Rendering;
  struct Compiled;

  std::string name_;
  std::optional<TemplateError> error_;
  std::vector<Part> parts_;
  std::vector<const Program*> partials_;  // by the index of the part; empty if there are none
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace hybi::mustache
