// HTML forms: whole small ones, and multipart ones with files as they come. Implemented in app/.
//
//   server.post("/login", [](Request& req, Response& res) {
//     const auto form = read_form(req, res);       // has answered 4xx if it is empty
//     if (form) log_in(form->find("user").value_or(""), ...);
//   });
//   server.post("/upload", {.max_body_bytes = 1 << 30, .stream_body = true},
//               [](Request& req, Response& res) {
//     receive_uploads(req, res, {.folder = "/var/tmp"}, [](Response& later, Uploads& uploads) { ...
//     });
//   });
#pragma once

#include <hybi/http.h>
#include <hybi/http/form.h>
#include <hybi/http/part_head.h>
#include <hybi/limits.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hybi {

// The fields of an application/x-www-form-urlencoded body.
// Fails: HttpUnsupportedMediaType, HttpBadForm, HttpFormTooLarge, HttpTooManyFormPairs.
Result<http::Form> form_of(const Request& request, const FormLimits& limits = {});
// The same; what fails is answered (400, 413, 415). Returns: empty if it was.
std::optional<http::Form> read_form(const Request& request, Response& response,
                                    const FormLimits& limits = {});

// What becomes of a multipart/form-data body. (on_part on_data* on_part_end)* (on_end | on_failed)
struct FormReceiver {
  // A field or a file begins. Lifetime of the head: until on_part_end.
  std::function<void(const http::PartHead&)> on_part = {};
  std::function<void(Bytes)> on_data = {};  // Lifetime: until the return.
  std::function<void()> on_part_end = {};
  std::function<void()> on_end = {};  // all of it was there: answer
  // It is malformed, over a limit, or will not come. Answered already where it can be.
  std::function<void(Errc)> on_failed = {};
};

// Reads the body in parts, for a route with RouteOptions::stream_body (or with the whole body
// there). Another Content-Type is answered 415.
void receive_form(Request& request, Response& response, FormReceiver receiver,
                  const MultipartLimits& limits = {});

// A file that was sent, on disk. It is removed with this object unless it is kept.
class UploadedFile {
 public:
  UploadedFile(std::string field, std::string filename, std::string content_type, std::string path);
  UploadedFile(UploadedFile&&) noexcept;
  UploadedFile& operator=(UploadedFile&&) noexcept;
  ~UploadedFile();

  const std::string& field() const { return field_; }
  // A plain name, safe as one component of a path; what the client called it, as far as possible.
  const std::string& filename() const { return filename_; }
  const std::string& content_type() const { return content_type_; }  // as the client says
  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  // Moves it to `path`, which is replaced; on the same file system. Fails: Io.
  Result<void> keep_as(const std::string& path);

 private:
  friend class UploadWriter;
  std::string field_, filename_, content_type_;
  std::string path_;  // empty: moved from, or kept
  std::uint64_t size_ = 0;
};

struct Uploads {
  std::vector<std::pair<std::string, std::string>> fields;  // parts that are no files, in order
  std::vector<UploadedFile> files;

  // The first field of that name; empty if there is none.
  std::optional<std::string_view> find(std::string_view name) const;
};

struct UploadOptions {
  std::string folder = "/tmp";  // files get a random name in it, readable by this user only
  MultipartLimits limits = {};
  // Told after each piece: the bytes of content so far, and the length of the body, which is a
  // little more, if it was announced.
  std::function<void(std::uint64_t received, std::optional<std::uint64_t> expected)> on_progress =
      {};
};

// Receives fields into memory and files to disk. Writing is done on the loop's thread, into the
// system's cache. A disk that does not take it is answered 507.
// Calls back: `done` when all of it is there, once; never for what fails (answered 4xx, 507).
void receive_uploads(Request& request, Response& response, UploadOptions options,
                     std::function<void(Response&, Uploads&)> done);

}  // namespace hybi
