// Bodies of application/x-www-form-urlencoded: whole bodies in, pairs out; and building them. URL
// Standard 5.
//
// Decoded once into one piece of memory; repeated names are kept, in order. Values are bytes: that
// they are UTF-8 is not checked.
#pragma once

#include <hybi/limits.h>
#include <hybi/result.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::http {

// Whether a Content-Type value names this kind of body, in any case and with any parameters.
bool is_form_type(std::string_view content_type);

class Form {
 public:
  struct Pair {
    std::string_view name, value;
  };

  // Fails: HttpFormTooLarge, HttpTooManyFormPairs, HttpBadForm for an escape that is malformed.
  static Result<Form> decode(std::string_view body, const FormLimits& limits);

  std::size_t size() const { return positions_.size(); }
  bool empty() const { return positions_.empty(); }
  // Requires: index < size(). Lifetime of all views: the form's.
  Pair operator[](std::size_t index) const;

  // The first value of that name (case matters).
  std::optional<std::string_view> find(std::string_view name) const;
  // All values of that name, in order.
  std::vector<std::string_view> find_all(std::string_view name) const;

 private:
  struct Position {
    std::size_t name_at, value_at, end;
  };
  std::string text_;  // names and values, decoded, one behind the other
  std::vector<Position> positions_;
};

// The text of such a body, or of a query.
class FormBuilder {
 public:
  FormBuilder& add(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace hybi::http
