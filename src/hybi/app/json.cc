// JSON from clients, see json.h. nlohmann reads the text, JsonBuilder makes the value and bounds
// it.
#include <hybi/base/ascii.h>
#include <hybi/base/utf8.h>
#include <hybi/http/field_value.h>
#include <hybi/json.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace hybi {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 1024;
constexpr std::size_t kMaxWords = 200;

// Walks over the text and leaves behind how far the reader has come: nlohmann tells the place only
// of errors that it finds itself.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** seen) : at_(at), seen_(seen) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *seen_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  const char** seen_;
};

// At most kMaxWords bytes, and no part of a character at the end.
std::string shortened(std::string_view text) {
  if (text.size() > kMaxWords) {
    text = text.substr(0, kMaxWords);
    while (!text.empty() && !is_utf8(text)) text.remove_suffix(1);
  }
  return std::string(is_utf8(text) ? text : std::string_view("a value is not possible here"));
}

// "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while parsing
// value - invalid literal; last read: 'tru '; expected ..." without what comes before the dash and
// without the quotation, which may be as long as the body.
std::string syntax_words(std::string_view what) {
  constexpr std::string_view kLastRead = "; last read: '";
  if (const auto number = what.find("number overflow"); number != what.npos) {
    return "number overflow";
  }
  const auto dash = what.find(" - ");
  if (dash == what.npos) return detail::json_words(what);
  what.remove_prefix(dash + 3);
  const auto quotation = what.find(kLastRead);
  if (quotation == what.npos) return shortened(what);
  std::string words(what.substr(0, quotation));
  const auto expected = what.rfind("'; expected ");
  if (expected != what.npos && expected > quotation) words.append(what.substr(expected + 1));
  return shortened(words);
}

class JsonBuilder final : public nlohmann::json_sax<Json> {
 public:
  JsonBuilder(const JsonOptions& options, bool text_is_checked)
      : options_(options), text_is_checked_(text_is_checked) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return is_text(value) && add(std::move(value)); }
  // Not in JSON.
  bool binary(binary_t& value) override {
    if (!value.has_subtype()) return add(std::move(value));
    error.what = "extension types are not taken";
    return false;
  }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (!is_text(name)) return false;
    auto& members = open_.back()->get_ref<Json::object_t&>();
    const auto [member, is_new] = members.try_emplace(name);
    if (!is_new && !options_.allow_duplicate_keys) {
      error.what = shortened("the name \"" + name + "\" stands twice in one object");
      return false;
    }
    slot_ = &member->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& exception) override {
    bad_byte = position;
    error.what = syntax_words(exception.what());
    return false;
  }

  Json root;
  JsonError error;
  std::size_t bad_byte = 0;  // from 1; 0: the last one that was read

 private:
  Json* place(Json&& value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    if (open_.back()->is_array()) {
      auto& items = open_.back()->get_ref<Json::array_t&>();
      items.push_back(std::move(value));
      return &items.back();
    }
    *slot_ = std::move(value);
    return slot_;
  }
  bool is_text(const string_t& value) {
    if (text_is_checked_ || is_utf8(value)) return true;
    error.what = "a string is not UTF-8";
    return false;
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json empty) {
    const std::size_t max_depth = std::min(options_.max_depth, kMaxDepth);
    if (open_.size() >= max_depth) {
      error.code = Errc::HttpJsonTooDeep;
      error.what = "nested deeper than " + std::to_string(max_depth);
      return false;
    }
    open_.push_back(place(std::move(empty)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonOptions& options_;
  const bool text_is_checked_;  // that it is UTF-8
  std::vector<Json*> open_;     // stay where they are: only the innermost grows
  Json* slot_ = nullptr;        // where the member's value goes
};

// Line and column of what stands behind `before`.
void set_place(JsonError& error, std::string_view before) {
  error.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::string_view line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  error.column = 1 + static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
                   return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
                 }));
}

