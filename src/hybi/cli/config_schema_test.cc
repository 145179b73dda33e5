#include <hybi/cli/config_schema.h>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace hybi::cli {
namespace {

const Setting& row(std::string_view section, std::string_view name) {
  return settings()[find_setting(section, name).value()];
}

std::string default_of(std::string_view section, std::string_view name) {
  const Setting& setting = row(section, name);
  return to_toml(setting, setting.access.get(ServeConfig{}));
}

TEST(ConfigSchema, EveryKeyIsThereOnceAndSectionsStandTogether) {
  std::set<std::string> keys;
  std::vector<std::string_view> sections;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(keys.insert(key_of(setting)).second) << key_of(setting);
    if (sections.empty() || sections.back() != setting.section) sections.push_back(setting.section);
  }
  EXPECT_EQ(sections.size(), (std::set(sections.begin(), sections.end()).size()));
}

TEST(ConfigSchema, EveryDefaultIsWithinItsBounds) {
  const ServeConfig defaults;
  for (const Setting& setting : settings()) {
    const Value value = setting.access.get(defaults);
    switch (setting.kind) {
      case Kind::Integer:
      case Kind::Size:
      case Kind::Duration: {
        const std::uint64_t number = std::get<std::uint64_t>(value);
        EXPECT_GE(number, setting.rules.least) << key_of(setting);
        EXPECT_LE(number, setting.rules.most) << key_of(setting);
        break;
      }
      case Kind::Enum:
        EXPECT_LT(std::get<std::uint64_t>(value), choices_of(setting).size()) << key_of(setting);
        break;
      case Kind::String:
        if (setting.rules.check != nullptr) {
          EXPECT_EQ(setting.rules.check(std::get<std::string>(value)), "") << key_of(setting);
        }
        break;
      case Kind::Strings:
        for (const std::string& item : std::get<StringList>(value)) {
          if (setting.rules.check != nullptr) {
            EXPECT_EQ(setting.rules.check(item), "") << key_of(setting);
          }
        }
        break;
      case Kind::Bool:
      case Kind::Numbers:
      case Kind::Fields:
        break;
    }
  }
}

// Two rows that reach the same field would overwrite each other.
TEST(ConfigSchema, EverySettingReachesAFieldOfItsOwn) {
  const ServeConfig defaults;
  for (const Setting& setting : settings()) {
    Value other = setting.access.get(defaults);
    if (auto* flag = std::get_if<bool>(&other)) *flag = !*flag;
    if (auto* number = std::get_if<std::uint64_t>(&other)) *number = *number == 1 ? 2 : 1;
    if (auto* text = std::get_if<std::string>(&other)) *text += "x";
    if (auto* list = std::get_if<StringList>(&other)) list->push_back("x");
    if (auto* numbers = std::get_if<NumberList>(&other)) *numbers = {13, 4};
    if (auto* fields = std::get_if<FieldMap>(&other)) (*fields)["X"] = "y";
    ServeConfig changed;
    setting.access.set(changed, other);
    for (const Setting& each : settings()) {
      const bool same = each.access.get(changed) == each.access.get(defaults);
      EXPECT_EQ(same, &each != &setting) << key_of(setting) << " changes " << key_of(each);
    }
    EXPECT_EQ(setting.access.get(changed), other) << key_of(setting);
  }
}

TEST(ConfigSchema, ChoicesStandInTheOrderOfTheEnumerators) {
  EXPECT_EQ(default_of("server", "backend"), "\"auto\"");
  const auto named = [](std::string_view section, std::string_view name, auto value) {
    return choices_of(row(section, name)).at(static_cast<std::size_t>(value));
  };
  EXPECT_EQ(named("server", "backend", Backend::Uring), "uring");
  EXPECT_EQ(named("static", "dotfiles", DotFiles::Refuse), "refuse");
  EXPECT_EQ(named("static", "symlinks", Symlinks::InsideRoot), "inside");
  EXPECT_EQ(named("websocket", "compression", Compression::Mode::Off), "off");
  EXPECT_EQ(named("websocket", "compression", Compression::Mode::Dedicated), "dedicated");
  EXPECT_EQ(named("websocket", "slow_peer", SlowPolicy::Drop), "drop");
  EXPECT_EQ(named("log", "level", LogLevel::Warn), "warn");
  EXPECT_EQ(named("log", "format", LogFormat::Json), "json");
  EXPECT_EQ(named("log", "access", AccessLog::Combined), "combined");
}

TEST(ConfigSchema, DefaultsAreThoseOfTheFrontDoor) {
  EXPECT_EQ(default_of("http", "max_head"), "\"16 KiB\"");
  EXPECT_EQ(default_of("http", "head_timeout"), "\"10s\"");
  EXPECT_EQ(default_of("websocket", "versions"), "[13, 8, 7]");
  EXPECT_EQ(default_of("websocket", "origins"), "[]");
  EXPECT_EQ(default_of("websocket", "idle_timeout"), "\"1d\"");
}

TEST(ConfigSchema, VersionsAndOriginsReadBack) {
  ServeConfig config;
  row("websocket", "versions").access.set(config, NumberList{75, 4});
  EXPECT_EQ(config.websocket.versions, (Versions{Version::Hixie75, Version::V4}));
  config.websocket.origins.allow_missing = false;
  const Access& origins = row("websocket", "origins").access;
  for (const StringList& list :
       {StringList{}, StringList{"*"}, StringList{"https://a.example", "*"}}) {
    origins.set(config, list);
    EXPECT_EQ(std::get<StringList>(origins.get(config)), list);
    EXPECT_FALSE(config.websocket.origins.allow_missing);
  }
}

TEST(ConfigSchema, TheManualHasTheTableOfThisProgram) {
  std::ifstream file(HYBI_SOURCE_DIR "/docs/topics/configuration.md");
  const std::string manual{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(manual.find("\n" + manual_table()), std::string::npos)
      << "docs/topics/configuration.md: put in what `hybi config settings` prints:\n"
      << manual_table();
}

}  // namespace
}  // namespace hybi::cli
