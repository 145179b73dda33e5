// Method names. RFC 9110 9.
#include <hybi/http/method.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

TEST(HttpMethod, NamesGoThereAndBack) {
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    Method method{};
    EXPECT_TRUE(parse_method(name_of(static_cast<Method>(i)), method));
    EXPECT_EQ(method, static_cast<Method>(i));
  }
}

TEST(HttpMethod, OtherNamesAreNotOurs) {
  Method method = Method::Put;
  for (const char* name : {"", "get", "GETS", "GE", "PROPFIND"}) {
    EXPECT_FALSE(parse_method(name, method)) << name;
    EXPECT_EQ(method, Method::Put);
  }
}

}  // namespace
}  // namespace hybi::http
