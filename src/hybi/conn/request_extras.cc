// Hooks, trailers and bodies that are read as they come. See request_extras.h, http_session.h.
#include <hybi/base/ascii.h>
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>

#include <algorithm>
#include <array>
#include <utility>

namespace hybi::conn {
namespace {

// RFC 9110 6.5.1: what frames, routes or describes a message must be known before its body.
constexpr std::array<std::string_view, 14> kNoTrailers = {"connection",
                                                          "content-encoding",
                                                          "content-length",
                                                          "content-range",
                                                          "content-type",
                                                          "cache-control",
                                                          "authorization",
                                                          "host",
                                                          "location",
                                                          "set-cookie",
                                                          "te",
                                                          "trailer",
                                                          "upgrade",
                                                          "transfer-encoding"};

// A body is decoded in pieces of this size, so that a reader can pause.
constexpr std::size_t kDecodedPieceBytes = 16 * 1024;

}  // namespace

RequestExtras& HttpSession::extras() {
  if (!extras_) {
    extras_ = std::make_unique<RequestExtras>();
    extras_->began = since_;
  }
  return *extras_;
}

void HttpSession::add_answer_hook(std::function<void(Response&, std::function<void()>)> hook) {
  if (!answered()) extras().on_answer.push_back(std::move(hook));
}

void HttpSession::add_head_hook(std::function<void(Response&)> hook) {
  if (!answered()) extras().on_head.push_back(std::move(hook));
}

void HttpSession::add_done_hook(std::function<void(const ResponseInfo&)> hook) {
  if (!answer_complete_) extras().on_done.push_back(std::move(hook));
}

void HttpSession::set_filter(std::unique_ptr<BodyFilter> filter) {
  if (in_head_hooks_) extras().filter = std::move(filter);
}

void HttpSession::add_trailer(std::string_view name, std::string_view value) {
  if (answer_complete_) return;
  const bool forbidden =
      std::any_of(kNoTrailers.begin(), kNoTrailers.end(),
                  [&](std::string_view known) { return equals_ignoring_case(known, name); });
  const Result<void> added =
      forbidden ? Result<void>(Errc::BadField) : extras().trailers.add(name, value);
  if (!added) bad_answer(added.error(), name);
}

// --- hooks

// What a hook calls to let the answer go. Given up without a call, it is a 500.
class HttpSession::GoOn {
 public:
  explicit GoOn(RequestRef request) : request_(std::move(request)) {}
  GoOn(const GoOn&) = delete;
  GoOn& operator=(const GoOn&) = delete;
  ~GoOn() {
    if (called_) return;
    request_.post([](HttpSession& session) {
      session.drop_answer_hooks();
      session.answer_unanswered();
    });
  }
  void run() {
    if (std::exchange(called_, true)) return;
    if (HttpSession* const session = request_.find_here()) session->release_answer();
  }

