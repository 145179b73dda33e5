// Templates of a folder: loading, names, layouts, reloading, many threads; on answers and
// WebSockets over every transport. The language itself: mustache_test.cc.
#include <hybi/app/test_server.h>
#include <hybi/app/test_templates.h>
#include <hybi/template.h>

#include <atomic>
#include <thread>

namespace hybi::test {
namespace {

using nlohmann::json;
using Templates = std::shared_ptr<const MustacheTemplates>;

Templates load(const TemplateFolder& folder, MustacheOptions options = {}) {
  options.folder = folder.path();
  auto templates = MustacheTemplates::load(std::move(options));
  EXPECT_TRUE(templates) << templates.error().describe();
  return *templates;
}

std::string error_of(const TemplateFolder& folder, MustacheOptions options = {}) {
  options.folder = folder.path();
  const auto templates = MustacheTemplates::load(std::move(options));
  return templates ? "no error" : templates.error().describe();
}

std::string show(const TemplateEngine& engine, std::string_view name, const json& data = {},
                 const RenderOptions& options = {}) {
  const auto text = engine.render(name, data, options);
  return text ? *text : text.error().describe();
}

TEST(Templates, HaveTheNamesOfTheirFiles) {
  const TemplateFolder folder({{"chat.mustache", "chat"},
                               {"about.html", "about"},
                               {"rooms/row.html", "row"},
                               {"a.b.html", "dots"},
                               {"style.css", "no template"},
                               {".hidden.html", "no template"},
                               {".git/x.html", "no template"},
                               {".html", "no template"},
                               {"chat.mustache~", "no template"}});
  const Templates templates = load(folder);
  EXPECT_EQ(templates->names(), (std::vector<std::string>{"a.b", "about", "chat", "rooms/row"}));
  EXPECT_EQ(show(*templates, "rooms/row"), "row");
  EXPECT_EQ(load(folder, {.extensions = {".css"}})->names(), std::vector<std::string>{"style"});
}

TEST(Templates, AreOnlyThoseThatWereFound) {
  const TemplateFolder folder({{"views/page.html", "page"}, {"secret.html", "secret"}});
  const auto templates = MustacheTemplates::load({.folder = folder.path() + "/views"});
  ASSERT_TRUE(templates);
  for (const std::string name : {"../secret", "views/../../secret", "./page", "page.html",
                                 "/etc/passwd", "", "page/", "PAGE"}) {
    const auto text = (*templates)->render(name, {});
    ASSERT_FALSE(text) << name;
    EXPECT_EQ(text.error().code, Errc::TemplateNotFound);
    EXPECT_EQ(text.error().describe(), "template \"" + name + "\": there is no such template");
  }
  folder.write("views/bad.html", "x\n{{> ../secret}}");
  EXPECT_EQ(MustacheTemplates::load({.folder = folder.path() + "/views"}).error().describe(),
            "template \"bad\", line 2: there is no template \"../secret\"");
}

TEST(Templates, TellAtOnceWhatIsWrongWithThem) {
  const auto missing = MustacheTemplates::load({.folder = "/nowhere/at/all"});
  EXPECT_EQ(missing.error().code, Errc::TemplateFolder);
  EXPECT_EQ(missing.error().describe(),
            "templates in \"/nowhere/at/all\": No such file or directory");
  EXPECT_EQ(MustacheTemplates::load({}).error().code, Errc::TemplateFolder);

  EXPECT_EQ(error_of(TemplateFolder({{"page.html", "\n\n{{#a}}"}})),
            "template \"page\", line 3: {{#a}} is never closed");
  EXPECT_EQ(error_of(TemplateFolder({{"page.html", ""}}), {.layout = "layout"}),
            "template \"layout\": there is no such template");
  EXPECT_EQ(error_of(TemplateFolder({{"page.html", "12345"}}), {.max_template_bytes = 4}),
            "template \"page\": longer than 4 bytes");
  EXPECT_EQ(error_of(TemplateFolder({{"page.html", "1234"}}), {.max_template_bytes = 4}),
            "no error");

  const TemplateFolder twice({{"page.html", ""}, {"page.mustache", ""}});
  EXPECT_EQ(error_of(twice), "templates in \"" + twice.path() + "\": " + twice.path() +
                                 "/page.html and " + twice.path() +
                                 "/page.mustache are both the template \"page\"");
  const TemplateFolder many({{"a.html", ""}, {"b.html", ""}, {"c.html", ""}});
  EXPECT_EQ(error_of(many, {.max_templates = 2}),
            "templates in \"" + many.path() + "\": more templates than 2");
}

TEST(Templates, WrapPagesIntoALayout) {
  const TemplateFolder folder({{"layout.html", "<title>{{title}}</title>\n{{{content}}}!"},
                               {"other.html", "{{title}}: {{{body}}}{{#posts}} {{body}}{{/posts}}"},
                               {"wrong.html", "{{content}}{{content.x}}"},
                               {"page.html", "<p>{{user}}</p>\n"}});
  const Templates templates = load(folder, {.layout = "layout"});
  const json data = {{"title", "A&B"},
                     {"user", "ann"},
                     {"content", "of the data"},
                     {"posts", {{{"body", "1"}}, {{"body", "2"}}}}};
  EXPECT_EQ(show(*templates, "page", data), "<title>A&amp;B</title>\n<p>ann</p>\n!");
  EXPECT_EQ(show(*templates, "page", data, {.layout = "other"}), "A&amp;B: <p>ann</p>\n 1 2");
  EXPECT_EQ(show(*templates, "page", data, {.layout = ""}), "<p>ann</p>\n");
  EXPECT_EQ(show(*templates, "page", data, {.layout = "wrong"}), "&lt;p&gt;ann&lt;/p&gt;\n");
  EXPECT_EQ(show(*templates, "page", data, {.layout = "gone"}),
            "template \"gone\": there is no such template");
  EXPECT_EQ(show(*load(folder), "page", data), "<p>ann</p>\n");
  EXPECT_EQ(show(*load(folder), "layout", data), "<title>A&amp;B</title>\nof the data!")
      << "by itself it is a template like others";
}

TEST(Templates, AreNotReadAgainUnlessTheyShall) {
  const TemplateFolder folder({{"page.html", "one"}});
  const Templates templates = load(folder, {.reload_interval = std::chrono::milliseconds(0)});
  folder.write("page.html", "two");
  folder.write("new.html", "new");
  EXPECT_EQ(show(*templates, "page"), "one");
  EXPECT_EQ(templates->names().size(), 1u);
  folder.remove("page.html");
  EXPECT_EQ(show(*templates, "page"), "one");
}

TEST(Templates, AreReadAgainInDevelopmentWhenTheyHaveChanged) {
  const TemplateFolder folder({{"page.html", "{{>row}} one"}, {"row.html", "row"}});
  const Templates templates =
      load(folder, {.reload = true, .reload_interval = std::chrono::milliseconds(0)});
  EXPECT_EQ(show(*templates, "page"), "row one");
  folder.write("page.html", "{{>row}} two");  // as long as before
  EXPECT_EQ(show(*templates, "page"), "row two");
  folder.write("row.html", "changed");
  EXPECT_EQ(show(*templates, "page"), "changed two") << "a partial";
  folder.write("row.html", "{{#x}}");
  EXPECT_EQ(show(*templates, "page"), "template \"row\", line 1: {{#x}} is never closed");
  folder.write("other.html", "other");
  EXPECT_EQ(show(*templates, "other"), "other") << "what is right works while another is wrong";
  folder.remove("row.html");
  EXPECT_EQ(show(*templates, "page"), "template \"page\", line 1: there is no template \"row\"");
  folder.write("row.html", "again");
  EXPECT_EQ(show(*templates, "page"), "again two");
}

TEST(Templates, SurviveTheirFolderInDevelopment) {
  const TemplateFolder folder({{"views/page.html", "page"}});
  const auto loaded = MustacheTemplates::load({.folder = folder.path() + "/views",
                                               .reload = true,
                                               .reload_interval = std::chrono::milliseconds(0)});
  ASSERT_TRUE(loaded);
  folder.remove("views/page.html");
  folder.remove("views");
  const auto text = (*loaded)->render("page", {});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::TemplateFolder);
  folder.write("views/page.html", "back");
  EXPECT_EQ(show(**loaded, "page"), "back");
}

TEST(Templates, AreLookedAtNoMoreOftenThanTheInterval) {
  const TemplateFolder folder({{"page.html", "one"}});
  const Templates templates =
      load(folder, {.reload = true, .reload_interval = std::chrono::hours(1)});
  folder.write("page.html", "two");
  EXPECT_EQ(show(*templates, "page"), "one");
}

TEST(Templates, RenderOnManyThreadsWhileTheyChange) {
  const TemplateFolder folder(
      {{"page.html", "{{#list}}{{>row}}{{/list}}"}, {"row.html", "<{{.}}>\n"}});
  for (const bool reload : {false, true}) {
    const Templates templates =
        load(folder, {.reload = reload, .reload_interval = std::chrono::milliseconds(0)});
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
          const std::string name = "n&" + std::to_string(thread);
          const std::string line = "<n&amp;" + std::to_string(thread) + ">";
          for (int i = 0; i < 200; ++i) {
            const auto text = templates->render("page", {{"list", {name, name}}});
            // A file that is just being written is empty or whole.
            if (!text ||
                (*text != line + "\n" + line + "\n" && *text != line + line && *text != "")) {
              ++wrong;
            }
          }
        });
      }
      for (int i = 0; reload && i < 20; ++i)
        folder.write("row.html", i % 2 == 0 ? "<{{.}}>" : "<{{.}}>\n");
    }
    EXPECT_EQ(wrong, 0);
  }
}

