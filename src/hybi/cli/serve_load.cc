// Flags on top of a file, and what a new file changes. The parts of serve.h without a server.
#include <hybi/cli/config_command.h>
#include <hybi/cli/quote.h>
#include <hybi/cli/serve.h>

#include <fmt/format.h>

namespace hybi::cli {
namespace {

class Flags {
 public:
  explicit Flags(LoadedConfig& loaded) : loaded_(loaded) {}

  void give(std::string_view section, std::string_view name, const char* flag, const Value& value) {
    const std::size_t index = find_setting(section, name).value_or(0);
    const Setting& setting = settings()[index];
    if (const auto* list = std::get_if<StringList>(&value); list && setting.rules.check) {
      for (const std::string& item : *list) refuse(flag, item, setting.rules.check(item));
    }
    if (const std::string wrong = check_value(setting, value); !wrong.empty()) {
      return refuse(flag, wrong);
    }
    loaded_.config.set(index, value, {Source::Kind::Flag, 0, 0, flag});
  }

  void parse(std::string_view section, std::string_view name, const char* flag,
             const std::string& text) {
    const std::size_t index = find_setting(section, name).value_or(0);
    Value value;
    std::string wrong;
    if (!parse_flag(settings()[index], text, value, wrong)) return refuse(flag, wrong);
    loaded_.config.set(index, value, {Source::Kind::Flag, 0, 0, flag});
  }

 private:
  void refuse(const char* flag, const std::string& item, const std::string& wrong) {
    if (!wrong.empty()) refuse(flag, quote_start(item) + " " + wrong);
  }
  void refuse(const char* flag, const std::string& wrong) {
    loaded_.problems.push_back(fmt::format("hybi: {}: {}", flag, wrong));
    loaded_.exit_code = kBadConfig;
  }

  LoadedConfig& loaded_;
};

}  // namespace

LoadedConfig load_config(const ServeOptions& options) {
  LoadedConfig loaded;
  if (!options.config_file.empty()) {
    bool unreadable = false;
    ReadConfig read = read_config(options.config_file, unreadable);
    for (const Problem& problem : read.problems) {
      loaded.problems.push_back(to_line(options.config_file, problem));
    }
    loaded.exit_code = unreadable ? kUnreadable : read.ok() ? 0 : kBadConfig;
    loaded.config = std::move(read.config);
  }
  Flags flags(loaded);
  if (!options.folder.empty()) flags.give("static", "root", "DIR", Value(options.folder));
  if (!options.listen.empty()) flags.give("server", "listen", "--listen", Value(options.listen));
  if (!options.threads.empty()) flags.parse("server", "threads", "--threads", options.threads);
  return loaded;
}

ConfigChanges take_over(Config& current, const Config& next) {
  ConfigChanges changes;
  for (std::size_t i = 0; i < settings().size(); ++i) {
    const Value value = next.value(i);
    if (value == current.value(i)) continue;
    const Setting& setting = settings()[i];
    if (!setting.rules.reload) {
      changes.need_restart.push_back(key_of(setting));
      continue;
    }
    current.set(i, value, next.source(i));
    changes.applied.push_back(key_of(setting));
  }
  return changes;
}

}  // namespace hybi::cli
