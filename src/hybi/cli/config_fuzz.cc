// Invariant: any bytes are a configuration that shows and reads back the same, or problems, each in
// one line and at a place inside the text; never more of them than kMaxProblems and one.
#include <hybi/cli/config.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace hybi::cli;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

bool is_one_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

bool has_settings(const Config& config) {
  for (std::size_t i = 0; i < settings().size(); ++i) {
    if (config.source(i).kind != Source::Kind::Default) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const ReadConfig read = parse_config(text);

  const auto lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n')) + 1;
  require(read.problems.size() <= kMaxProblems + 1, "a bounded number of problems");
  for (const Problem& problem : read.problems) {
    require(problem.line <= lines + 1, "the problem's line is in the file");
    require(problem.line == 0 || problem.column > 0, "columns count from 1");
    require(!problem.text.empty() && is_one_line(problem.text), "a problem is one line");
    require(problem.text.size() < 1000, "a problem is no book");
  }
  if (!has_settings(read.config)) return 0;  // the defaults are the unit tests' part
  // What has a problem keeps its default, so the rest is within its bounds in any case.
  const std::string shown = show_config(read.config, "hybi.toml", true);
  const ReadConfig again = parse_config(shown);
  require(again.ok() || !read.ok(), "what was shown is accepted");
  for (std::size_t i = 0; i < settings().size(); ++i) {
    require(again.config.value(i) == read.config.value(i), "what was shown reads back the same");
  }
  return 0;
}