// The part of a text in front of the first character that is not UTF-8.
std::string_view valid_front(std::string_view text) {
  Utf8Checker checker;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (checker.add(as_bytes(text.substr(i, 1)))) continue;
    text = text.substr(0, i);
    break;
  }
  while (!is_utf8(text)) text.remove_suffix(1);
  return text;
}

bool ends_with_json(std::string_view type) {
  constexpr std::string_view kSuffix = "+json";
  const auto slash = type.find('/');
  return slash != type.npos && slash > 0 && type.size() > slash + 1 + kSuffix.size() &&
         equals_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix);
}

bool is_json_type(std::string_view value) {
  http::ParameterReader reader(value);
  if (!equals_ignoring_case(reader.name(), "application/json") && !ends_with_json(reader.name())) {
    return false;
  }
  for (http::Parameter parameter; reader.next(parameter);) {
    // RFC 8259 8.1, 11: JSON between systems is UTF-8 and has no charset. Who sends one that says
    // something else sends what we would read wrongly.
    if (!equals_ignoring_case(parameter.name, "charset")) continue;
    const Result<std::string> charset = http::unquote(parameter.value);
    if (!charset || !equals_ignoring_case(*charset, "utf-8")) return false;
  }
  return reader.ok();
}

}  // namespace

std::string detail::json_words(std::string_view what) {
  if (what.starts_with("[json.exception.")) {
    const auto end = what.find("] ");
    if (end != what.npos) what.remove_prefix(end + 2);
  }
  return shortened(what);
}

std::string JsonError::describe() const {
  std::string text = "JSON: ";
  if (line != 0) {
    text += "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
  }
  return text + what;
}

Outcome<Json, JsonError> parse_json(std::string_view text, const JsonOptions& options) {
  if (!is_utf8(text)) {
    JsonError error{.what = "the text is not UTF-8"};
    set_place(error, valid_front(text));
    return error;
  }
  if (const auto nul = text.find('\0'); nul != text.npos) {  // nlohmann takes it for the end
    JsonError error{.what = "a NUL character"};
    set_place(error, text.substr(0, nul));
    return error;
  }
  JsonBuilder builder(options, true);
  const char* seen = text.data();
  const CountingIterator begin(text.data(), &seen);
  const CountingIterator end(text.data() + text.size(), &seen);
  if (Json::sax_parse(begin, end, &builder)) return std::move(builder.root);
  if (builder.bad_byte == 0) builder.bad_byte = static_cast<std::size_t>(seen - text.data());
  set_place(builder.error, text.substr(0, std::max<std::size_t>(builder.bad_byte, 1) - 1));
  return std::move(builder.error);
}

Outcome<Json, JsonError> parse_message_pack(Bytes bytes, const JsonOptions& options) {
  const std::string_view data = as_text(bytes);
  JsonBuilder builder(options, false);
  if (Json::sax_parse(data.begin(), data.end(), &builder, Json::input_format_t::msgpack)) {
    return std::move(builder.root);
  }
  return std::move(builder.error);
}

Outcome<Json, JsonError> json_body(const Request& request, const JsonOptions& options) {
  const std::string_view type = request.header("Content-Type");
  if (options.require_content_type && !is_json_type(type)) {
    return JsonError{Errc::HttpNotJson, 0, 0, std::string(info(Errc::HttpNotJson).text)};
  }
  const std::string_view text = as_text(request.body());
  if (text.empty()) return JsonError{Errc::HttpBadJson, 1, 1, "the body is empty"};
  return parse_json(text, options);
}

void answer(Response& response, const JsonError& error) {
  response.error(info(error.code).http_status, error.describe());
}

std::optional<Json> json_body(const Request& request, Response& response,
                              const JsonOptions& options) {
  Outcome<Json, JsonError> json = json_body(request, options);
  if (json) return std::move(*json);
  answer(response, json.error());
  return std::nullopt;
}

}  // namespace hybi
