// The fields of a response before it is sent: an ordered list, kept as the text that goes on the
// wire.
//
// Nothing that could split a response gets in, so writing is one copy. Responses have few fields;
// looking one up reads through the text.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/http/head.h>
#include <hybi/result.h>

#include <iterator>
#include <string>
#include <string_view>

namespace hybi::http {

class Fields {
 public:
  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = void;
    using reference = Field;

    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) {}
    Field operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    std::string_view rest_;  // from this field's line to the end
  };

  // Appends a field; there may be several of one name.
  // Fails: BadField when the name is no token or the value has a control character other than HTAB.
  Result<void> add(std::string_view name, std::string_view value);
  // Appends lines that are known to be good, each with its CRLF.
  void add_lines(std::string_view lines) { text_.append(lines); }
  // Removes all fields of that name and appends this one. Fails: as add; nothing is removed then.
  Result<void> set(std::string_view name, std::string_view value);
  // Removes all fields of that name, any case. Returns: how many there were.
  std::size_t remove(std::string_view name);

  // The first field of that name, any case; null data() if there is none.
  // Lifetime: until the next change.
  std::string_view find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name).data() != nullptr; }

  Iterator begin() const { return Iterator(text_); }
  Iterator end() const { return Iterator(); }
  bool empty() const { return text_.empty(); }
  void clear() { text_.clear(); }

  // The lines, each with its CRLF.
  std::string_view lines() const { return text_; }
  void write(OutBuffer& out) const { out.append(text_); }

 private:
  std::string text_;
};

}  // namespace hybi::http
