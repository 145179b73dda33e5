// Writing the answer to a request, see http_session.h. RFC 9110 6-8, RFC 9112 4, 6, 7.
#include <hybi/base/ascii.h>
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/http/writer.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hybi::conn {
namespace {

// A body that nobody reads is taken and dropped up to here; a longer one ends the connection.
constexpr std::uint64_t kDiscardedBodyBytes = 64 * 1024;

}  // namespace

void HttpSession::set_field(std::string_view name, std::string_view value, bool replace) {
  if (answered()) return;
  if (equals_ignoring_case(name, "connection") && equals_ignoring_case(value, "close")) {
    close_after_ = true;
    return;
  }
  // How the answer is framed is decided here alone. RFC 9112 6
  const bool framing = equals_ignoring_case(name, "content-length") ||
                       equals_ignoring_case(name, "transfer-encoding") ||
                       equals_ignoring_case(name, "connection");
  const Result<void> done = framing   ? Result<void>(Errc::BadField)
                            : replace ? fields_.set(name, value)
                                      : fields_.add(name, value);
  if (done) return;
  bad_answer_ = true;
  connection_.context().application().on_error(done.error(), name);
}

// RFC 9110 6.4.1: no content for HEAD, 1xx, 204, 304.
bool HttpSession::body_allowed() const {
  if (stage_ == Stage::Idle) return true;  // a head that could not be read
  return status_ != 204 && status_ != 304 && parser_.head().method() != http::Method::Head;
}

bool HttpSession::keep_alive() const {
  return !close_after_ && !connection_.context().stopping();
}

// Marks the request as answered; a status or field that must not be sent makes it a 500.
void HttpSession::begin_answer() {
  answered_ = true;
  if (status_ < 200 || status_ > 599) {
    connection_.context().application().on_error({Errc::BadStatus}, std::to_string(status_));
    bad_answer_ = true;
  }
  if (bad_answer_) {
    status_ = 500;
    fields_.clear();
  }
  if (!body_complete_ && (parser_.head().chunked() || continue_due_ ||
                          parser_.head().content_length() > kDiscardedBodyBytes)) {
    close_after_ = true;
  }
}

void HttpSession::write_head(std::optional<std::uint64_t> length, std::string_view content_type,
                             bool chunked) {
  OutBuffer& out = this->out();
  http::write_status_line(status_, out);
  if (!fields_.has("date")) out.append(connection_.context().date_line());
  fields_.write(out);
  if (!content_type.empty() && !fields_.has("content-type")) {
    (void)http::write_field("Content-Type", content_type, out);
  }
  // RFC 9110 8.6: no Content-Length with 204; with 304 only of a body that was not sent.
  if (chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (length && status_ != 204 && status_ != 304) {
    http::write_content_length(*length, out);
  }
  if (!keep_alive()) {
    close_after_ = true;
    out.append("Connection: close\r\n");
  } else if (parser_.head().minor_version() == 0) {
    out.append("Connection: keep-alive\r\n");
  }
  http::write_end_of_head(out);
}

void HttpSession::answer(Bytes body, std::string_view content_type) {
  if (answered()) return;
  begin_answer();
  if (bad_answer_) body = as_bytes(info(Errc::HttpHandlerFailed).text);
  write_head(body.size(), content_type, false);
  if (body_allowed()) out().append(body);
  answer_complete();
}

void HttpSession::answer_error(Errc errc, std::string_view more_fields) {
  if (answered()) return;
  answered_ = true;
  bad_answer_ = false;
  status_ = info(errc).http_status;
  fields_.clear();
  if (!body_complete_) close_after_ = true;
  const std::string_view text = info(errc).text;
  OutBuffer& out = this->out();
  http::write_status_line(status_, out);
  out.append(connection_.context().date_line());
  out.append(more_fields);
  out.append("Content-Type: text/plain; charset=utf-8\r\n");
  http::write_content_length(text.size() + 1, out);
  if (!keep_alive()) {
    close_after_ = true;
    out.append("Connection: close\r\n");
  }
  http::write_end_of_head(out);
  if (body_allowed()) {
    out.append(text);
    out.append("\n");
  }
  answer_complete();
}

void HttpSession::answer_file(const std::string& path, std::string_view content_type) {
  if (answered()) return;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat about {};
  if (fd < 0 || ::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    if (fd >= 0) ::close(fd);
    answer_error(Errc::HttpNotFound);
    return;
  }
  begin_answer();
  if (bad_answer_) {
    ::close(fd);
    answered_ = false;
    answer_error(Errc::HttpHandlerFailed);
    return;
  }
  const auto bytes = static_cast<std::uint64_t>(about.st_size);
  write_head(bytes, content_type, false);
  if (body_allowed()) {
    connection_.outbox().append_file(fd, 0, bytes);
  } else {
    ::close(fd);
  }
  answer_complete();
}

// --- streams

// Collects what a source writes, as chunks for HTTP/1.1. RFC 9112 7.1
class HttpSession::ChunkWriter final : public StreamWriter {
 public:
  ChunkWriter(OutBuffer& out, bool chunked) : out_(out), chunked_(chunked) {}
  void write(Bytes data) override {
    if (chunked_) {
      http::write_chunk(data, out_);
    } else {
      out_.append(data);
    }
    wrote_ = wrote_ || !data.empty();
  }
  bool wrote() const { return wrote_; }

 private:
  OutBuffer& out_;
  bool chunked_;
  bool wrote_ = false;
};

void HttpSession::answer_stream(std::string_view content_type, StreamSource source) {
  if (answered()) return;
  begin_answer();
  if (bad_answer_) {
    answered_ = false;
    answer_error(Errc::HttpHandlerFailed);
    return;
  }
  chunked_ = parser_.head().minor_version() >= 1;
  if (!chunked_) close_after_ = true;  // HTTP/1.0: the end of the connection ends the body
  write_head(std::nullopt, content_type, chunked_ && body_allowed());
  if (!body_allowed()) {
    answer_complete();
    return;
  }
  source_ = std::move(source);
  connection_.hook_later();  // user code does not run inside stream()
}

void HttpSession::resume_stream() {
  source_waits_ = false;
  if (source_) connection_.hook_later();
}

// Asks the source until the connection has enough, the source waits, or the body is complete.
void HttpSession::pump() {
  const std::size_t high_water = connection_.context().share().http.high_water_bytes;
  while (source_ && !source_waits_ && !connection_.ended() && connection_.unsent() < high_water) {
    StreamStep step = StreamStep::Done;
    bool wrote = false;
    dispatch([&] {
      ChunkWriter writer(out(), chunked_);
      step = source_(writer);
      wrote = writer.wrote();
    });
    if (connection_.ended()) return;
    if (step == StreamStep::Done) {
      source_ = nullptr;
      if (chunked_) http::write_last_chunk(connection_.out());
      answer_complete();
    } else if (step == StreamStep::Wait || !wrote) {
      source_waits_ = true;
    }
  }
}

}  // namespace hybi::conn
