// Files of a directory as answers, and files that were compiled in. Implemented in app/.
//
//   server.get("/assets/*path", static_files("public"));
//   mount_files(server, "/docs", "manual", {.listing = true});   // also "/docs" and "/docs/"
//
// GET and HEAD with conditions (304, 412) and ranges (206, 416), ETag and Last-Modified, index
// files, precompressed siblings. No path leaves the root, see `symlinks`. Errors are 400 for a path
// that is none of a file, 403 for a file that may not be read, 404 for everything that is not
// there or not to be seen, 503 when no descriptors are left.
#pragma once

#include <hybi/http.h>
#include <hybi/server.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hybi {

// Names that begin with a dot (".git", ".env", ".htaccess").
enum class DotFiles : std::uint8_t {
  Refuse,  // 404, and not listed; but ".well-known" at the root is served (RFC 8615)
  Serve,
};

// Symbolic links below the root. Who may write there cannot win a race: the kernel resolves the
// path and the rule together. Links that are refused are answered 404.
enum class Symlinks : std::uint8_t {
  Refuse,      // none is followed
  InsideRoot,  // relative ones that lead to a place below the root are
  Follow,      // every one is: who may create links decides what is served
};

struct StaticOptions {
  // The route's parameter with the path below the root. A route without it serves the root itself.
  std::string param = "path";
  // Tried in this order for a path that ends in a slash. A directory without a slash is redirected
  // to the same path with one (301).
  std::vector<std::string> index = {"index.html"};
  // A page of a directory's entries where no index is: names, sizes, dates. It is made on a thread
  // for what blocks (ServerOptions::blocking_threads).
  bool listing = false;
  std::size_t max_listed = 5000;  // the page says how many more there are
  // "app.js.br" and "app.js.gz" beside "app.js" are sent instead of it to clients that take them,
  // unless they are older (in seconds) or not smaller.
  bool precompressed = true;
  DotFiles dot_files = DotFiles::Refuse;
  Symlinks symlinks = Symlinks::InsideRoot;

  // Cache-Control of 200, 206 and 304. Default: "no-cache", which means: keep it, but ask each time
  // (304). With max_age: "public, max-age=N". `cache_control` replaces either.
  std::chrono::seconds max_age{0};
  std::string cache_control = {};
  // Paths (below the root) whose content never changes: "public, max-age=31536000, immutable".
  std::function<bool(std::string_view path)> immutable = {};

  // For applications that route in the browser: this file, with 200, instead of 404 where a page
  // was asked for (Accept has text/html, the last segment has no dot).
  std::string spa_fallback = {};

  bool nosniff = true;  // X-Content-Type-Options: nosniff
  // Types that replace or add to the system's table: {"ts", "video/mp2t"}.
  std::vector<std::pair<std::string, std::string>> types = {};
  // Runs before an answer with a file: for further fields. `path` is below the root.
  std::function<void(const Request&, Response&, std::string_view path)> on_file = {};

  // Files up to max_cached_file_bytes are held in memory, all together in cache_bytes (0: none).
  // What is on disk is looked at again `recheck` after the last look: a change shows at the latest
  // then. Larger files are always looked at.
  std::size_t cache_bytes = 16 * 1024 * 1024;
  std::size_t max_cached_file_bytes = 64 * 1024;
  std::chrono::milliseconds recheck{250};
  // More ranges than that in one request are ignored: the whole file is the answer (RFC 9110 14.2).
  std::size_t max_ranges = 16;
};

// Whether the name says which content it is, as bundlers write it: a part of at least 8 hexadecimal
// digits, one of them 0-9, between two of . - _ ("app.3f9ac21b.js"). For StaticOptions::immutable.
bool has_content_hash(std::string_view path);

// Serves the files below `root`; a relative one is taken from the current directory of now. The
// directory need not exist yet. Copies of the handler share one cache. Thread: any.
Handler static_files(std::string root, StaticOptions options = {});

// --- files that were compiled in (cmake: hybi_embed_assets)

struct EmbeddedFile {
  std::string_view path;  // below the folder, without a slash in front
  std::string_view type;  // Content-Type; "" takes the system's table
  std::string_view etag;  // with its quotes, from a hash of the content
  std::string_view body;
  std::string_view gzip;  // "" if there is no smaller one
};

// Sorted by path. Lifetime: the views outlive every handler.
struct EmbeddedFolder {
  std::span<const EmbeddedFile> files;

  // Returns: null if there is none of that path.
  const EmbeddedFile* find(std::string_view path) const;
};

struct EmbeddedOptions {
  // As in StaticOptions.
  std::string param = "path";
  std::vector<std::string> index = {"index.html"};
  std::chrono::seconds max_age{0};
  std::string cache_control = {};
  std::function<bool(std::string_view path)> immutable = {};
  std::string spa_fallback = {};
  bool nosniff = true;
  std::function<void(const Request&, Response&, std::string_view path)> on_file = {};
  std::size_t max_ranges = 16;
};

Handler embedded_files(const EmbeddedFolder& folder, EmbeddedOptions options = {});

// Answers with one embedded file, by the same rules; 404 if it is not there. A status other than
// 200 that was set before is kept and makes conditions and ranges go unheeded (an error page).
void send_embedded(const Request& request, Response& response, const EmbeddedFolder& folder,
                   std::string_view path, const EmbeddedOptions& options = {});

// Puts `handler` at a prefix: the directory without slash, with it, and all below.
// `site` is a Server or a Router; `prefix` is "" or begins with a slash and does not end in one.
template <class Site>
void mount_handler(Site& site, std::string_view prefix, const Handler& handler) {
  const std::string at(prefix);
  if (!at.empty()) site.get(at, handler);
  site.get(at + "/", handler);
  site.get(at + "/*path", handler);
}

template <class Site>
void mount_files(Site& site, std::string_view prefix, std::string root,
                 StaticOptions options = {}) {
  options.param = "path";
  mount_handler(site, prefix, static_files(std::move(root), std::move(options)));
}

}  // namespace hybi
