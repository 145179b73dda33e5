// Decoding and building of form bodies.
#include <hybi/base/ascii.h>
#include <hybi/http/chars.h>
#include <hybi/http/field_value.h>
#include <hybi/http/form.h>
#include <hybi/http/target.h>

namespace hybi::http {
namespace {

// URL Standard 1.3: the application/x-www-form-urlencoded percent-encode set leaves these.
constexpr CharSet kPlainChars("*-._");

// Appends the decoded text. Returns: false if an escape is malformed.
bool decode_onto(std::string_view text, std::string& plain) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+') {
      c = ' ';
    } else if (c == '%') {
      if (text.size() - i < 3) return false;
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    plain.push_back(c);
  }
  return true;
}

void encode_onto(std::string_view text, std::string& coded) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (char c : text) {
    if (kPlainChars.has(c)) {
      coded.push_back(c);
    } else if (c == ' ') {
      coded.push_back('+');
    } else {
      const auto byte = static_cast<unsigned char>(c);
      coded.push_back('%');
      coded.push_back(kDigits[byte >> 4]);
      coded.push_back(kDigits[byte & 15]);
    }
  }
}

}  // namespace

bool is_form_type(std::string_view content_type) {
  return equals_ignoring_case(ParameterReader(content_type).name(),
                              "application/x-www-form-urlencoded");
}

Result<Form> Form::decode(std::string_view body, const FormLimits& limits) {
  if (body.size() > limits.max_total_bytes) return Errc::HttpFormTooLarge;
  QueryReader::Pair pair;
  std::size_t count = 0;
  for (QueryReader reader(body); reader.next(pair);) {
    if (++count > limits.max_pairs) return Errc::HttpTooManyFormPairs;
  }
  Form form;
  form.text_.reserve(body.size());  // decoding never lengthens
  form.positions_.reserve(count);
  for (QueryReader reader(body); reader.next(pair);) {
    Position position{form.text_.size(), 0, 0};
    if (!decode_onto(pair.name, form.text_)) return Errc::HttpBadForm;
    position.value_at = form.text_.size();
    if (!decode_onto(pair.value, form.text_)) return Errc::HttpBadForm;
    position.end = form.text_.size();
    form.positions_.push_back(position);
  }
  return form;
}

Form::Pair Form::operator[](std::size_t index) const {
  const Position& at = positions_[index];
  const std::string_view text = text_;
  return {text.substr(at.name_at, at.value_at - at.name_at),
          text.substr(at.value_at, at.end - at.value_at)};
}

std::optional<std::string_view> Form::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const Pair pair = (*this)[i];
    if (pair.name == name) return pair.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Form::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < size(); ++i) {
    const Pair pair = (*this)[i];
    if (pair.name == name) values.push_back(pair.value);
  }
  return values;
}

FormBuilder& FormBuilder::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_.push_back('&');
  encode_onto(name, text_);
  text_.push_back('=');
  encode_onto(value, text_);
  return *this;
}

}  // namespace hybi::http
