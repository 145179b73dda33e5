// Templates: named texts that become pages with data. Mustache from a folder, and the interface for
// another engine. Implemented in app/. The language: docs/topics/templates.md.
//
//   const auto templates = MustacheTemplates::load({.folder = "views", .layout = "layout"});
//   if (!templates) return fail(templates.error().describe());
//   server.get("/", [&](Request&, Response& res) {
//     render(res, **templates, "chat", {{"user", "ann"}, {"lines", lines}});
//   });
//
// What a variable holds is escaped for HTML text and quoted attributes; that does not make it safe
// inside <script>, style, a URL or an attribute without quotes. Thread: any, many at once.
#pragma once

#include <hybi/error.h>
#include <hybi/http.h>
#include <hybi/outcome.h>
#include <hybi/websocket.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

// Why there is no page. Says things about the server's files: for logs and for development.
struct TemplateError {
  Errc code = Errc::TemplateSyntax;
  std::string name;      // of the template; the folder for TemplateFolder
  std::size_t line = 0;  // from 1; 0 if it is about no line
  std::string what;

  std::string describe() const;  // "template \"chat\", line 3: {{#a}} is never closed"
};

struct RenderOptions {
  // The template around this one; "" for none, no value for the engine's own.
  std::optional<std::string> layout = {};
};

// A kind of templates. Thread: any, many at once.
class TemplateEngine {
 public:
  virtual ~TemplateEngine() = default;

  // The template `name` with `data`. The text is UTF-8.
  // Fails: with any code; TemplateNotFound if there is no such template.
  virtual Outcome<std::string, TemplateError> render(std::string_view name,
                                                     const nlohmann::json& data,
                                                     const RenderOptions& options) const = 0;

  // Whether clients may see what went wrong: in development.
  virtual bool shows_errors() const { return false; }
};

struct MustacheOptions {
  std::string folder = {};
  // Files with one of these endings are templates; "rooms/row.html" has the name "rooms/row".
  std::vector<std::string> extensions = {".mustache", ".html"};
  // The template around every page, with the page as {{{content}}}; "" for none.
  std::string layout = {};
  // Development: templates are read again when their files have changed, and errors are shown. Who
  // renders waits for the disk then.
  bool reload = false;
  std::chrono::milliseconds reload_interval{200};  // files are looked at no more often than this

  std::size_t max_templates = 1000;
  std::size_t max_template_bytes = 256 * 1024;
  std::size_t max_output_bytes = 4 * 1024 * 1024;
  std::size_t max_depth = 64;         // sections and partials within one another; at most 128
  std::size_t max_steps = 2'000'000;  // tags and texts that one rendering may pass
};

// Mustache. Everything is read and compiled by load(); afterwards nothing changes, unless `reload`.
class MustacheTemplates final : public TemplateEngine {
 public:
  // Fails: TemplateFolder, TemplateNotFound (the layout, a partial), TemplateSyntax,
  // TemplateTooLarge, TemplateTooDeep. With `reload` an error in a template is told when that
  // template is rendered instead.
  static Outcome<std::shared_ptr<const MustacheTemplates>, TemplateError> load(
      MustacheOptions options);
  ~MustacheTemplates() override;

  // Fails: TemplateNotFound, TemplateTooLarge, TemplateTooDeep; with `reload` as load().
  Outcome<std::string, TemplateError> render(std::string_view name, const nlohmann::json& data,
                                             const RenderOptions& options = {}) const override;
  bool shows_errors() const override;
  std::vector<std::string> names() const;  // sorted

 private:
  struct Impl;
  explicit MustacheTemplates(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Answers with the page as text/html, or 500; the words of the error are shown in development only.
// Returns: what went wrong, if something did.
std::optional<TemplateError> render(Response& response, const TemplateEngine& engine,
                                    std::string_view name, const nlohmann::json& data,
                                    const RenderOptions& options = {});

// Sends what the template becomes as a text message: a part of a page, so without the layout.
Outcome<SendResult, TemplateError> send_rendered(WebSocket& ws, const TemplateEngine& engine,
                                                 std::string_view name, const nlohmann::json& data,
                                                 const RenderOptions& options = {.layout = ""});

}  // namespace hybi
