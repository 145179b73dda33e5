#include <hybi/app/mustache_scan.h>
#include <hybi/base/utf8.h>

#include <algorithm>
#include <optional>

namespace hybi::mustache {
namespace {

constexpr std::string_view kBlank = " \t";
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kMaxShown = 60;  // bytes of the template in an error

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// For an error: one line, not too long. Requires: UTF-8.
std::string shown(std::string_view text) {
  std::string_view front = text.substr(0, std::min(text.find_first_of("\r\n"), kMaxShown));
  while (!is_utf8(front)) front.remove_suffix(1);
  return std::string(front) + (front.size() < text.size() ? "..." : "");
}

class Scanner {
 public:
  Scanner(std::string_view name, std::string_view text, const ScanLimits& limits)
      : name_(name), text_(text), limits_(limits) {}

  Outcome<Scan, TemplateError> run() {
    if (text_.size() > limits_.max_bytes) {
      return error_at(0, Errc::TemplateTooLarge,
                      "longer than " + std::to_string(limits_.max_bytes) + " bytes");
    }
    if (!is_utf8(text_)) return error_at(first_bad_line(), Errc::TemplateSyntax, "not UTF-8");
    while (!error_) {
      const auto begin = text_.find(open_, at_);
      if (begin == text_.npos) break;
      read_tag(begin);
    }
    if (!error_ && !sections_.empty()) {
      const Open& open = sections_.back();
      fail(open.line, "{{" + open.sigil_and_name() + "}} is never closed");
    }
    if (error_) return std::move(*error_);
    add_text(text_.size());
    return std::move(scan_);
  }

 private:
  struct Open {
    std::string name;
    char sigil;
    std::size_t part;
    std::size_t line;
    std::string sigil_and_name() const { return sigil + shown(name); }
  };

  void read_tag(std::size_t begin) {
    line_ += static_cast<std::size_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                   text_.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
    counted_ = begin;
    std::size_t inside = begin + open_.size();
    const char first = inside < text_.size() ? text_[inside] : '\0';
    const bool is_triple = first == '{';
    const bool is_delimiters = first == '=';
    if (is_triple || is_delimiters) ++inside;
    const std::string close = (is_triple ? "}" : is_delimiters ? "=" : "") + close_;
    const auto end = text_.find(close, inside);
    if (end == text_.npos) {
      return fail(line_,
                  "\"" + shown(trim(text_.substr(begin))) + "\" is never closed by " + close);
    }
    const std::string_view content = trim(text_.substr(inside, end - inside));
    const std::size_t after = end + close.size();
    if (is_triple) return add_variable(begin, after, "&", content);
    if (is_delimiters) {
      take_line(begin, after);
      return set_delimiters(content);
    }
    if (content.empty()) return fail(line_, "a tag without a name");
    const std::string_view name = trim(content.substr(1));
    switch (content.front()) {
      case '!':
        take_line(begin, after);
        break;
      case '#':
      case '^':
        take_line(begin, after);
        open_section(content.front(), name);
        break;
      case '/':
        take_line(begin, after);
        close_section(name);
        break;
      case '>':
        add_partial(begin, after, name);
        break;
      case '&':
        add_variable(begin, after, "&", name);
        break;
      case '<':
      case '$':
        fail(line_, "{{" + shown(content) + "}}: inheritance is not supported; use a layout");
        break;
      default:
        add_variable(begin, after, "", content);
        break;
    }
  }

  // Ends the text before a tag that writes nothing. If the tag is alone on its line, the line goes
  // with it. Returns: the blanks in front of it then.
  std::optional<std::string_view> take_line(std::size_t begin, std::size_t after) {
    std::size_t line_begin = begin;
    while (line_begin > at_ && kBlank.find(text_[line_begin - 1]) != kBlank.npos) --line_begin;
    const bool first_on_line = line_begin > at_ ? text_[line_begin - 1] == '\n' : is_line_begin_;
    std::size_t line_end = std::min(text_.find_first_not_of(kBlank, after), text_.size());
    if (text_.substr(line_end, 2) == "\r\n") ++line_end;
    const bool last_on_line = line_end == text_.size() || text_[line_end] == '\n';
    if (!first_on_line || !last_on_line) {
      add_text(begin);
      at_ = after;
      is_line_begin_ = false;
      return std::nullopt;
    }
    add_text(line_begin);
    at_ = std::min(line_end + 1, text_.size());
    is_line_begin_ = owes_indent_ = true;
    return text_.substr(line_begin, begin - line_begin);
  }

  void add_text(std::size_t end) {
    if (end == at_) return;
    const std::string_view text = text_.substr(at_, end - at_);
    add_part({.kind = Part::Kind::Text, .starts_line = owes_indent_, .text = std::string(text)},
             "&");
    is_line_begin_ = owes_indent_ = text.back() == '\n';
  }

  // A tag writes something where a line begins: the indentation comes first.
  void pay_indent() {
    if (!owes_indent_) return;
    add_part({.kind = Part::Kind::Text, .starts_line = true}, "&");
    owes_indent_ = false;
  }

