// Invariant: any text as a template with any data becomes UTF-8 within the limits or fails with one
// of the template errors, in bounded time; what is no tag comes out as it is.
//
// The input: JSON data, a line with "---", the page, and after each further such line a partial
// ("a", "b", "c").
#include <hybi/app/mustache_program.h>
#include <hybi/base/utf8.h>
#include <hybi/json.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace {

using namespace hybi;

constexpr mustache::ScanLimits kScanLimits{.max_bytes = 2000, .max_depth = 12};
constexpr mustache::RenderLimits kLimits{
    .max_output_bytes = 20'000, .max_depth = 12, .max_steps = 3000};

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::string_view take_section(std::string_view& input) {
  constexpr std::string_view kLine = "\n---\n";
  const auto end = input.find(kLine);
  const std::string_view section = input.substr(0, end);
  input.remove_prefix(end == input.npos ? input.size() : end + kLine.size());
  return section;
}

void check_error(const TemplateError& error) {
  require(!error.what.empty() && error.what.size() < 400, "short words");
  require(is_utf8(error.describe()), "words in UTF-8");
  require(error.code == Errc::TemplateSyntax || error.code == Errc::TemplateNotFound ||
              error.code == Errc::TemplateTooLarge || error.code == Errc::TemplateTooDeep,
          "a known error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = as_text(Bytes(reinterpret_cast<const std::byte*>(data), size));
  const auto parsed = parse_json(take_section(input));
  const nlohmann::json json = parsed ? *parsed : nlohmann::json(nullptr);
  std::map<std::string, std::unique_ptr<mustache::Program>, std::less<>> programs;
  std::string_view page;
  for (const char* const name : {"page", "a", "b", "c"}) {
    const std::string_view text = take_section(input);
    if (*name == 'p') page = text;
    auto scan = mustache::scan(name, text, kScanLimits);
    if (!scan) check_error(scan.error());
    programs[name] = scan ? std::make_unique<mustache::Program>(name, std::move(*scan))
                          : std::make_unique<mustache::Program>(name, scan.error());
  }
  for (const auto& [name, program] : programs) {
    program->link([&](std::string_view partial) -> const mustache::Program* {
      const auto found = programs.find(partial);
      return found != programs.end() ? found->second.get() : nullptr;
    });
  }
  const nlohmann::json content = "<content>";
  for (const auto& [name, program] : programs) {
    const auto text = program->render(json, name == "b" ? &content : nullptr, kLimits);
    if (!text) {
      check_error(text.error());
      continue;
    }
    require(text->size() <= kLimits.max_output_bytes, "bounded output");
    require(is_utf8(*text), "UTF-8 in, UTF-8 out");
    if (name == "page" && page.find("{{") == page.npos) require(*text == page, "text stays");
  }
  return 0;
}
