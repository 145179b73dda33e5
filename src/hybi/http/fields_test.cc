// The list of a response's fields.
#include <hybi/http/fields.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

TEST(HttpFields, KeepTheirOrderAndTheirText) {
  Fields fields;
  EXPECT_TRUE(fields.empty());
  ASSERT_TRUE(fields.add("B", "1"));
  ASSERT_TRUE(fields.add("a", " x y\t"));
  ASSERT_TRUE(fields.add("B", ""));
  EXPECT_EQ(fields.lines(), "B: 1\r\na: x y\r\nB: \r\n");
  std::string all;
  for (const Field field : fields)
    all.append(field.name).append("=").append(field.value).append(";");
  EXPECT_EQ(all, "B=1;a=x y;B=;");
  OutBuffer out;
  fields.write(out);
  EXPECT_EQ(as_text(out.view()), fields.lines());
}

TEST(HttpFields, AreFoundSetAndRemovedInAnyCase) {
  Fields fields;
  ASSERT_TRUE(fields.add("Vary", "a"));
  ASSERT_TRUE(fields.add("X", "x"));
  ASSERT_TRUE(fields.add("vary", "b"));
  EXPECT_EQ(fields.find("VARY"), "a");
  EXPECT_EQ(fields.find("Var").data(), nullptr);
  EXPECT_FALSE(fields.has("x-"));
  ASSERT_TRUE(fields.set("VARY", "c"));
  EXPECT_EQ(fields.lines(), "X: x\r\nVARY: c\r\n");
  EXPECT_EQ(fields.remove("x"), 1u);
  EXPECT_EQ(fields.remove("x"), 0u);
  ASSERT_TRUE(fields.set("empty", ""));
  EXPECT_TRUE(fields.has("Empty"));
  EXPECT_EQ(fields.lines(), "VARY: c\r\nempty: \r\n");
  fields.clear();
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(fields.begin(), fields.end());
}

TEST(HttpFields, SetTakesViewsOfItself) {
  Fields fields;
  ASSERT_TRUE(fields.add("A", "one"));
  ASSERT_TRUE(fields.add("B", "two"));
  ASSERT_TRUE(fields.set("A", fields.find("A")));
  ASSERT_TRUE(fields.set((*fields.begin()).name, fields.find("A")));
  EXPECT_EQ(fields.lines(), "A: one\r\nB: one\r\n");
}

TEST(HttpFields, NothingThatSplitsAResponseGetsIn) {
  Fields fields;
  ASSERT_TRUE(fields.add("A", "1"));
  for (const std::string_view value :
       {std::string_view("a\r\nB: 2"), std::string_view("a\n"), std::string_view("a\r"),
        std::string_view("a\0b", 3), std::string_view("\x01"), std::string_view("\x7f")}) {
    EXPECT_EQ(fields.add("N", value).error().code, Errc::BadField);
    EXPECT_EQ(fields.set("A", value).error().code, Errc::BadField);
  }
  for (const char* name : {"", "a b", "a:", "a\r\nb", "\xc3\xa9", "a\t"}) {
    EXPECT_EQ(fields.add(name, "v").error().code, Errc::BadField);
    EXPECT_EQ(fields.set(name, "v").error().code, Errc::BadField);
  }
  EXPECT_EQ(fields.lines(), "A: 1\r\n");
  EXPECT_TRUE(fields.add("A", "caf\xc3\xa9\tx"));
}

}  // namespace
}  // namespace hybi::http
