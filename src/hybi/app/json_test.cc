// JSON from clients: where it broke, what is refused, over every transport. RFC 8259.
#include <hybi/app/test_server.h>
#include <hybi/json.h>

namespace hybi::test {
namespace {

using Json = nlohmann::json;

std::string error_of(std::string_view text, const JsonOptions& options = {}) {
  const auto json = parse_json(text, options);
  return json ? "no error" : json.error().describe();
}

TEST(JsonText, ReadsWhatNlohmannReads) {
  for (const std::string_view text :
       {R"({"a":[1,-2,3.5,true,false,null,"x\u00e4\ud83d\ude00"],"b":{"c":{}},"":[[],[[]]]})", "1",
        "\"\"", " [ ] ", "18446744073709551615", "-9223372036854775808", "1e308", "null"}) {
    const auto json = parse_json(text);
    ASSERT_TRUE(json) << text << ": " << json.error().describe();
    EXPECT_EQ(*json, Json::parse(text)) << text;
  }
}

TEST(JsonText, SaysWhereItBroke) {
  EXPECT_EQ(error_of("{\n  \"a\": 1,\n  \"list\": [1 2]\n}"),
            "JSON: line 3, column 14: unexpected number literal; expected ']'");
  EXPECT_EQ(error_of(R"({"a" 1})"),
            "JSON: line 1, column 6: unexpected number literal; expected ':'");
  EXPECT_EQ(error_of("[1,]"),
            "JSON: line 1, column 4: unexpected ']'; expected '[', '{', or a literal");
  EXPECT_EQ(error_of("{\"a\":1}\n}"),
            "JSON: line 2, column 1: unexpected '}'; expected end of input");
  EXPECT_EQ(error_of("[1"), "JSON: line 1, column 3: unexpected end of input; expected ']'");
  EXPECT_EQ(error_of("[1\n"), "JSON: line 2, column 1: unexpected end of input; expected ']'");
  EXPECT_EQ(error_of("[\"\xC3\xA4\xE2\x82\xAC\", nul]"), "JSON: line 1, column 11: invalid literal")
      << "a column is a character";
  EXPECT_EQ(error_of("[1e999]"), "JSON: line 1, column 6: number overflow");
}

TEST(JsonText, RefusesWhatIsAlmostJson) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{'a':1}",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "// x\n1",
                                      "NaN",
                                      "Infinity",
                                      "01",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "[1] [2]",
                                      "\"\t\"",
                                      "\"\\x\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00\\ud800\"",
                                      "True",
                                      "undefined",
                                      "{\"a\":1 \"b\":2}",
                                      "{1:2}",
                                      "[",
                                      "]",
                                      "\"",
                                      "\\",
                                      "{\"a\"}",
                                      "-"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_EQ(error_of(std::string_view("[1]\0[2", 6)), "JSON: line 1, column 4: a NUL character");
}

TEST(JsonText, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(error_of("{\n\"\xC3\xA4\xFF\": 1}"), "JSON: line 2, column 3: the text is not UTF-8");
  EXPECT_EQ(error_of("\"\xED\xA0\x80\""), "JSON: line 1, column 2: the text is not UTF-8");
  EXPECT_EQ(parse_json("\"\xC3").error().code, Errc::HttpBadJson);
}

TEST(JsonText, RefusesANameThatStandsTwiceUnlessAllowed) {
  const std::string_view text = R"({"user":"ann","x":{"user":1},"user":"bob"})";
  EXPECT_EQ(error_of(text),
            "JSON: line 1, column 35: the name \"user\" stands twice in one object");
  EXPECT_EQ(error_of("{\"a\":1,\"\\u0061\":2}"),
            "JSON: line 1, column 15: the name \"a\" stands twice in one object");
  const auto last = parse_json(text, {.allow_duplicate_keys = true});
  ASSERT_TRUE(last);
  EXPECT_EQ((*last)["user"], "bob");
  EXPECT_EQ(parse_json(R"({"a":{"b":1},"a":[2]})", {.allow_duplicate_keys = true}).value().dump(),
            R"({"a":[2]})");
}

TEST(JsonText, BoundsItsDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(64)));
  EXPECT_EQ(error_of(nested(65)), "JSON: line 1, column 65: nested deeper than 64");
  EXPECT_EQ(parse_json(nested(65)).error().code, Errc::HttpJsonTooDeep);
  EXPECT_TRUE(parse_json(nested(1024), {.max_depth = 5000}));
  EXPECT_EQ(error_of(nested(1'000'000), {.max_depth = kNoLimit}),
            "JSON: line 1, column 1025: nested deeper than 1024");
  EXPECT_EQ(error_of(R"({"a":{"b":[]}})", {.max_depth = 2}),
            "JSON: line 1, column 11: nested deeper than 2");
  EXPECT_TRUE(parse_json("1", {.max_depth = 0}));
}

TEST(JsonText, KeepsItsErrorsShortAndUtf8) {
  const std::string name(150, 'a');
  std::string wide = "{\"";
  for (int i = 0; i < 100; ++i) wide += "\xE2\x82\xAC";
  wide += "\":1," + wide.substr(1) + "\":2}";
  const auto error = parse_json(wide).error();
  EXPECT_LE(error.what.size(), 200u);
  EXPECT_EQ(error.what.substr(0, 13), "the name \"\xE2\x82\xAC");
  const auto quoted = parse_json("[" + std::string(5000, 'x')).error();
  EXPECT_EQ(quoted.what, "invalid literal");
  const auto string = parse_json("\"" + std::string(5000, 'x')).error();
  EXPECT_EQ(string.what, "invalid string: missing closing quote");
}

