// Files that were compiled in as answers, see static_files.h.
#include <hybi/app/file_answer.h>
#include <hybi/app/file_path.h>
#include <hybi/app/mime_types.h>
#include <hybi/static_files.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace hybi {
namespace {

ServedFile served(const EmbeddedFile& file, const MimeTypes* types) {
  ServedFile result;
  result.type = file.type;
  if (file.type.empty()) {
    result.type = types != nullptr ? types->find(file.path) : "application/octet-stream";
  }
  result.representations[0] = Representation{.etag = std::string(file.etag),
                                             .size = file.body.size(),
                                             .file = nullptr,
                                             .bytes = file.body,
                                             .owner = nullptr};
  if (!file.gzip.empty() && file.etag.size() > 2) {
    std::string tag(file.etag.substr(0, file.etag.size() - 1));
    result.representations[1] = Representation{.etag = tag + "-gzip\"",
                                               .size = file.gzip.size(),
                                               .file = nullptr,
                                               .bytes = file.gzip,
                                               .owner = nullptr};
  }
  return result;
}

void send(const Request& request, Response& response, const ServedFile& file, std::string_view path,
          const EmbeddedOptions& options, std::string_view cache_control) {
  const bool immutable = options.immutable && options.immutable(path);
  answer_file(request, response, file,
              {.path = path,
               .cache_control = immutable ? kImmutable : cache_control,
               .nosniff = options.nosniff,
               .max_ranges = options.max_ranges,
               .on_file = &options.on_file});
}

class EmbeddedSite {
 public:
  EmbeddedSite(const EmbeddedFolder& folder, EmbeddedOptions options)
      : options_(std::move(options)),
        cache_control_(default_cache_control(options_.cache_control, options_.max_age)) {
    const MimeTypes types = MimeTypes::load();
    for (const EmbeddedFile& file : folder.files) {
      files_.emplace(file.path, served(file, &types));
      for (std::size_t at = file.path.find('/'); at != std::string_view::npos;
           at = file.path.find('/', at + 1)) {
        directories_.insert(file.path.substr(0, at));
      }
    }
  }

  void answer(const Request& request, Response& response) const {
    if (request.method() != http::Method::Get && request.method() != http::Method::Head) {
      response.set("Allow", "GET, HEAD");
      return answer_file_error(response, {Errc::HttpMethodNotAllowed});
    }
    // What was compiled in was chosen: dot-files too.
    const auto path =
        parse_file_path(request.path(), request.param(options_.param), DotFiles::Serve);
    if (!path) return fail(request, response, path.error(), {});
    if (path->directory) {
      for (const std::string& index : options_.index) {
        const std::string name = path->text.empty() ? index : path->text + "/" + index;
        if (const auto at = files_.find(name); at != files_.end()) {
          return send(request, response, at->second, at->first, options_, cache_control_);
        }
      }
    } else if (path->text.empty() || directories_.contains(path->text)) {
      return redirect_to_directory(request, response);
    } else if (const auto at = files_.find(path->text); at != files_.end()) {
      return send(request, response, at->second, at->first, options_, cache_control_);
    }
    fail(request, response, {Errc::HttpNotFound}, path->text);
  }

 private:
  void fail(const Request& request, Response& response, Error error, std::string_view path) const {
    const auto page = files_.find(options_.spa_fallback);
    if (error.code == Errc::HttpNotFound && page != files_.end() && asks_for_page(request, path)) {
      return send(request, response, page->second, page->first, options_, "no-cache");
    }
    answer_file_error(response, error);
  }

  EmbeddedOptions options_;
  std::string cache_control_;
  std::map<std::string_view, ServedFile, std::less<>> files_;
  std::set<std::string_view> directories_;
};

}  // namespace

const EmbeddedFile* EmbeddedFolder::find(std::string_view path) const {
  const auto at = std::lower_bound(
      files.begin(), files.end(), path,
      [](const EmbeddedFile& file, std::string_view wanted) { return file.path < wanted; });
  return at != files.end() && at->path == path ? &*at : nullptr;
}

Handler embedded_files(const EmbeddedFolder& folder, EmbeddedOptions options) {
  const auto site = std::make_shared<const EmbeddedSite>(folder, std::move(options));
  return [site](const Request& request, Response& response) { site->answer(request, response); };
}

void send_embedded(const Request& request, Response& response, const EmbeddedFolder& folder,
                   std::string_view path, const EmbeddedOptions& options) {
  const EmbeddedFile* const file = folder.find(path);
  if (file == nullptr) return answer_file_error(response, {Errc::HttpNotFound});
  send(request, response, served(*file, nullptr), path, options,
       default_cache_control(options.cache_control, options.max_age));
}

}  // namespace hybi