 private:
  RequestRef request_;
  bool called_ = false;
};

// Returns: true when the answer has to wait; then it belongs into extras_->held.
bool HttpSession::run_answer_hooks() {
  while (extras_ && !extras_->on_answer.empty()) {
    const auto hook = std::move(extras_->on_answer.back());
    extras_->on_answer.pop_back();
    held_ = true;
    try {
      hook(response_, [go_on = std::make_shared<GoOn>(request_ref())] { go_on->run(); });
    } catch (...) {
      held_ = false;
      handler_failed();
      return true;  // that was the answer
    }
    if (held_) return true;
  }
  return false;
}

void HttpSession::release_answer() {
  if (!std::exchange(held_, false)) return;
  const auto give = std::exchange(extras_->held, nullptr);
  if (give) give(*this);  // else the hook is still running
}

// What is wrong with the request is told at once.
void HttpSession::drop_answer_hooks() {
  held_ = false;
  if (!extras_) return;
  extras_->on_answer.clear();
  extras_->held = nullptr;
}

void HttpSession::run_head_hooks(std::string_view content_type,
                                 std::optional<std::uint64_t> length) {
  extras_->content_type = content_type;
  extras_->content_length = length;
  in_head_hooks_ = true;
  while (!extras_->on_head.empty()) {
    const auto hook = std::move(extras_->on_head.back());
    extras_->on_head.pop_back();
    dispatch([&] { hook(response_); });
  }
  in_head_hooks_ = false;
  extras_->content_type = {};
  // That of an answer to HEAD stays: without a body nobody knows the length it would have had.
  if (bad_answer_ || status_ == 204 || status_ == 304) extras_->filter.reset();
}

void HttpSession::count_body(std::uint64_t bytes) {
  if (!extras_) return;
  extras_->body_bytes += bytes;
  extras_->silent_since = connection_.context().loop().now();
}

// The answer is complete, or never will be: its hooks wait until all of it has left.
void HttpSession::tell_done(unsigned status) {
  if (extras_->on_done.empty()) return;
  if (!ending_) ending_ = std::make_unique<std::vector<EndingRequest>>();
  ending_->push_back(
      {.on_done = std::move(extras_->on_done),
       .info = {.status = status, .body_bytes = extras_->body_bytes, .aborted = !answer_complete_},
       .began = extras_->began,
       .left = connection_.unsent()});
  extras_->on_done.clear();
  if (ending_->back().left == 0) connection_.hook_later();
}

void HttpSession::run_done_hooks(bool connection_ended) {
  if (!ending_) return;
  std::vector<EndingRequest> over;
  while (!ending_->empty() && (connection_ended || ending_->front().left == 0)) {
    over.push_back(std::move(ending_->front()));
    ending_->erase(ending_->begin());
  }
  if (ending_->empty()) ending_.reset();
  for (EndingRequest& request : over) {
    ResponseInfo& info = request.info;
    info.time = connection_.context().loop().now() - request.began;
    if (request.left > 0) {
      info.aborted = true;
      info.body_bytes -= std::min(info.body_bytes, request.left);
    }
    for (const auto& hook : request.on_done) {
      try {
        hook(info);
      } catch (...) {
        connection_.context().application().on_exception(Errc::HttpHandlerFailed);
      }
    }
  }
}

// A WebSocket takes over: what is not sent yet is its business.
void HttpSession::hand_over_endings() {
  if (!ending_) return;
  for (EndingRequest& request : *ending_) request.left = 0;
  run_done_hooks(false);
}

// --- the peer has gone

void HttpSession::when_gone(std::function<void()> task) {
  if (answer_complete_) return;
  extras().on_gone = std::move(task);
  if (connection_.paused_for(Pause::Busy)) connection_.watch_for_end();
  if (gone_due_ || peer_ended_) on_end_behind();
}

void HttpSession::run_gone() {
  gone_due_ = true;
  if (!extras_ || answer_complete_) return;
  if (const auto task = std::exchange(extras_->on_gone, {})) {
    try {
      task();
    } catch (...) {
      connection_.context().application().on_exception(Errc::HttpHandlerFailed);
    }
  }
}

void HttpSession::keep_alive(std::chrono::milliseconds interval, std::function<void()> task) {
  RequestExtras& extras = this->extras();
  extras.keep_alive = interval;
  extras.on_silence = std::move(task);
  extras.silent_since = connection_.context().loop().now();
  connection_.want_deadline(extras.silent_since + interval);
}

// --- bodies as they come

void HttpSession::set_body_reader(BodyReader reader) {
  if (streams_body_ && stage_ == Stage::Receiving) extras().reader = std::move(reader);
}

void HttpSession::pause_body() {
  if (streams_body_ && stage_ == Stage::Receiving && !answer_complete_) {
    connection_.pause(Pause::User);
  }
}

void HttpSession::resume_body() {
  if (!connection_.paused_for(Pause::User)) return;
  since_ = connection_.context().loop().now();  // the peer's time to send begins anew
  body_received_ = 0;
  connection_.resume(Pause::User);
}

void HttpSession::limit_body(std::size_t max_bytes) {
  if (stage_ != Stage::Receiving || body_received_ > 0) return;
  parser_.set_max_body_bytes(max_bytes);
}

// --- bodies that are decoded

void HttpSession::decode_body(http::ContentCoding coding, std::size_t max_bytes) {
  const bool begun = stage_ == Stage::Receiving || stage_ == Stage::Answering;
  if (!begun || answered_ || streams_body_ || (extras_ && extras_->coded)) return;
  extras().coded = std::make_unique<CodedBody>(CodedBody{.coding = coding, .max_bytes = max_bytes});
  if (body().empty()) return;
  // A middleware before has taken its time, and the body has come.
  OutBuffer came;
  came.append(body());
  body_view_ = {};
  body_.clear();
  take_coded(came.view());
  if (body_complete_ && !answered_) (void)coded_body_ended();
}

void HttpSession::take_coded(Bytes piece) {
  if (answered_ && !streams_body_) return;  // nobody wants it
  CodedBody* coded = extras_->coded.get();
  if (!coded->decoder) {
    const std::size_t limit = std::min(coded->max_bytes, parser_.max_body_bytes());
    coded->decoder = std::make_unique<http::Decoder>(coded->coding, limit);
  }
  OutBuffer in;
  in.append(coded->rest.view());
  in.append(piece);
  coded->rest.clear();
  Bytes left = in.view();
  coded->more = true;
  OutBuffer content;
  while (coded->more && !connection_.paused_for(Pause::User)) {
    content.clear();
    const Result<bool> more = coded->decoder->next(left, content, kDecodedPieceBytes);
    coded->more = more && *more;
    if (!content.empty()) take_content(content.view());
    // Not a view into what goes away here.
    if (!body_view_.empty()) body_.append(std::exchange(body_view_, {}));
    // The reader may have ended all of it.
    if (&connection_.session() != this || !extras_ || extras_->coded.get() != coded) return;
    if (connection_.ended() || stage_ == Stage::Lingering) return;
    if (!more) {
      refuse_body(more.error().code);
      return;
    }
  }
  coded->rest.append(left);
}

// Returns: false if the body was refused.
bool HttpSession::coded_body_ended() {
  if (!extras_ || !extras_->coded || !extras_->coded->decoder) return true;
  if (answered_ && !streams_body_) return true;
  const Result<void> finished = extras_->coded->decoder->finish();
  if (!finished) refuse_body(finished.error().code);
  return finished.has_value();
}

void HttpSession::refuse_body(Errc why) {
  if (stage_ == Stage::Receiving) {
    refuse(why);
  } else {
    connection_.context().counters().refused_requests.add();
    answer_error(why);
  }
}

void HttpSession::body_ended() {
  if (extras_) {
    BodyReader reader = std::exchange(extras_->reader, {});
    if (reader.on_end) dispatch([&] { reader.on_end(); });
  }
  if (&connection_.session() == this && !deferred()) answer_unanswered();
}

void HttpSession::cut_body(Errc why) {
  if (!extras_) return;
  BodyReader reader = std::exchange(extras_->reader, {});
  if (!reader.on_cut) return;
  try {
    reader.on_cut(why);
  } catch (...) {
    connection_.context().application().on_exception(Errc::HttpHandlerFailed);
  }
}

}  // namespace hybi::conn