struct Todo {
  std::string title;
  int rank = 0;
};
void from_json(const Json& json, Todo& todo) {
  json.at("title").get_to(todo.title);
  if (json.contains("rank")) json.at("rank").get_to(todo.rank);
  if (todo.rank < 0) throw std::invalid_argument("rank");
}

TEST(JsonText, BecomesATypeOrSaysWhyNot) {
  const auto todo = json_as<Todo>(Json{{"title", "milk"}, {"rank", 3}});
  ASSERT_TRUE(todo);
  EXPECT_EQ(todo->title, "milk");
  EXPECT_EQ(todo->rank, 3);
  EXPECT_EQ(json_as<Todo>(Json{{"title", 1}}).error().describe(),
            "JSON: type must be string, but is number");
  EXPECT_EQ(json_as<Todo>(Json::object()).error().describe(), "JSON: key 'title' not found");
  EXPECT_EQ(json_as<Todo>(Json{{"title", ""}, {"rank", -1}}).error().describe(),
            "JSON: a value is not possible here");
  EXPECT_EQ(json_as<Todo>(Json{{"title", ""}, {"rank", -1}}).error().code, Errc::HttpJsonMismatch);
}

class JsonBody : public EveryTransport {
 protected:
  void SetUp() override {
    server_ = start([](auto& site) {
      site.post("/any", [](Request& req, Response& res) {
        if (const auto json = json_body(req, res)) res.json(*json);
      });
      site.post("/untyped", [](Request& req, Response& res) {
        if (const auto json = json_body(req, res, {.require_content_type = false})) res.json(*json);
      });
      site.post("/todo", [](Request& req, Response& res) {
        if (const auto todo = json_body<Todo>(req, res)) res.text(todo->title);
      });
      Router service;
      service.post("/todo", [](Request& req, Response& res) { json_body<Todo>(req, res); });
      service.on_error(kAnyError, [](Request&, Response& res, const ErrorAnswer& error) {
        res.json(Json{{"error", error.text}});
      });
      site.mount("/service", std::move(service));
    });
  }
  Reply ask(std::string_view target, std::string_view body, std::string_view fields) {
    auto client = server_->connect();
    client->write(post(target, body, fields));
    EXPECT_TRUE(client->read_until(replies(1)));
    return take_replies(client->take(), false).at(0);
  }

  std::unique_ptr<TestServer> server_;
};

constexpr std::string_view kJsonType = "Content-Type: application/json\r\n";

TEST_P(JsonBody, ReachesTheHandlerAsAValue) {
  const Reply reply = ask("/any", R"({ "b" : 1, "a" : [ true ] })", kJsonType);
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, R"({"a":[true],"b":1})");
  EXPECT_EQ(ask("/todo", R"({"title":"milk"})", kJsonType).body, "milk");
}

TEST_P(JsonBody, IsAnswered400WithThePlaceWhereItBroke) {
  const Reply reply = ask("/any", "{\n\"a\": tru\n}", kJsonType);
  EXPECT_EQ(reply.status, 400u);
  EXPECT_EQ(reply.field("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(reply.body, "JSON: line 2, column 9: invalid literal\n");
  EXPECT_EQ(ask("/any", "", kJsonType).body, "JSON: line 1, column 1: the body is empty\n");
  EXPECT_EQ(ask("/any", std::string(100'000, '['), kJsonType).body,
            "JSON: line 1, column 65: nested deeper than 64\n");
}

TEST_P(JsonBody, IsAnswered422WhenItIsNotWhatTheTypeWants) {
  const Reply reply = ask("/todo", R"({"title":[]})", kJsonType);
  EXPECT_EQ(reply.status, 422u);
  EXPECT_EQ(reply.body, "JSON: type must be string, but is array\n");
}

TEST_P(JsonBody, IsAnsweredByTheErrorRoute) {
  const Reply broken = ask("/service/todo", "[1", kJsonType);
  EXPECT_EQ(broken.status, 400u);
  EXPECT_EQ(broken.field("content-type"), "application/json");
  EXPECT_EQ(broken.body,
            R"({"error":"JSON: line 1, column 3: unexpected end of input; expected ']'"})");
  EXPECT_EQ(ask("/service/todo", R"({"title":[]})", kJsonType).status, 422u);
  EXPECT_EQ(ask("/service/todo", "[1]", "Content-Type: text/plain\r\n").status, 415u);
}

TEST_P(JsonBody, IsAnswered415WhenItSaysThatItIsSomethingElse) {
  for (const std::string_view type :
       {"text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonp",
        "+json", "application/+json", "json", "application/json; charset=latin1",
        "application/json; charset", "application/json, text/plain",
        "multipart/form-data; x=application/json"}) {
    const Reply reply = ask("/any", "1", "Content-Type: " + std::string(type) + "\r\n");
    EXPECT_EQ(reply.status, 415u) << type;
  }
  EXPECT_EQ(ask("/any", "1", "").status, 415u) << "what another site's page can send unasked";
  EXPECT_EQ(ask("/any", "1", "").body, "JSON: the body must be application/json in UTF-8\n");
  for (const std::string_view type :
       {"application/json", "Application/JSON", "application/json;charset=UTF-8",
        "application/json ; charset=\"utf-8\"", "application/problem+json",
        "application/vnd.x+JSON"}) {
    EXPECT_EQ(ask("/any", "1", "Content-Type: " + std::string(type) + "\r\n").status, 200u) << type;
  }
  EXPECT_EQ(ask("/untyped", "1", "Content-Type: text/plain\r\n").status, 200u);
  EXPECT_EQ(ask("/untyped", "1", "").status, 200u);
}

HYBI_EVERY_TRANSPORT(JsonBody);

}  // namespace
}  // namespace hybi::test
