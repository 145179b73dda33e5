#include <hybi/app/mustache_program.h>
#include <hybi/base/out_buffer.h>
#include <hybi/base/utf8.h>

#include <kainjow/mustache.hpp>

#include <algorithm>
#include <charconv>
#include <deque>
#include <utility>

namespace hybi::mustache {

using nlohmann::json;
namespace km = kainjow::mustache;

struct Program::Compiled {
  explicit Compiled(const Scan& scan) : walk(kStart + scan.skeleton) {
    texts.reserve(scan.parts.size());
    for (const Part& part : scan.parts) texts.emplace_back(part.text);
  }

  // kainjow drops an output of nothing but blanks if there was a section in it. So there is always
  // something else in front.
  static constexpr char kStart[] = "|";

  // Its render() is not const because of an error message that only its own partials and lambdas
  // for variables can set. The skeleton has neither: rendering only reads, on many threads at once.
  km::mustache walk;
  std::vector<km::data> texts;  // by the index of the part
};

// One rendering: what the numbers in the skeleton mean just now.
class Program::Rendering {
 public:
  Rendering(const Program& program, const json& data, const json* content,
            const RenderLimits& limits)
      : limits_(limits), program_(&program), content_(content), context_(*this) {
    scopes_.push_back(&data);
    partial_ = km::data(
        km::lambda2([this](const std::string&, const km::renderer&) { return call_partial(); }));
  }

  Outcome<std::string, TemplateError> run() {
    std::string text = walk();
    if (!error_ && text.size() > limits_.max_output_bytes) fail_large();  // escapes made it longer
    if (error_) return std::move(*error_);
    return text;
  }

 private:
  class Context final : public km::basic_context<std::string> {
   public:
    explicit Context(Rendering& rendering) : rendering_(rendering) {}
    void push(const km::data* data) override { rendering_.push(data); }
    void pop() override { rendering_.scopes_.pop_back(); }
    const km::data* get(const std::string& name) const override { return rendering_.get(name); }
    const km::data* get_partial(const std::string&) const override { return nullptr; }

   private:
    Rendering& rendering_;
  };

  // The items of an array, as kainjow walks them; their position says which JSON is meant.
  struct Items {
    std::size_t scope;  // of the section
    const json* array;
    km::data list;
  };

  std::string walk() {
    if (program_->error_) {
      error_ = program_->error_;
      return {};
    }
    std::string text = program_->compiled_->walk.render(context_);
    text.erase(0, std::string_view(Program::Compiled::kStart).size());
    return text;
  }

  const km::data* get(const std::string& number) {
    if (error_) return nullptr;
    std::size_t index = 0;
    std::from_chars(number.data(), number.data() + number.size(), index);
    part_ = index;
    const Part& part = program_->parts_[index];
    if (++steps_ > limits_.max_steps) {
      return fail(Errc::TemplateTooLarge,
                  "passes more tags than " + std::to_string(limits_.max_steps));
    }
    switch (part.kind) {
      case Part::Kind::Text:
        return text_of(part);
      case Part::Kind::Variable:
        return value_of(part);
      case Part::Kind::Section:
        return section_of(part);
      case Part::Kind::Inverted:
        return is_empty(find(part.path)) ? nullptr : &yes_;
      case Part::Kind::Partial:
        return &partial_;
    }
    return nullptr;
  }

  const km::data* text_of(const Part& part) {
    if (indent_.empty()) {
      if (!count(part.text.size())) return nullptr;
      return &program_->compiled_->texts[part_];
    }
    const auto breaks = static_cast<std::size_t>(
        std::count(part.text.begin(), part.text.end(), '\n') + (part.starts_line ? 1 : 0));
    if (!count(part.text.size() + breaks * indent_.size())) return nullptr;
    std::string text;
    if (part.starts_line) text += indent_;
    for (std::size_t at = 0; at < part.text.size();) {
      const std::size_t end = std::min(part.text.find('\n', at), part.text.size() - 1) + 1;
      text.append(part.text, at, end - at);
      at = end;
      // Behind the last line break comes another part, which says for itself that it begins a line.
      if (at < part.text.size()) text += indent_;
    }
    return hold(std::move(text));
  }

  const km::data* value_of(const Part& part) {
    const json* const value = find(part.path);
    if (value == nullptr) return nullptr;
    if (const auto* const text = value->get_ptr<const std::string*>()) {
      if (!count(text->size())) return nullptr;
      if (is_utf8(*text)) return hold(*text);
      OutBuffer out;
      append_as_utf8(as_bytes(*text), out);
      return hold(std::string(as_text(out.view())));
    }
    if (!value->is_number() && !value->is_boolean()) return nullptr;
    std::string text = value->dump();
    return count(text.size()) ? hold(std::move(text)) : nullptr;
  }

