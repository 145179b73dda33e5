// Writing the answer to a request, see http_session.h. RFC 9110 6-8, RFC 9112 4, 6, 7.
#include <hybi/base/ascii.h>
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/http/writer.h>

#include <algorithm>
#include <stdexcept>

namespace hybi::conn {
namespace {

// A body that nobody reads is taken and dropped up to here; a longer one ends the connection.
constexpr std::uint64_t kDiscardedBodyBytes = 64 * 1024;

}  // namespace

void HttpSession::set_field(std::string_view name, std::string_view value, bool replace) {
  if (!head_open()) return;
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
  if (!done) bad_answer(done.error(), name);
}

void HttpSession::remove_field(std::string_view name) {
  if (head_open()) fields_.remove(std::string(name));  // `name` may be a view into the fields
}

void HttpSession::bad_answer(Error error, std::string_view what) {
  bad_answer_ = true;
  connection_.context().application().on_error(error, what);
}

// RFC 9110 6.4.1: no content for HEAD, 1xx, 204, 304.
bool HttpSession::body_allowed() const {
  if (status_ == 204 || status_ == 304) return false;
  return no_head_ || parser_.head().method() != http::Method::Head;
}

bool HttpSession::keep_alive() const {
  return !close_after_ && !connection_.context().stopping();
}

// Marks the request as answered; a status or field that must not be sent makes it a 500.
void HttpSession::begin_answer(std::string_view content_type, std::optional<std::uint64_t> length) {
  if (extras_) run_head_hooks(content_type, length);
  answered_ = true;
  if (status_ < 200 || status_ > 599) {
    bad_answer({Errc::BadStatus}, std::to_string(status_));
  }
  if (bad_answer_) {
    status_ = 500;
    fields_.clear();
    if (filters()) extras_->filter.reset();
  }
  if (!body_complete_ && (parser_.head().chunked() || continue_due_ ||
                          parser_.head().content_length() > kDiscardedBodyBytes)) {
    close_after_ = true;
  }
}

// The same for answers that cannot be replaced by the text of an error.
bool HttpSession::begin_large_answer(std::string_view content_type,
                                     std::optional<std::uint64_t> length) {
  begin_answer(content_type, length);
  if (!bad_answer_) return true;
  answered_ = false;
  answer_error(Errc::HttpHandlerFailed);
  return false;
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
  if (run_answer_hooks()) {
    extras_->held = [text = std::string(as_text(body)), type = std::string(content_type)](
                        HttpSession& session) { session.answer(as_bytes(text), type); };
    return;
  }
  begin_answer(content_type, body.size());
  if (bad_answer_) body = as_bytes(info(Errc::HttpHandlerFailed).text);
  if (filters() && !body_allowed()) {  // RFC 9110 8.6: the length that GET would tell, or none
    write_head(std::nullopt, content_type, false);
    answer_complete();
    return;
  }
  if (filters()) {
    extras_->filtered.clear();
    extras_->filter->add(body, false, extras_->filtered);
    extras_->filter->finish(extras_->filtered);
    body = as_bytes(std::string_view(extras_->filtered));
  }
  write_head(body.size(), content_type, false);
  if (body_allowed()) {
    out().append(body);
    count_body(body.size());
  }
  answer_complete();
}

// --- errors

void HttpSession::answer_error(Errc errc, std::string_view more_fields) {
  if (answered()) return;
  fields_.clear();
  fields_.add_lines(more_fields);
  if (!body_complete_) close_after_ = true;
  give_error({.status = info(errc).http_status, .errc = errc, .text = info(errc).text});
}

void HttpSession::answer_error(unsigned status, std::string_view text) {
  if (answered()) return;
  if (status < 400 || status > 599) {
    bad_answer({Errc::BadStatus}, std::to_string(status));
    status = 500;
  }
  if (text.empty()) text = http::reason_phrase(status);
  give_error({.status = status, .errc = Errc::Ok, .text = text});
}

void HttpSession::give_error(const ErrorAnswer& error) {
  bad_answer_ = false;
  status_ = error.status;
  if (!no_head_ && !in_error_route_ &&
      connection_.context().application().on_error_answer(*this, error) && answered()) {
    return;
  }
  bad_answer_ = false;
  status_ = error.status;
  answer(as_bytes(std::string(error.text) + "\n"), "text/plain; charset=utf-8");
}

void HttpSession::run_error_route(const ErrorHandler& route, const ErrorAnswer& error) {
  in_error_route_ = true;  // once a request: what fails in it is answered by the library
  try {
    route(request_, response_, error);
  } catch (...) {
    connection_.context().application().on_exception(Errc::HttpHandlerFailed);
  }
}

void HttpSession::send_early_hints() {
  if (answered() || parser_.head().minor_version() == 0 || !fields_.has("link")) return;
  OutBuffer& out = this->out();
  http::write_status_line(103, out);
  for (const http::Field field : fields_) {
    if (!equals_ignoring_case(field.name, "link")) continue;
    (void)http::write_field(field.name, field.value, out);
  }
  http::write_end_of_head(out);
}

// --- pieces

// A body of pieces on its way through a filter: read bit by bit.
class HttpSession::FilteredPieces {
 public:
  explicit FilteredPieces(std::vector<BodyPiece> pieces) : pieces_(std::move(pieces)) {}

