// The files of a directory as answers, see static_files.h.
#include <hybi/app/directory_page.h>
#include <hybi/app/file_answer.h>
#include <hybi/app/file_cache.h>
#include <hybi/app/file_path.h>
#include <hybi/base/ascii.h>
#include <hybi/conn/http_session.h>
#include <hybi/http/target.h>
#include <hybi/static_files.h>

#include <algorithm>
#include <memory>

namespace hybi {
namespace {

MimeTypes load_types(const StaticOptions& options) {
  MimeTypes types = MimeTypes::load();
  for (const auto& [extension, type] : options.types) types.add(extension, type);
  return types;
}

std::string join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

// What a root is and how it is served. One for all copies of a handler.
class StaticSite : public std::enable_shared_from_this<StaticSite> {
 public:
  StaticSite(std::string root, StaticOptions options)
      : options_(std::move(options)),
        cache_(std::make_shared<const FileTree>(std::move(root), options_.symlinks),
               load_types(options_),
               {.bytes = options_.cache_bytes,
                .file_bytes = options_.max_cached_file_bytes,
                .recheck = options_.recheck,
                .precompressed = options_.precompressed}),
        cache_control_(default_cache_control(options_.cache_control, options_.max_age)) {}

  void answer(const Request& request, Response& response) {
    if (request.method() != http::Method::Get && request.method() != http::Method::Head) {
      response.set("Allow", "GET, HEAD");
      return answer_file_error(response, {Errc::HttpMethodNotAllowed});
    }
    const auto path =
        parse_file_path(request.path(), request.param(options_.param), options_.dot_files);
    if (!path) return fail(request, response, path.error(), {});
    if (path->directory) return answer_directory(request, response, *path);
    if (path->text.empty()) return redirect_to_directory(request, response);
    const auto found = cache_.find(path->text);
    if (!found) return fail(request, response, found.error(), path->text);
    if (found->directory) return redirect_to_directory(request, response);
    send(request, response, *found->file, path->text);
  }

 private:
  void send(const Request& request, Response& response, const ServedFile& file,
            const std::string& path) const {
    const bool immutable = options_.immutable && options_.immutable(path);
    answer_file(request, response, file,
                {.path = path,
                 .cache_control = immutable ? kImmutable : std::string_view(cache_control_),
                 .nosniff = options_.nosniff,
                 .max_ranges = options_.max_ranges,
                 .on_file = &options_.on_file});
  }

  void answer_directory(const Request& request, Response& response, const FilePath& path) {
    for (const std::string& index : options_.index) {
      const std::string name = join(path.text, index);
      const auto found = cache_.find(name);
      if (found && !found->directory) return send(request, response, *found->file, name);
      // Not to be read is an answer; not there is a reason to look for the next.
      if (!found && found.error().code != Errc::HttpNotFound) {
        return fail(request, response, found.error(), path.text);
      }
    }
    if (!options_.listing) return fail(request, response, {Errc::HttpNotFound}, path.text);
    list(request, response, path.text);
  }

  // On a thread for what blocks: thousands of entries take tens of milliseconds.
  void list(const Request& request, Response& response, const std::string& path) {
    std::string mount = http::decode_segment(request.path()).value_or("/");
    const std::size_t below = path.empty() ? 0 : path.size() + 1;
    mount.resize(mount.size() - std::min(mount.size(), below));
    response.blocking(
        [self = shared_from_this(), path, mount,
         order = DirectoryOrder::parse(request.query())]() -> Result<std::string> {
          const StaticOptions& options = self->options_;
          auto listed =
              read_directory(self->cache_.tree(), path, options.dot_files, options.max_listed);
          if (!listed) return listed.error();
          sort_entries(listed->entries, order);
          return directory_page(mount, path, *listed, order);
        },
        [self = shared_from_this(), path](Response& later, const Result<std::string>& page) {
          if (!page) {
            return self->fail(conn::HttpSession::of(later).request(), later, page.error(), path);
          }
          later.set("Content-Security-Policy", kDirectoryPagePolicy);
          later.set("X-Content-Type-Options", "nosniff");
          later.set("Referrer-Policy", "no-referrer");
          later.set("Cache-Control", "no-cache");
          later.html(*page);
        });
  }

  // An error, or the page of an application that finds its own way in the browser.
  void fail(const Request& request, Response& response, Error error, std::string_view path) {
    if (error.code != Errc::HttpNotFound || options_.spa_fallback.empty() ||
        !asks_for_page(request, path)) {
      return answer_file_error(response, error);
    }
    const auto page = cache_.find(options_.spa_fallback);
    if (!page || page->directory) return answer_file_error(response, error);
    // Every path has this content now; none may be kept under it for long.
    answer_file(request, response, *page->file,
                {.path = options_.spa_fallback,
                 .cache_control = "no-cache",
                 .nosniff = options_.nosniff,
                 .max_ranges = options_.max_ranges,
                 .on_file = &options_.on_file});
  }

  StaticOptions options_;
  FileCache cache_;
  std::string cache_control_;
};

}  // namespace

Handler static_files(std::string root, StaticOptions options) {
  const auto site = std::make_shared<StaticSite>(std::move(root), std::move(options));
  return [site](const Request& request, Response& response) { site->answer(request, response); };
}

bool has_content_hash(std::string_view path) {
  constexpr std::size_t kMinDigits = 8;
  std::string_view name = path.substr(path.rfind('/') + 1);
  const auto is_border = [](char c) { return c == '.' || c == '-' || c == '_'; };
  std::size_t start = name.find_first_of(".-_");
  while (start != std::string_view::npos) {
    const std::size_t end = name.find_first_of(".-_", start + 1);
    if (end == std::string_view::npos) return false;
    const std::string_view part = name.substr(start + 1, end - start - 1);
    const bool hexadecimal =
        std::all_of(part.begin(), part.end(), [](char c) { return hex_value(c) >= 0; });
    // A word such as "defaced" is hexadecimal too, and a date has digits alone but is no hash
    // either; with 8 digits "20261121" would pass, which an application can tell and we cannot.
    if (part.size() >= kMinDigits && hexadecimal &&
        std::any_of(part.begin(), part.end(), is_digit) && is_border(name[end])) {
      return true;
    }
    start = end;
  }
  return false;
}

}  // namespace hybi