  void add_variable(std::size_t begin, std::size_t after, std::string_view sigil,
                    std::string_view name) {
    add_text(begin);
    pay_indent();
    at_ = after;
    is_line_begin_ = false;
    Part part{.kind = Part::Kind::Variable};
    if (set_path(part, name)) add_part(std::move(part), sigil);
  }

  void add_partial(std::size_t begin, std::size_t after, std::string_view name) {
    if (name.empty()) return fail(line_, "a partial without a name");
    if (name.front() == '*')
      return fail(line_, "{{>" + shown(name) + "}}: the name of a partial is fixed");
    const auto indent = take_line(begin, after);
    if (!indent) pay_indent();
    Part part{.kind = Part::Kind::Partial, .text = std::string(name)};
    if (indent) part.indent = *indent;
    const std::size_t index = add_part(std::move(part), "#");
    scan_.skeleton += "{{/" + std::to_string(index) + "}}";
  }

  void open_section(char sigil, std::string_view name) {
    if (!is_line_begin_) pay_indent();
    if (sections_.size() >= limits_.max_depth) {
      error_ = error_at(line_, Errc::TemplateTooDeep,
                        "sections are nested deeper than " + std::to_string(limits_.max_depth));
      return;
    }
    Part part{.kind = sigil == '#' ? Part::Kind::Section : Part::Kind::Inverted};
    if (!set_path(part, name)) return;
    const std::size_t index = add_part(std::move(part), std::string_view(&sigil, 1));
    sections_.push_back({std::string(name), sigil, index, line_});
  }

  void close_section(std::string_view name) {
    if (sections_.empty()) return fail(line_, "{{/" + shown(name) + "}} closes nothing");
    const Open& open = sections_.back();
    if (open.name != name) {
      return fail(line_, "{{/" + shown(name) + "}} where {{" + open.sigil_and_name() +
                             "}} of line " + std::to_string(open.line) + " is to be closed");
    }
    if (!is_line_begin_) pay_indent();  // once for each round
    scan_.skeleton += "{{/" + std::to_string(open.part) + "}}";
    sections_.pop_back();
  }

  void set_delimiters(std::string_view content) {
    const auto gap = content.find_first_of(kSpace);
    const std::string_view open = content.substr(0, gap);
    const std::string_view close = gap == content.npos ? "" : trim(content.substr(gap));
    const auto is_wrong = [](std::string_view text) {
      return text.empty() || text.find_first_of("= \t\r\n") != text.npos;
    };
    if (is_wrong(open) || is_wrong(close)) {
      return fail(line_, "delimiters are two words without =, as in {{=<% %>=}}");
    }
    open_ = open;
    close_ = close;
  }

  bool set_path(Part& part, std::string_view name) {
    if (name == ".") return true;
    for (std::string_view rest = name;;) {
      const auto dot = rest.find('.');
      const std::string_view step = rest.substr(0, dot);
      if (step.empty()) {
        fail(line_, name.empty() ? std::string("a tag without a name")
                                 : "\"" + shown(name) + "\" is not a name");
        return false;
      }
      part.path.emplace_back(step);
      if (dot == rest.npos) return true;
      rest.remove_prefix(dot + 1);
    }
  }

  std::size_t add_part(Part part, std::string_view sigil) {
    const std::size_t index = scan_.parts.size();
    part.line = static_cast<std::uint32_t>(line_);
    scan_.skeleton.append("{{").append(sigil).append(std::to_string(index)).append("}}");
    scan_.parts.push_back(std::move(part));
    return index;
  }

  std::size_t first_bad_line() const {
    Utf8Checker checker;
    std::size_t line = 1;
    for (std::size_t i = 0; i < text_.size() && checker.add(as_bytes(text_.substr(i, 1))); ++i) {
      if (text_[i] == '\n') ++line;
    }
    return line;
  }

  TemplateError error_at(std::size_t line, Errc code, std::string what) const {
    return {code, std::string(name_), line, std::move(what)};
  }
  void fail(std::size_t line, std::string what) {
    error_ = error_at(line, Errc::TemplateSyntax, std::move(what));
  }

  std::string_view name_, text_;
  const ScanLimits& limits_;
  Scan scan_;
  std::optional<TemplateError> error_;
  std::string open_ = "{{", close_ = "}}";
  std::vector<Open> sections_;
  std::size_t at_ = 0;    // what comes before has become parts
  std::size_t line_ = 1;  // of `counted_`
  std::size_t counted_ = 0;
  bool is_line_begin_ = true;  // at_ begins a line of the text: no tag stands before it
  bool owes_indent_ = true;    // nothing has been written on this line
};

}  // namespace

Outcome<Scan, TemplateError> scan(std::string_view name, std::string_view text,
                                  const ScanLimits& limits) {
  return Scanner(name, text, limits).run();
}

}  // namespace hybi::mustache
