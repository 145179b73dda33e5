// Invariant: whatever the path and the fields are, no byte from outside of the root is sent, and
// what is sent is a part of the file that the answer's fields say it is.
//
// A folder with links, dot-files and a directory beside the root that holds a secret is served in
// memory. Input: a byte of options, then lines: the target, Range, If-Range, Accept-Encoding,
// If-None-Match. Line ends cannot be a part of them; everything else can.
#include <hybi/app/file_path.h>
#include <hybi/app/test_folder.h>
#include <hybi/app/test_site.h>
#include <hybi/static_files.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

using namespace hybi;
using namespace std::chrono_literals;

constexpr std::string_view kSecret = "S3CRET";

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::string content() {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += static_cast<char>('a' + i * 7 % 26);
  return text;
}

// Made once; gone when the process ends.
const test::TemporaryFolder& folder() {
  static const test::TemporaryFolder made;
  static const bool filled = [] {
    made.write("secret/secret.txt", kSecret);
    made.write("root/a.txt", content());
    made.write("root/b/index.html", content());
    made.write("root/c.js", content());
    made.write("root/c.js.gz", "0123456789");
    made.write("root/.env", kSecret);
    made.write("root/b/.git/config", kSecret);
    made.link("root/out", "../secret");
    made.link("root/absolute", made.at("secret/secret.txt"));
    made.link("root/b/far", "../../secret/secret.txt");
    made.link("root/in", "a.txt");
    made.fifo("root/fifo");
    return true;
  }();
  require(filled, "the folder is there");
  return made;
}

// Made once for each choice: reading the table of media types is slow.
const Handler& handler(unsigned choice) {
  static std::array<Handler, 16> made;
  if (!made[choice]) {
    StaticOptions options;
    options.symlinks = (choice & 1) != 0 ? Symlinks::Refuse : Symlinks::InsideRoot;
    options.listing = (choice & 2) != 0;
    options.cache_bytes = (choice & 4) != 0 ? 0 : options.cache_bytes;
    options.spa_fallback = (choice & 8) != 0 ? "a.txt" : "";
    made[choice] = static_files(folder().at("root"), options);
  }
  return made[choice];
}

std::string_view take_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

void append_field(std::string& request, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  request += std::string(name) + ": " + std::string(value) + "\r\n";
}

std::string_view field(std::string_view head, std::string_view name) {
  const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string_view::npos) return {};
  const std::string_view value = head.substr(at + name.size() + 4);
  return value.substr(0, value.find("\r\n"));
}

// The body belongs to the range that is named, if it is one of the text.
void check_range(std::string_view range, std::string_view body) {
  require(range.starts_with("bytes "), "the unit is bytes");
  range.remove_prefix(6);
  const std::string_view size = range.substr(range.find('/') + 1);
  if (size != "3000" && size != "10") return;
  const std::string whole = size == "10" ? "0123456789" : content();
  std::size_t first = 0, last = 0;
  const std::size_t dash = range.find('-');
  std::from_chars(range.data(), range.data() + dash, first);
  std::from_chars(range.data() + dash + 1, range.data() + range.size(), last);
  require(last < whole.size() && first <= last, "the range lies in the file");
  require(body == std::string_view(whole).substr(first, last - first + 1),
          "the bytes of the range");
}

void check_answer(std::string_view text) {
  require(text.find(kSecret) == std::string_view::npos, "nothing from outside, no dot-file");
  if (text.empty()) return;
  require(text.starts_with("HTTP/1.1 "), "HTTP");
  const std::size_t end = text.find("\r\n\r\n");
  require(end != std::string_view::npos, "a whole head");
  const std::string_view head = text.substr(0, end + 2);
  const std::string_view body = text.substr(end + 4);
  const std::string_view location = field(head, "Location");
  require(location.empty() || location.starts_with("./"), "redirects stay below");
  if (head.starts_with("HTTP/1.1 206") && !field(head, "Content-Range").empty()) {
    check_range(field(head, "Content-Range"), body);
  }
  // A range bomb does not multiply the file.
  require(text.size() < 16 * 1024, "the answer is bounded");
}

void check_path(std::string_view decoded) {
  const auto path = parse_file_path(decoded, DotFiles::Serve);
  if (!path) return;
  const std::string slashes = "/" + path->text + "/";
  require(path->text.find('\0') == std::string::npos, "no NUL in a path");
  require(slashes.find("/../") == std::string::npos, "no way up in a path");
  require(path->text.empty() || slashes.find("//") == std::string::npos, "no empty segment");
  require(path->text.find('\\') == std::string::npos, "no backslash");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = as_text(std::as_bytes(std::span(data, size)));
  if (rest.empty()) return 0;
  const auto choice = static_cast<unsigned char>(rest.front());
  rest.remove_prefix(1);
  check_path(rest);

  test::MemorySite site((choice & 16) != 0, ServerOptions{});
  mount_handler(site, (choice & 32) != 0 ? "" : "/f", handler(choice & 15u));

  std::string request = (choice & 64) != 0 ? "HEAD " : "GET ";
  request += take_line(rest);
  request += " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  append_field(request, "Range", take_line(rest));
  append_field(request, "If-Range", take_line(rest));
  append_field(request, "Accept-Encoding", take_line(rest));
  append_field(request, "If-None-Match", take_line(rest));
  if ((choice & 8) != 0) append_field(request, "Accept", "text/html");
  const auto peer = site.net().connect();
  peer->write(request + "\r\n");
  peer->end();
  require(site.net().settle(), "the server comes to rest");
  while (peer->received().empty() && site.context().connection_count() > 0) {
    std::this_thread::yield();  // a directory is being read on another thread
    site.net().settle();
  }
  check_answer(peer->received());

  peer->reset();
  site.stop(0ms);
  site.net().settle();
  site.net().advance(100ms);
  site.net().settle();
  require(site.stopped(), "the server ends");
  return 0;
}