  const km::data* section_of(const Part& part) {
    const json* const value = find(part.path);
    if (is_empty(value)) return nullptr;
    if (!enter()) return nullptr;
    // What a section on this level or a deeper one walked over has been walked over.
    while (!items_.empty() && items_.back().scope >= scopes_.size()) items_.pop_back();
    if (!value->is_array()) {
      single_ = value;
      return &yes_;
    }
    items_.push_back({scopes_.size(), value, km::data(km::list(value->size(), km::data(true)))});
    return &items_.back().list;
  }

  void push(const km::data* data) {
    if (data == &yes_) {
      scopes_.push_back(single_);
      return;
    }
    // Of the list that was handed out last on this level: all others are further down or gone.
    while (items_.back().scope > scopes_.size()) items_.pop_back();
    const Items& items = items_.back();
    const auto index = static_cast<std::size_t>(data - items.list.list_value().data());
    scopes_.push_back(&(*items.array)[index]);
  }

  std::string call_partial() {
    const Part& part = program_->parts_[part_];
    const Program* const partial = program_->partials_[part_];
    if (!enter()) return {};
    const Program* const caller = std::exchange(program_, partial);
    std::string indent = part.indent ? indent_ + *part.indent : std::string();
    indent.swap(indent_);
    ++partials_;
    std::string text = walk();
    --partials_;
    indent_.swap(indent);
    program_ = caller;
    return text;
  }

  bool enter() {
    if (scopes_.size() - 1 + partials_ < limits_.max_depth) return true;
    fail(Errc::TemplateTooDeep,
         "sections and partials are nested deeper than " + std::to_string(limits_.max_depth));
    return false;
  }

  // Mustache: the first step is looked for from the inside out, the others in what was found.
  const json* find(const std::vector<std::string>& path) const {
    if (path.empty()) return scopes_.back();
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      const bool is_data = scope + 1 == scopes_.rend();
      if (is_data && content_ != nullptr && (path[0] == "content" || path[0] == "body")) {
        return path.size() == 1 ? content_ : nullptr;
      }
      const json* value = member(**scope, path[0]);
      if (value == nullptr) continue;
      for (std::size_t i = 1; i < path.size() && value != nullptr; ++i) {
        value = member(*value, path[i]);
      }
      return value;
    }
    return nullptr;
  }
  static const json* member(const json& object, const std::string& name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found != object.end() ? &*found : nullptr;
  }
  static bool is_empty(const json* value) {
    return value == nullptr || value->is_null() || (value->is_array() && value->empty()) ||
           (value->is_boolean() && !value->get<bool>());
  }

  const km::data* hold(std::string text) {
    held_ = km::data(text);
    return &held_;
  }
  bool count(std::size_t bytes) {
    if (bytes <= limits_.max_output_bytes - bytes_) {
      bytes_ += bytes;
      return true;
    }
    fail_large();
    return false;
  }
  void fail_large() {
    fail(Errc::TemplateTooLarge,
         "becomes longer than " + std::to_string(limits_.max_output_bytes) + " bytes");
  }
  const km::data* fail(Errc code, std::string what) {
    error_ = TemplateError{code, program_->name_, program_->parts_[part_].line, std::move(what)};
    return nullptr;
  }

  const RenderLimits& limits_;
  const Program* program_;  // the template or partial that is being walked
  const json* content_;     // of a layout
  Context context_;
  std::vector<const json*> scopes_;  // what names mean, the innermost last
  std::deque<Items> items_;          // kainjow keeps pointers to them
  std::size_t partials_ = 0;         // partials within partials
  std::string indent_;               // of every line of the partial
  std::size_t part_ = 0;             // asked for last
  std::size_t steps_ = 0;
  std::size_t bytes_ = 0;
  std::optional<TemplateError> error_;

  // What is lent to kainjow.
  const km::data yes_{true};
  const json* single_ = nullptr;  // the value behind yes_
  km::data held_, partial_;       // it copies a text before it asks for the next one
};

Program::Program(std::string name, Scan scan)
    : name_(std::move(name)), compiled_(std::make_unique<Compiled>(scan)) {
  parts_ = std::move(scan.parts);
  if (!compiled_->walk.is_valid()) {
    error_ = TemplateError{Errc::TemplateSyntax, name_, 0, compiled_->walk.error_message()};
  }
}

Program::Program(std::string name, TemplateError error)
    : name_(std::move(name)), error_(std::move(error)) {}

Program::~Program() = default;

Outcome<std::string, TemplateError> Program::render(const json& data, const json* content,
                                                    const RenderLimits& limits) const {
  return Rendering(*this, data, content, limits).run();
}

}  // namespace hybi::mustache
