// Files of a form on their way to disk, see form.h.
#include <hybi/base/entropy.h>
#include <hybi/error.h>
#include <hybi/form.h>
#include <hybi/http/filename.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace hybi {

UploadedFile::UploadedFile(std::string field, std::string filename, std::string content_type,
                           std::string path)
    : field_(std::move(field)),
      filename_(std::move(filename)),
      content_type_(std::move(content_type)),
      path_(std::move(path)) {}

UploadedFile::UploadedFile(UploadedFile&& other) noexcept {
  *this = std::move(other);
}

UploadedFile& UploadedFile::operator=(UploadedFile&& other) noexcept {
  // What this one had goes with `other`.
  std::swap(field_, other.field_);
  std::swap(filename_, other.filename_);
  std::swap(content_type_, other.content_type_);
  std::swap(path_, other.path_);
  std::swap(size_, other.size_);
  return *this;
}

UploadedFile::~UploadedFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> UploadedFile::keep_as(const std::string& path) {
  if (path_.empty()) return Errc::BadState;
  if (std::rename(path_.c_str(), path.c_str()) != 0) return Error{Errc::Io, errno};
  path_.clear();
  return {};
}

std::optional<std::string_view> Uploads::find(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return std::nullopt;
}

// Puts the parts where they belong. Shared by the callbacks of one reception.
class UploadWriter {
 public:
  UploadWriter(std::string folder, Response& response)
      : folder_(std::move(folder)), response_(response) {}
  UploadWriter(const UploadWriter&) = delete;
  UploadWriter& operator=(const UploadWriter&) = delete;
  ~UploadWriter() { close(); }

  void begin(const http::PartHead& head) {
    if (failed_) return;
    if (!head.is_file()) {
      uploads_.fields.emplace_back(head.name, std::string());
      return;
    }
    const std::string path = folder_ + "/hybi-upload-" + random_name();
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd_ < 0) return fail();
    uploads_.files.emplace_back(head.name, http::plain_filename(*head.filename),
                                std::string(head.content_type), path);
  }
  void write(Bytes data) {
    if (failed_) return;
    if (fd_ < 0) {
      uploads_.fields.back().second.append(as_text(data));
      return;
    }
    uploads_.files.back().size_ += data.size();
    while (!data.empty()) {
      const ssize_t count = ::write(fd_, data.data(), data.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return fail();
      data = data.subspan(static_cast<std::size_t>(count));
    }
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void drop() {
    close();
    uploads_ = {};
  }
  bool failed() const { return failed_; }
  Uploads& uploads() { return uploads_; }

 private:
  static std::string random_name() {
    std::array<std::byte, 16> random;
    SystemEntropy().fill(random);
    std::string name;
    for (const std::byte b : random) {
      constexpr char kHex[] = "0123456789abcdef";
      name += kHex[std::to_integer<unsigned>(b) >> 4];
      name += kHex[std::to_integer<unsigned>(b) & 15];
    }
    return name;
  }
  void fail() {
    failed_ = true;
    drop();
    response_.error(507, "the file could not be stored");
  }

  std::string folder_;
  Response& response_;
  Uploads uploads_;
  int fd_ = -1;
  bool failed_ = false;
};

void receive_uploads(Request& request, Response& response, UploadOptions options,
                     std::function<void(Response&, Uploads&)> done) {
  const auto writer = std::make_shared<UploadWriter>(std::move(options.folder), response);
  const auto received = std::make_shared<std::uint64_t>(0);
  const auto progress = [received, expected = request.content_length(),
                         tell = std::move(options.on_progress)](std::size_t bytes) {
    *received += bytes;
    if (tell) tell(*received, expected);
  };
  receive_form(request, response,
               {.on_part = [writer](const http::PartHead& head) { writer->begin(head); },
                .on_data =
                    [writer, progress](Bytes data) {
                      writer->write(data);
                      progress(data.size());
                    },
                .on_part_end = [writer] { writer->close(); },
                .on_end =
                    [writer, &response, done = std::move(done)] {
                      if (!writer->failed()) done(response, writer->uploads());
                    },
                .on_failed = [writer](Errc) { writer->drop(); }},
               options.limits);
}

}  // namespace hybi
