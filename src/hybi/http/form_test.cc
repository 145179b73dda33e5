// Bodies of application/x-www-form-urlencoded.
#include <hybi/http/form.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

Errc error_of(std::string_view body, const FormLimits& limits = {}) {
  const auto form = Form::decode(body, limits);
  return form ? Errc::Ok : form.error().code;
}

TEST(HttpForm, PairsAreDecodedAndKeepTheirOrder) {
  const Form form = Form::decode("a=1&b=x+y%26&a=%E2%82%AC&c&=d&&a=", {}).value();
  ASSERT_EQ(form.size(), 6u);
  EXPECT_EQ(form[1].name, "b");
  EXPECT_EQ(form[1].value, "x y&");
  EXPECT_EQ(form[3].name, "c");
  EXPECT_EQ(form[3].value, "");
  EXPECT_EQ(form[4].name, "");
  EXPECT_EQ(form.find("a"), "1");
  EXPECT_EQ(form.find("A"), std::nullopt);
  EXPECT_EQ(form.find_all("a"), (std::vector<std::string_view>{"1", "\xe2\x82\xac", ""}));
  EXPECT_TRUE(Form::decode("", {}).value().empty());
}

TEST(HttpForm, EscapesInNamesAndEqualsInValuesAreRead) {
  const Form form = Form::decode("%61%3D=b=c%00", {}).value();
  EXPECT_EQ(form[0].name, "a=");
  EXPECT_EQ(form[0].value, std::string_view("b=c\0", 4));
}

TEST(HttpForm, MalformedEscapesFail) {
  for (const char* body : {"a=%", "a=%2", "a=%2g", "%=1", "a=1&b=%%20", "%zz"}) {
    EXPECT_EQ(error_of(body), Errc::HttpBadForm) << body;
  }
  EXPECT_EQ(info(Errc::HttpBadForm).http_status, 400);
}

TEST(HttpForm, LimitsAreChecked) {
  FormLimits limits;
  limits.max_pairs = 2;
  EXPECT_EQ(error_of("a&b&&", limits), Errc::Ok);
  EXPECT_EQ(error_of("a&b&c", limits), Errc::HttpTooManyFormPairs);
  limits.max_total_bytes = 3;
  EXPECT_EQ(error_of("a=1", limits), Errc::Ok);
  EXPECT_EQ(error_of("a=12", limits), Errc::HttpFormTooLarge);
  EXPECT_EQ(info(Errc::HttpFormTooLarge).http_status, 413);
}

TEST(HttpForm, WhatIsBuiltIsReadBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  FormBuilder builder;
  builder.add("a b", "1&2=3+4%").add(all, all);
  EXPECT_TRUE(builder.text().starts_with("a+b=1%262%3D3%2B4%25&%00%01"));
  const Form form = Form::decode(builder.text(), {}).value();
  ASSERT_EQ(form.size(), 2u);
  EXPECT_EQ(form.find("a b"), "1&2=3+4%");
  EXPECT_EQ(form.find(all), all);
}

TEST(HttpForm, TypeIsComparedWithoutItsParameters) {
  EXPECT_TRUE(is_form_type("Application/X-WWW-Form-Urlencoded; charset=utf-8"));
  EXPECT_FALSE(is_form_type("application/x-www-form-urlencoded2"));
  EXPECT_FALSE(is_form_type(""));
}

}  // namespace
}  // namespace hybi::http
