// What a channel can be called and what a pattern matches. See channel.h.
#include <hybi/app/channel_levels.h>
#include <hybi/base/utf8.h>
#include <hybi/channel.h>

#include <algorithm>

namespace hybi {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

// Levels that are not empty, of text without control characters.
bool has_levels(std::string_view text) {
  if (text.empty() || text.size() > kMaxChannelBytes) return false;
  if (std::any_of(text.begin(), text.end(), is_control) || !is_utf8(as_bytes(text))) return false;
  for (Levels levels(text); !levels.done();) {
    if (levels.next().empty()) return false;
  }
  return true;
}

}  // namespace

bool is_channel_name(std::string_view name) {
  if (!has_levels(name)) return false;
  for (Levels levels(name); !levels.done();) {
    const std::string_view level = levels.next();
    if (level == kAnyLevel || level == kAllLevels) return false;
  }
  return true;
}

bool is_channel_pattern(std::string_view pattern) {
  if (!has_levels(pattern)) return false;
  for (Levels levels(pattern); !levels.done();) {
    if (levels.next() == kAllLevels && !levels.done()) return false;
  }
  return true;
}

bool channel_matches(std::string_view pattern, std::string_view name) {
  Levels wanted(pattern), there(name);
  while (!wanted.done() && !there.done()) {
    const std::string_view level = wanted.next();
    if (level == kAllLevels) return true;
    if (level != kAnyLevel && level != there.next()) return false;
    if (level == kAnyLevel) there.next();
  }
  return wanted.done() && there.done();
}

}  // namespace hybi
