// The language of templates: our own cases for each rule of mustache(5) and its specification, and
// for what this implementation refuses. docs/topics/templates.md.
#include <hybi/app/mustache_program.h>

#include <gtest/gtest.h>

#include <map>

namespace hybi::mustache {
namespace {

using nlohmann::json;

constexpr ScanLimits kScanLimits{.max_bytes = 100'000, .max_depth = 20};
constexpr RenderLimits kLimits{.max_output_bytes = 100'000, .max_depth = 20, .max_steps = 10'000};

using Partials = std::map<std::string, std::string, std::less<>>;

Outcome<std::string, TemplateError> try_render(std::string_view text, const json& data,
                                               const Partials& partials = {},
                                               const RenderLimits& limits = kLimits) {
  std::map<std::string, std::unique_ptr<Program>, std::less<>> programs;
  const auto add = [&](const std::string& name, std::string_view source) {
    auto scanned = scan(name, source, kScanLimits);
    programs[name] = scanned ? std::make_unique<Program>(name, std::move(*scanned))
                             : std::make_unique<Program>(name, scanned.error());
  };
  for (const auto& [name, source] : partials) add(name, source);
  add("page", text);
  for (const auto& [name, program] : programs) {
    program->link([&](std::string_view partial) -> const Program* {
      const auto found = programs.find(partial);
      return found != programs.end() ? found->second.get() : nullptr;
    });
  }
  return programs["page"]->render(data, nullptr, limits);
}

std::string render(std::string_view text, const json& data = json::object(),
                   const Partials& partials = {}) {
  const auto page = try_render(text, data, partials);
  return page ? *page : page.error().describe();
}

struct Case {
  std::string_view text;
  json data;
  std::string_view expected;
  Partials partials = {};
};

void check(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    EXPECT_EQ(render(one.text, one.data, one.partials), one.expected)
        << one.text << " with " << one.data;
  }
}

TEST(Mustache, WritesVariables) {
  check({
      {"", {}, ""},
      {"text { } {} }} only\n", {}, "text { } {} }} only\n"},
      {"Hello, {{name}}!", {{"name", "Ann"}}, "Hello, Ann!"},
      {"{{ name }}|{{\tname\n}}|{{{ name }}}|{{& name }}", {{"name", "A"}}, "A|A|A|A"},
      {"[{{missing}}][{{a.b.c}}][{{n}}]", {{"a", json::object()}, {"n", nullptr}}, "[][][]"},
      {"{{i}} {{u}} {{f}} {{d}}",
       {{"i", -3}, {"u", 18446744073709551615U}, {"f", 1.21}, {"d", 2.0}},
       "-3 18446744073709551615 1.21 2.0"},
      {"{{yes}} {{no}}", {{"yes", true}, {"no", false}}, "true false"},
      {"[{{list}}{{{list}}}{{object}}]", {{"list", {1, 2}}, {"object", {{"a", 1}}}}, "[]"},
      {"{{first name}}", {{"first name", "Ann"}}, "Ann"},
      {"{{\xC3\xA4\xE2\x82\xAC}}\xC3\xA4",
       {{"\xC3\xA4\xE2\x82\xAC", "\xF0\x9F\x98\x80"}},
       "\xF0\x9F\x98\x80\xC3\xA4"},
      {"{{.}}", "text", "text"},
      {"{{.}}", 5, "5"},
      {"{{0}}{{1}}", {{"0", "zero"}, {"1", "one"}}, "zeroone"},
  });
}

TEST(Mustache, EscapesForHtmlUnlessToldNotTo) {
  const json data = {{"x", "<a href=\"b\" title='c'>&amp;</a>"}};
  check({
      {"{{x}}", data, "&lt;a href=&quot;b&quot; title=&apos;c&apos;&gt;&amp;amp;&lt;/a&gt;"},
      {"{{{x}}}", data, "<a href=\"b\" title='c'>&amp;</a>"},
      {"{{&x}}", data, "<a href=\"b\" title='c'>&amp;</a>"},
      {"{{=<% %>=}}<%x%>", {{"x", "<"}}, "&lt;"},
      {"{{=<% %>=}}<%{x}%><%&x%>", {{"x", "<"}}, "<<"},
      {"<&'\"", {}, "<&'\""},
      {"{{x}}", {{"x", "{{y}}{{#z}}"}, {"y", 1}}, "{{y}}{{#z}}"},
      {"{{{x}}}", {{"x", "{{{y}}}{{&1}}"}, {"y", 1}}, "{{{y}}}{{&1}}"},
  });
}

TEST(Mustache, ReplacesTextThatIsNotUtf8) {
  EXPECT_EQ(render("{{x}}{{{x}}}", {{"x", "a\xFFz"}}), "a\xEF\xBF\xBDza\xEF\xBF\xBDz");
}

TEST(Mustache, FindsNamesFromTheInsideOut) {
  check({
      {"{{a.b.c}}", {{"a", {{"b", {{"c", "deep"}}}}}}, "deep"},
      {"{{#a}}{{x}}{{y}}{{/a}}", {{"a", {{"x", 1}}}, {"x", 2}, {"y", 3}}, "13"},
      {"{{#a}}{{#b}}{{x}}{{/b}}{{/a}}", {{"a", {{"b", {{"z", 0}}}, {"x", 1}}}, {"x", 2}}, "1"},
      // Only the first step is looked for; what it finds decides.
      {"{{#a}}{{b.c}}{{/a}}", {{"a", {{"b", json::object()}}}, {"b", {{"c", "wrong"}}}}, ""},
      {"{{#a}}{{b.c}}{{/a}}", {{"a", {{"z", 1}}}, {"b", {{"c", "right"}}}}, "right"},
      {"{{#a.b}}{{c}}{{/a.b}}", {{"a", {{"b", {{"c", 1}}}}}}, "1"},
      {"{{#a}}{{x}}{{/a}}", {{"a", {{"x", nullptr}}}, {"x", "outer"}}, ""},
      {"{{#a}}{{x}}{{/a}}", {{"a", {1, "t", true}}, {"x", "o"}}, "ooo"},
      {"{{a.length}}{{a.0}}", {{"a", {1}}}, ""},
  });
}

TEST(Mustache, RepeatsAndSkipsSections) {
  check({
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", {{"x", true}}, "yes"},
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", {{"x", false}}, "no"},
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", {{"x", nullptr}}, "no"},
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", json::object(), "no"},
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", {{"x", json::array()}}, "no"},
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", {{"x", json::object()}}, "yes"},
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", {{"x", ""}}, "yes"},
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", {{"x", 0}}, "yes"},
      {"{{#x}}yes{{/x}}{{^x}}no{{/x}}", {{"x", {false}}}, "yes"},
      {"{{#list}}<{{.}}>{{/list}}",
       {{"list", {1, "a&", 2.5, true, nullptr, false}}},
       "<1><a&amp;><2.5><true><><false>"},
      {"{{#list}}{{n}},{{/list}}", {{"list", {{{"n", 1}}, {{"n", 2}}}}}, "1,2,"},
      {"{{#list}}({{#.}}{{.}}{{/.}}){{/list}}",
       {{"list", {{1, 2}, {3}, json::array()}}},
       "(12)(3)()"},
      {"{{#a}}{{#b}}{{x}}{{y}} {{/b}}{{/a}}",
       {{"a", {{{"x", 1}}, {{"x", 2}}}}, {"b", {{{"y", 3}}, {{"y", 4}}}}},
       "13 14 23 24 "},
      {"{{#a}}{{^b}}{{.}}{{/b}}{{/a}}", {{"a", {1, 2}}}, "12"},
      {"{{^a}}{{^b}}{{c}}{{/b}}{{/a}}", {{"c", "x"}, {"a", false}}, "x"},
      {"{{#s}}{{.}}{{/s}}", {{"s", "text"}}, "text"},
      {"{{#a}}{{/a}}", {{"a", {1, 2}}}, ""},
      {"{{#a}} {{/a}}", {{"a", {1, 2}}}, "  "},
      {"{{#a}} {{/a}} \n", {{"a", true}}, "  \n"},
      {"{{#a}}1{{/a}} {{#a}}2{{/a}}", {{"a", true}}, "1 2"},
      {"{{#a}}{{#b}}{{.}}{{/b}}-{{#b}}{{.}}{{/b}};{{/a}}",
       {{"a", {1, 2}}, {"b", {7, 8}}},
       "78-78;78-78;"},
      {"{{ # a }}x{{ / a }}", {{"a", true}}, "x"},
  });
}

TEST(Mustache, TakesTheLineOfATagThatStandsAlone) {
  check({
      {"a\n{{#x}}\nb\n{{/x}}\nc\n", {{"x", true}}, "a\nb\nc\n"},
      {"a\n{{#x}}\nb\n{{/x}}\nc\n", {{"x", false}}, "a\nc\n"},
      {"a\n{{^x}}\nb\n{{/x}}\nc\n", {{"x", true}}, "a\nc\n"},
      {"a\n  {{#x}} \t\n  b\n\t{{/x}}\nc", {{"x", {1, 2}}}, "a\n  b\n  b\nc"},
      {"a\r\n{{#x}}\r\nb\r\n{{/x}}\r\nc", {{"x", true}}, "a\r\nb\r\nc"},
      {"{{#x}}\nb{{/x}}\n", {{"x", true}}, "b\n"},
      {"  {{#x}}\nb\n  {{/x}}", {{"x", true}}, "b\n"},
      {"a\n {{! note }} \nb", {}, "a\nb"},
      {"{{! note }}\nb", {}, "b"},
      {"a\n{{! note }}", {}, "a\n"},
      {"a\n{{!\n two\n lines\n}}\nb", {}, "a\nb"},
      {"a\n{{=| |=}}\nb|x|", {{"x", 1}}, "a\nb1"},
      {"a {{! inline }} b\n", {}, "a  b\n"},
      {"a {{! at the end }}\nb", {}, "a \nb"},
      {"{{! one }}{{! two }}\nb", {}, "\nb"},
      {"{{! one }} {{#x}}\nb{{/x}}", {{"x", true}}, " \nb"},
      {"{{#x}}{{/x}}\nb", {{"x", true}}, "\nb"},
      {" {{x}} \nb", {{"x", ""}}, "  \nb"},
      {"{{#x}}\n{{#y}}\nz\n{{/y}}\n{{/x}}\n", {{"x", true}, {"y", {1, 2}}}, "z\nz\n"},
      {"\n\n{{#x}}\n\n{{/x}}\n\n", {{"x", true}}, "\n\n\n\n"},
      {"a{{#x}}\nb\n{{/x}}c", {{"x", true}}, "a\nb\nc"},
      {"{{#x}}\n\t \n{{/x}}\n", {{"x", true}}, "\t \n"},
  });
}

TEST(Mustache, ChangesDelimiters) {
  check({
      {"{{=<% %>=}}<%x%>{{x}}", {{"x", 1}}, "1{{x}}"},
      {"{{= | | =}}|#x|y|/x||={{ }}=|{{x}}", {{"x", true}}, "ytrue"},
      {"{{=[ ]=}}[x][=( )=](x)[x]", {{"x", 1}}, "11[x]"},
      {"{{=\t@@\n@ =}}@@x@", {{"x", 1}}, "1"},
      {"{{#x}}{{=| |=}}|y||/x||y|", {{"x", true}, {"y", 2}}, "22"},
      {"{{=| |=}}|>p|", {{"x", 1}}, "1|x|", {{"p", "{{x}}|x|"}}},
      {"{{>p}}{{x}}", {{"x", 1}}, "11", {{"p", "{{=| |=}}|x|"}}},
      {"{{=\xC3\xA4 \xC3\xB6=}}\xC3\xA4x\xC3\xB6", {{"x", 1}}, "1"},
  });
}

TEST(Mustache, IncludesPartials) {
  check({
      {"[{{>p}}]", {{"x", 1}}, "[1]", {{"p", "{{x}}"}}},
      {"[{{> p }}|{{>q/r}}]", {}, "[P|R]", {{"p", "P"}, {"q/r", "R"}}},
      {"{{#a}}{{>p}}{{/a}}",
       {{"a", {{{"x", 1}}, {{"x", 2}}}}, {"y", "o"}},
       "1o2o",
       {{"p", "{{x}}{{y}}"}}},
      {"{{#list}}{{>p}}{{/list}}",
       {{"list", {1, 2}}, {"l", {3, 4}}},
       "1:34;2:34;",
       {{"p", "{{.}}:{{#l}}{{.}}{{/l}};"}}},
      {"{{>p}}{{>p}}", {}, "QQ", {{"p", "{{>q}}"}, {"q", "Q"}}},
      {"{{>p}}", {}, "", {{"p", ""}}},
      {"{{>p}}", {{"x", true}}, "  ", {{"p", "{{#x}}  {{/x}}"}}},
      {"{{> node}}",
       {{"name", "a"},
        {"nodes",
         {{{"name", "b"}, {"nodes", json::array()}},
          {{"name", "c"}, {"nodes", {{{"name", "d"}, {"nodes", nullptr}}}}}}}},
       "a(b()c(d()))",
       {{"node", "{{name}}({{#nodes}}{{>node}}{{/nodes}})"}}},
  });
}

TEST(Mustache, IndentsThePartialOfALineOfItsOwn) {
  check({
      {"a\n  {{>p}}\nb\n", {}, "a\n  x\n  y\nb\n", {{"p", "x\ny\n"}}},
      {"a\n  {{>p}}\nb", {}, "a\n  x\n  yb", {{"p", "x\ny"}}},
      {"  {{>p}}\n>", {}, "  >\n  >>", {{"p", ">\n>"}}},
      {">\n  {{>p}}", {}, ">\n  >\n  >", {{"p", ">\n>"}}},
      {"|\r\n{{>p}}\r\n|", {}, "|\r\n>|", {{"p", ">"}}},
      {"  {{x}}  {{>p}}\n", {{"x", "|"}}, "  |  >\n>\n", {{"p", ">\n>"}}},
      // What a variable holds is not indented, whatever lines it has.
      {"\\\n {{>p}}\n/\n", {{"x", "<\n->"}}, "\\\n |\n <\n->\n |\n/\n", {{"p", "|\n{{{x}}}\n|\n"}}},
      {" {{>p}}\n", {{"x", "v"}}, " v\n \n v\n", {{"p", "{{x}}\n{{^x}}\n{{/x}}\n\n{{x}}\n"}}},
      {" {{>p}}\n", {{"x", {1, 2}}}, " - 1\n - 2\n", {{"p", "{{#x}}\n- {{.}}\n{{/x}}\n"}}},
      {" {{>p}}\n", {{"x", {1, 2}}}, " 12!\n", {{"p", "{{#x}}{{.}}{{/x}}!\n"}}},
      {" {{>p}}\n", {{"x", {1, 2}}}, " a1b\na2b\n", {{"p", "{{#x}}a{{.}}b\n{{/x}}\n"}}},
      {" {{>p}}\n", {{"x", {1, 2}}}, " a\n a\n !\n", {{"p", "{{#x}}a\n{{/x}}!\n"}}},
      {" {{>p}}\n", {}, "  q\n  r\n p\n", {{"p", " {{>q}}\np\n"}, {"q", "q\nr\n"}}},
      {" {{>p}}\n", {}, " q\n r\n", {{"p", "{{>q}}\n"}, {"q", "q\nr\n"}}},
      {" {{>p}}\n", {}, " -q\nr\n\n", {{"p", "-{{>q}}\n"}, {"q", "q\nr\n"}}},
      {" {{>p}}\n", {}, " text\n", {{"p", "{{! note }}text\n"}}},
      {"{{#x}}\n {{>p}}\n{{/x}}\n", {{"x", {1, 2}}}, " 1\n 2\n", {{"p", "{{.}}\n"}}},
  });
}

TEST(Mustache, SaysWhichLineIsWrong) {
  const std::string start = "template \"page\", line ";
  EXPECT_EQ(render("a\n{{#x}}\n"), start + "2: {{#x}} is never closed");
  EXPECT_EQ(render("{{^x}}{{#y}}{{/y}}"), start + "1: {{^x}} is never closed");
  EXPECT_EQ(render("\n\n{{/x}}"), start + "3: {{/x}} closes nothing");
  EXPECT_EQ(render("{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}"),
            start + "3: {{/a}} where {{#b}} of line 2 is to be closed");
  EXPECT_EQ(render("a\n{{ name \n b"), start + "2: \"{{ name ...\" is never closed by }}");
  EXPECT_EQ(render("{{{x}}"), start + "1: \"{{{x}}\" is never closed by }}}");
  EXPECT_EQ(render("{{"), start + "1: \"{{\" is never closed by }}");
  EXPECT_EQ(render("{{=<%=}}"), start + "1: delimiters are two words without =, as in {{=<% %>=}}");
  for (const std::string_view text : {"{{= =}}",
                                      "{{=a b c=}}",
                                      "{{==a b=}}",
                                      "{{=}}",
                                      "{{=a b}}",
                                      "{{}}",
                                      "{{ }}",
                                      "{{#}}{{/}}",
                                      "{{&}}",
                                      "{{{}}}",
                                      "{{>}}",
                                      "{{a..b}}",
                                      "{{.a}}",
                                      "{{a.}}",
                                      "{{..}}",
                                      "{{#a}}{{/ b}}",
                                      "{{<layout}}{{/layout}}",
                                      "{{$block}}{{/block}}",
                                      "{{>*dynamic}}",
                                      "{{/}}",
                                      "{{#a}}{{",
                                      "\xFF"}) {
    EXPECT_FALSE(try_render(text, json::object())) << text;
  }
  EXPECT_EQ(render("a\n\n{{>gone}}"), start + "3: there is no template \"gone\"");
  EXPECT_EQ(render("{{>p}}", {}, {{"p", "\n{{#x}}"}}),
            "template \"p\", line 2: {{#x}} is never closed");
  EXPECT_EQ(render("a\nb\xC3"), start + "2: not UTF-8");
  EXPECT_EQ(try_render(std::string(100'001, 'x'), {}).error().code, Errc::TemplateTooLarge);
}

TEST(Mustache, BoundsDepth) {
  std::string nested;
  for (int i = 0; i < 20; ++i) nested += "{{#x}}";
  std::string closed = nested + "!";
  for (int i = 0; i < 20; ++i) closed += "{{/x}}";
  EXPECT_EQ(render(closed, {{"x", true}}), "!");
  EXPECT_EQ(try_render(nested + "{{#x}}", {}).error().code, Errc::TemplateTooDeep);
  EXPECT_EQ(try_render(std::string(5000, '{'), {}).error().code, Errc::TemplateSyntax);

  const auto endless = try_render("\n{{>p}}", {}, {{"p", "x\n\n {{>p}}\n"}});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().describe(),
            "template \"p\", line 3: sections and partials are nested deeper than 20");
  const auto both = try_render("{{>p}}", {{"x", true}}, {{"p", "{{#x}}{{>p}}{{/x}}"}});
  EXPECT_EQ(both.error().code, Errc::TemplateTooDeep);
}

TEST(Mustache, BoundsWorkAndOutput) {
  const json ten = {{"x", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}};
  std::string power = "{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}";
  std::string end = "{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}";
  const auto steps = try_render(power + end, ten);
  ASSERT_FALSE(steps) << "10^8 rounds that write nothing";
  EXPECT_EQ(steps.error().describe(), "template \"page\", line 1: passes more tags than 10000");

  const json large = {{"x", std::string(60'000, 'x')}, {"y", std::string(30'000, '<')}};
  EXPECT_TRUE(try_render("{{x}}", large));
  EXPECT_EQ(try_render("\n{{x}}{{x}}", large).error().describe(),
            "template \"page\", line 2: becomes longer than 100000 bytes");
  EXPECT_TRUE(try_render("{{{y}}}", large));
  EXPECT_EQ(try_render("{{y}}", large).error().code, Errc::TemplateTooLarge)
      << "four times as long";
  const json thousand = {{"x", std::vector<int>(5000, 1)}};
  EXPECT_EQ(try_render("{{#x}}a text of thirty-two characters{{/x}}", thousand).error().code,
            Errc::TemplateTooLarge);
  // Indentation counts as well: each level doubles nothing, but it is written on every line.
  const std::string wide(2000, ' ');
  EXPECT_EQ(try_render(wide + "{{>p}}\n", {}, {{"p", std::string(100, '\n')}}).error().code,
            Errc::TemplateTooLarge);
}

}  // namespace
}  // namespace hybi::mustache
