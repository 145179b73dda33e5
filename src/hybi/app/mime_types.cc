// Reading /etc/mime.types, see mime_types.h.
#include <hybi/app/mime_types.h>
#include <hybi/app/mime_types_table.h>
#include <hybi/base/ascii.h>
#include <hybi/io/fd.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hybi {
namespace {

constexpr std::string_view kUnknown = "application/octet-stream";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), to_lower);
  return result;
}

// RFC 9110 8.3.1: type "/" subtype.
bool is_media_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view subtype = text.substr(slash + 1);
  // With parameters, as the application gives them: they reach a field as they are.
  const std::size_t end = subtype.find(';');
  const std::string_view parameters =
      end == std::string_view::npos ? std::string_view() : subtype.substr(end);
  subtype = trim_ows(subtype.substr(0, end));
  const bool printable = std::all_of(parameters.begin(), parameters.end(),
                                     [](char c) { return c >= ' ' && c < 0x7f; });
  return is_token(text.substr(0, slash)) && is_token(subtype) && printable;
}

std::string_view take_word(std::string_view& line) {
  constexpr std::string_view kBlank = " \t\r\v\f";
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(kBlank)));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

// The file's text; empty if it is not to be had.
std::string read_text(const std::string& path) {
  const io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat about {};
  if (!fd || ::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return {};
  if (static_cast<std::uint64_t>(about.st_size) > MimeTypes::kMaxFileBytes) return {};
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

}  // namespace

MimeTypes MimeTypes::load(const std::string& file) {
  MimeTypes types = parse(read_text(file));
  return types.size() > 0 ? std::move(types) : compiled_in();
}

MimeTypes MimeTypes::compiled_in() {
  return parse(mime_types_table());
}

MimeTypes MimeTypes::parse(std::string_view text) {
  MimeTypes types;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.size() > kMaxLineBytes) continue;
    line = line.substr(0, line.find('#'));
    const std::string_view type = take_word(line);
    if (!is_media_type(type)) continue;
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      types.add(word, type);
    }
  }
  return types;
}

void MimeTypes::add(std::string_view extension, std::string_view type) {
  if (!extension.empty() && extension.front() == '.') extension.remove_prefix(1);
  if (extension.empty() || extension.size() > kMaxExtensionBytes || !is_media_type(type)) return;
  std::string key = lower(extension);
  const auto there = types_.find(key);
  if (there == types_.end() && types_.size() >= kMaxExtensions) return;
  std::string value(type);
  // What a server sends as text is UTF-8 these days; without a word a browser would guess.
  const bool text = lower(type.substr(0, 5)) == "text/";
  if (text && value.find(';') == std::string::npos) value += "; charset=utf-8";
  types_.insert_or_assign(std::move(key), std::move(value));
}

std::string_view MimeTypes::find(std::string_view name) const {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  // A dot in front begins no extension: ".profile" has none.
  std::size_t dot = name.find('.', 1);
  // Only the end of a long name can be an extension.
  if (name.size() > kMaxExtensionBytes) dot = name.find('.', name.size() - kMaxExtensionBytes - 1);
  for (; dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    const std::string extension = lower(name.substr(dot + 1));
    if (const auto at = types_.find(extension); at != types_.end()) return at->second;
  }
  return kUnknown;
}

}  // namespace hybi