class TemplateAnswers : public EveryTransport {};

TEST_P(TemplateAnswers, ArePagesAndMessages) {
  const TemplateFolder folder({{"layout.html", "<body>{{{content}}}</body>"},
                               {"chat.html", "{{#lines}}{{>row}}{{/lines}}"},
                               {"row.html", "<li>{{text}}</li>"}});
  const Templates templates = load(folder, {.layout = "layout"});
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      const auto error =
          render(res, *templates, "chat", {{"lines", {{{"text", "<b>"}}, {{"text", "hi"}}}}});
      EXPECT_FALSE(error);
    });
    site.ws("/live", {.on_message = [&](WebSocket& ws, Message m) {
              const auto sent = send_rendered(ws, *templates, "row", {{"text", m.text()}});
              EXPECT_TRUE(sent && *sent == SendResult::Sent);
            }});
  });
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(client->read_until(replies(1)));
  const auto all = take_replies(client->take(), false);
  EXPECT_EQ(all[0].status, 200u);
  EXPECT_EQ(all[0].field("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(all[0].body, "<body><li>&lt;b&gt;</li><li>hi</li></body>");

  auto ws = open_websocket(*server, "/live");
  ASSERT_TRUE(ws);
  ws->write(text_frame("a<b"));
  EXPECT_TRUE(ws->read_until(shows("text <li>a&lt;b</li>")));
}

TEST_P(TemplateAnswers, Are500WithoutWordsOfTheServersFilesUnlessInDevelopment) {
  const TemplateFolder folder({{"page.html", "x"}});
  const Templates quiet = load(folder);
  const Templates open = load(folder, {.reload = true});
  auto server = start([&](auto& site) {
    site.get("/quiet", [&](Request&, Response& res) {
      const auto error = render(res, *quiet, "gone", {});
      EXPECT_TRUE(error && error->code == Errc::TemplateNotFound && error->name == "gone");
    });
    site.get("/open", [&](Request&, Response& res) { render(res, *open, "gone", {}); });
    site.ws("/live", {.on_message = [&](WebSocket& ws, Message) {
              const auto sent = send_rendered(ws, *open, "gone", {});
              EXPECT_FALSE(sent);
              ws.send("nothing was sent before");
            }});
  });
  auto client = server->connect();
  client->write(get("/quiet") + get("/open"));
  ASSERT_TRUE(client->read_until(replies(2)));
  const auto all = take_replies(client->take(), false);
  EXPECT_EQ(all[0].status, 500u);
  EXPECT_EQ(all[0].body, "the application failed\n");
  EXPECT_EQ(all[1].status, 500u);
  EXPECT_EQ(all[1].field("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(all[1].body, "template \"gone\": there is no such template\n");
  auto ws = open_websocket(*server, "/live");
  ASSERT_TRUE(ws);
  ws->write(text_frame("x"));
  EXPECT_TRUE(ws->read_until(shows("text nothing was sent before")));
}

// Another engine is a class with one function.
class Shout final : public TemplateEngine {
 public:
  Outcome<std::string, TemplateError> render(std::string_view name, const json& data,
                                             const RenderOptions&) const override {
    return std::string(name) + "! " + data.dump();
  }
};

TEST_P(TemplateAnswers, ComeFromAnyEngine) {
  const Shout engine;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) { render(res, engine, "hello", {{"a", 1}}); });
  });
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false)[0].body, "hello! {\"a\":1}");
}