  StreamStep operator()(StreamWriter& writer) {
    if (at_ == pieces_.size()) return StreamStep::Done;
    BodyPiece& piece = pieces_[at_];
    if (!piece.file) {
      writer.write(piece.bytes);
      ++at_;
      return StreamStep::More;
    }
    const auto count = std::min<std::uint64_t>(piece.count, kReadBytes);
    const Result<std::string> bytes = piece.file->read(piece.offset, count);
    if (!bytes || bytes->size() < count) throw std::runtime_error("file became shorter");
    writer.write(*bytes);
    piece.offset += count;
    piece.count -= count;
    if (piece.count == 0) ++at_;
    return StreamStep::More;
  }

 private:
  static constexpr std::size_t kReadBytes = 64 * 1024;

  std::vector<BodyPiece> pieces_;
  std::size_t at_ = 0;
};

void HttpSession::answer_pieces(std::vector<BodyPiece> pieces, std::string_view content_type) {
  if (answered()) return;
  if (run_answer_hooks()) {
    extras_->held = [pieces = std::move(pieces),
                     type = std::string(content_type)](HttpSession& session) mutable {
      session.answer_pieces(std::move(pieces), type);
    };
    return;
  }
  std::uint64_t length = 0;
  for (const BodyPiece& piece : pieces) length += piece.file ? piece.count : piece.bytes.size();
  if (!begin_large_answer(content_type, length)) return;
  if (filters()) {
    begin_stream(content_type, FilteredPieces(std::move(pieces)));
    return;
  }
  write_head(length, content_type, false);
  if (body_allowed()) {
    for (BodyPiece& piece : pieces) {
      if (piece.file) {
        connection_.outbox().append_file(std::move(piece.file), piece.offset, piece.count);
      } else {
        out().append(piece.bytes);
      }
    }
    count_body(length);
  }
  answer_complete();
}

// --- streams

// Collects what a source writes, as chunks for HTTP/1.1. RFC 9112 7.1
class HttpSession::ChunkWriter final : public StreamWriter {
 public:
  explicit ChunkWriter(HttpSession& session) : session_(session) {}
  void write(Bytes data) override {
    if (data.empty()) return;
    wrote_ = true;
    if (session_.filters()) {
      session_.extras_->filter->add(data, false, session_.extras_->filtered);
    } else {
      session_.write_piece(data);
    }
  }
  bool wrote() const { return wrote_; }

 private:
  HttpSession& session_;
  bool wrote_ = false;
};

void HttpSession::write_piece(Bytes data) {
  count_body(data.size());
  if (chunked_) {
    http::write_chunk(data, out());
  } else {
    out().append(data);
  }
}

// What the filter has made of what was written so far; when the source waits all of it.
void HttpSession::write_filtered(StreamStep step) {
  std::string& filtered = extras_->filtered;
  if (step == StreamStep::Done) {
    extras_->filter->finish(filtered);
  } else if (step == StreamStep::Wait) {
    extras_->filter->add({}, true, filtered);
  }
  if (!filtered.empty()) write_piece(as_bytes(std::string_view(filtered)));
  filtered.clear();
}

void HttpSession::answer_stream(std::string_view content_type, StreamSource source) {
  if (answered()) return;
  if (run_answer_hooks()) {
    extras_->held = [source = std::move(source),
                     type = std::string(content_type)](HttpSession& session) mutable {
      session.answer_stream(type, std::move(source));
    };
    return;
  }
  if (begin_large_answer(content_type, std::nullopt)) begin_stream(content_type, std::move(source));
}

void HttpSession::begin_stream(std::string_view content_type, StreamSource source) {
  chunked_ = parser_.head().minor_version() >= 1;
  if (!chunked_) close_after_ = true;  // HTTP/1.0: the end of the connection ends the body
  if (extras_) extras_->filtered.clear();
  write_head(std::nullopt, content_type, chunked_ && body_allowed());
  if (!body_allowed()) {
    answer_complete();
    return;
  }
  source_ = std::move(source);
  if (connection_.paused_for(Pause::Busy)) connection_.watch_for_end();
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
      ChunkWriter writer(*this);
      step = source_(writer);
      wrote = writer.wrote();
    });
    if (connection_.ended()) return;
    if (step == StreamStep::More && !wrote) step = StreamStep::Wait;
    if (filters()) write_filtered(step);
    if (step == StreamStep::Done) {
      source_ = nullptr;
      if (chunked_) {
        http::write_last_chunk(connection_.out(),
                               extras_ ? extras_->trailers.lines() : std::string_view());
      }
      answer_complete();
    } else if (step == StreamStep::Wait) {
      source_waits_ = true;
    }
  }
}

}  // namespace hybi::conn
