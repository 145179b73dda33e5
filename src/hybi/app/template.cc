// MustacheTemplates and what hangs templates onto answers and WebSockets, see template.h.
#include <hybi/app/mustache_program.h>
#include <hybi/app/template_folder.h>
#include <hybi/template.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace hybi {
namespace {

constexpr std::size_t kMaxDepth = 128;  // each level takes the stack of several calls

// All templates of the folder at one time. Immutable.
struct TemplateSet {
  std::vector<TemplateFile> files;
  std::map<std::string, std::unique_ptr<mustache::Program>, std::less<>> programs;
  std::optional<TemplateError> error;  // the folder could not be read: every rendering fails
  // A file was written so shortly before it was read that its times cannot tell what comes next.
  bool may_be_stale = false;

  const mustache::Program* find(std::string_view name) const {
    const auto found = programs.find(name);
    return found != programs.end() ? found->second.get() : nullptr;
  }
};

std::unique_ptr<mustache::Program> compile(const TemplateFile& file,
                                           const MustacheOptions& options) {
  const auto text = read_template(file, options.max_template_bytes);
  if (!text) return std::make_unique<mustache::Program>(file.name, text.error());
  auto scan = mustache::scan(
      file.name, *text, {.max_bytes = options.max_template_bytes, .max_depth = options.max_depth});
  if (!scan) return std::make_unique<mustache::Program>(file.name, scan.error());
  return std::make_unique<mustache::Program>(file.name, std::move(*scan));
}

bool is_recent(const TemplateFile& file, std::chrono::system_clock::time_point now) {
  constexpr std::chrono::milliseconds kResolution{100};  // coarser than any clock of a file system
  const auto age = now.time_since_epoch() -
                   std::chrono::nanoseconds(std::max(file.modified_ns, file.changed_ns));
  return age < kResolution;
}

std::shared_ptr<const TemplateSet> compile_all(
    Outcome<std::vector<TemplateFile>, TemplateError> files, const MustacheOptions& options) {
  auto set = std::make_shared<TemplateSet>();
  if (!files) {
    set->error = files.error();
    return set;
  }
  set->files = std::move(*files);
  set->may_be_stale = std::any_of(
      set->files.begin(), set->files.end(),
      [now = std::chrono::system_clock::now()](const auto& file) { return is_recent(file, now); });
  for (const TemplateFile& file : set->files) set->programs[file.name] = compile(file, options);
  for (const auto& [name, program] : set->programs) {
    program->link([&](std::string_view partial) { return set->find(partial); });
  }
  return set;
}

TemplateError not_found(std::string_view name) {
  return {Errc::TemplateNotFound, std::string(name), 0, "there is no such template"};
}

// The first thing that is wrong, for load().
std::optional<TemplateError> first_error(const TemplateSet& set, const MustacheOptions& options) {
  if (set.error) return set.error;
  if (options.reload) return std::nullopt;
  for (const auto& [name, program] : set.programs) {
    if (program->error()) return program->error();
  }
  if (!options.layout.empty() && set.find(options.layout) == nullptr) {
    return not_found(options.layout);
  }
  return std::nullopt;
}

}  // namespace

std::string TemplateError::describe() const {
  std::string text = code == Errc::TemplateFolder ? "templates in \"" : "template \"";
  text += name + "\"";
  if (line != 0) text += ", line " + std::to_string(line);
  return text + ": " + what;
}

struct MustacheTemplates::Impl {
  using Clock = std::chrono::steady_clock;

  MustacheOptions options;
  mustache::RenderLimits limits;
  // Unchanged without `reload`, and read without the mutex then.
  std::shared_ptr<const TemplateSet> set;
  std::mutex mutex;
  Clock::time_point checked;

  std::shared_ptr<const TemplateSet> current() {
    if (!options.reload) return set;
    const std::lock_guard lock(mutex);
    const Clock::time_point now = Clock::now();
    if (now - checked >= options.reload_interval) {
      checked = now;
      auto files = find_templates(options);
      if (!files || set->error || set->may_be_stale || *files != set->files)
        set = compile_all(std::move(files), options);
    }
    return set;
  }