TEST_P(TemplateAnswers, OfTheServerArePutToUseByName) {
  for (const bool some : {true, false}) {
    auto server = start([&](auto& site) {
      if (some) site.templates(std::make_shared<Shout>());
      site.get("/", [](Request&, Response& res) { res.status(201).render("hello", {{"a", 1}}); });
      site.ws("/live", {.on_open = [](WebSocket& ws) {
                if (ws.send_rendered("row", {{"b", 2}}) == SendResult::Dropped) ws.send("none");
              }});
    });
    auto client = server->connect();
    client->write(get("/"));
    ASSERT_TRUE(client->read_until(replies(1)));
    const auto all = take_replies(client->take(), false);
    EXPECT_EQ(all[0].status, some ? 201u : 500u);
    EXPECT_EQ(all[0].body, some ? "hello! {\"a\":1}" : "Internal Server Error\n");
    auto ws = open_websocket(*server, "/live");
    ASSERT_TRUE(ws);
    EXPECT_TRUE(ws->read_until(shows(some ? "text row! {\"b\":2}" : "text none")));
    EXPECT_EQ(server->errors().text(),
              some ? "" : "NoTemplates template \"hello\": none here|NoTemplates row");
  }
}

HYBI_EVERY_TRANSPORT(TemplateAnswers);

}  // namespace
}  // namespace hybi::test
