// See filename.h.
#include <hybi/base/ascii.h>
#include <hybi/base/utf8.h>
#include <hybi/http/filename.h>

namespace hybi::http {
namespace {

constexpr std::size_t kMaxBytes = 255;  // of one component, on nearly all file systems

// Bytes of a mark at the front of `text` that turns the direction of text, or of U+FFFD; else 0.
std::size_t unwanted_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBF\xBD")) return 3;
  if (text.starts_with("\xD8\x9C")) return 2;  // U+061C
  if (text.starts_with("\xE2\x80\x8E") || text.starts_with("\xE2\x80\x8F")) return 3;
  const std::string_view start = text.substr(0, 2);
  if (text.size() < 3) return 0;
  const auto last = static_cast<unsigned char>(text[2]);
  if (start == "\xE2\x80" && last >= 0xAA && last <= 0xAE) return 3;  // U+202A to U+202E
  if (start == "\xE2\x81" && last >= 0xA6 && last <= 0xA9) return 3;  // U+2066 to U+2069
  if (start.starts_with('\xC2') && static_cast<unsigned char>(text[1]) < 0xA0) return 2;
  return 0;
}

std::string without_unwanted(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (const std::size_t mark = unwanted_mark(text.substr(i)); mark != 0) {
      i += mark - 1;
    } else if (c >= 0x20 && c != 0x7f &&
               std::string_view("<>:\"|?*").find(text[i]) == std::string_view::npos) {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == '.' || text.front() == ' ' || text.front() == '-')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

// "con", "con.txt", "COM1": Windows opens the device, whatever the extension.
bool is_device(std::string_view name) {
  const std::string_view stem = trimmed(name.substr(0, name.find('.')));
  for (std::string_view device : {"con", "prn", "aux", "nul", "conin$", "conout$"}) {
    if (equals_ignoring_case(stem, device)) return true;
  }
  return stem.size() == 4 && is_digit(stem[3]) &&
         (equals_ignoring_case(stem.substr(0, 3), "com") ||
          equals_ignoring_case(stem.substr(0, 3), "lpt"));
}

// The start of `text` of at most `bytes` bytes that cuts no character.
std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

std::string plain_filename(std::string_view filename) {
  filename.remove_prefix(filename.find_last_of("/\\") + 1);  // npos + 1 is 0
  OutBuffer utf8;
  append_as_utf8(as_bytes(filename), utf8);
  const std::string cleaned = without_unwanted(as_text(utf8.view()));
  const std::string_view name = trimmed(cleaned);
  if (name.empty()) return "unnamed";

  std::string result = is_device(name) ? "_" : "";
  const std::size_t dot = name.rfind('.');
  const std::string_view extension =
      dot == std::string_view::npos || name.size() - dot > 32 ? "" : name.substr(dot);
  const std::string_view stem = name.substr(0, name.size() - extension.size());
  result.append(cut(stem, kMaxBytes - extension.size() - result.size())).append(extension);
  return result;
}

}  // namespace hybi::http