  Outcome<std::string, TemplateError> render(std::string_view name, const nlohmann::json& data,
                                             const std::string& layout) {
    const std::shared_ptr<const TemplateSet> templates = current();
    if (templates->error) return *templates->error;
    const mustache::Program* const page = templates->find(name);
    if (page == nullptr) return not_found(name);
    if (layout.empty()) return page->render(data, nullptr, limits);
    const mustache::Program* const around = templates->find(layout);
    if (around == nullptr) return not_found(layout);
    Outcome<std::string, TemplateError> text = page->render(data, nullptr, limits);
    if (!text) return text;
    const nlohmann::json content = std::move(*text);
    return around->render(data, &content, limits);
  }
};

MustacheTemplates::MustacheTemplates(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MustacheTemplates::~MustacheTemplates() = default;

Outcome<std::shared_ptr<const MustacheTemplates>, TemplateError> MustacheTemplates::load(
    MustacheOptions options) {
  options.max_depth = std::min(options.max_depth, kMaxDepth);
  auto impl = std::make_unique<Impl>();
  impl->limits = {options.max_output_bytes, options.max_depth, options.max_steps};
  impl->options = std::move(options);
  impl->checked = Impl::Clock::now();
  impl->set = compile_all(find_templates(impl->options), impl->options);
  if (auto error = first_error(*impl->set, impl->options)) return std::move(*error);
  return std::shared_ptr<const MustacheTemplates>(new MustacheTemplates(std::move(impl)));
}

Outcome<std::string, TemplateError> MustacheTemplates::render(std::string_view name,
                                                              const nlohmann::json& data,
                                                              const RenderOptions& options) const {
  return impl_->render(name, data, options.layout ? *options.layout : impl_->options.layout);
}

bool MustacheTemplates::shows_errors() const {
  return impl_->options.reload;
}

std::vector<std::string> MustacheTemplates::names() const {
  std::vector<std::string> names;
  for (const auto& [name, program] : impl_->current()->programs) names.push_back(name);
  return names;
}

std::optional<TemplateError> render(Response& response, const TemplateEngine& engine,
                                    std::string_view name, const nlohmann::json& data,
                                    const RenderOptions& options) {
  Outcome<std::string, TemplateError> text = engine.render(name, data, options);
  if (text) {
    response.html(*text);
    return std::nullopt;
  }
  const Errc shown = Errc::HttpHandlerFailed;
  response.status(500).text(engine.shows_errors() ? text.error().describe() + "\n"
                                                  : std::string(info(shown).text) + "\n");
  return std::move(text.error());
}

Outcome<SendResult, TemplateError> send_rendered(WebSocket& ws, const TemplateEngine& engine,
                                                 std::string_view name, const nlohmann::json& data,
                                                 const RenderOptions& options) {
  Outcome<std::string, TemplateError> text = engine.render(name, data, options);
  if (!text) return std::move(text.error());
  return ws.send(*text);
}

void Response::render(std::string_view name, const nlohmann::json& data) {
  const TemplateEngine* const engine = templates();
  const std::optional<TemplateError> failed =
      engine != nullptr ? hybi::render(*this, *engine, name, data)
                        : TemplateError{Errc::NoTemplates, std::string(name), 0, "none here"};
  if (!failed) return;
  report({failed->code}, failed->describe());
  error(500);  // if nothing has been answered
}

SendResult WebSocket::send_rendered(std::string_view name, const nlohmann::json& data) {
  const TemplateEngine* const engine = templates();
  if (engine == nullptr) {
    report({Errc::NoTemplates}, name);
    return SendResult::Dropped;
  }
  const Outcome<SendResult, TemplateError> sent = hybi::send_rendered(*this, *engine, name, data);
  if (sent) return *sent;
  report({sent.error().code}, sent.error().describe());
  return SendResult::Dropped;
}

}  // namespace hybi
