// Receiving requests, see http_session.h. The answers are in http_answer.cc.
#include <hybi/base/assert.h>
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>

#include <algorithm>

namespace hybi::conn {
namespace {

constexpr std::size_t kKeptBodyCapacity = 16 * 1024;

}  // namespace

void HttpSession::handler_failed() {
  connection_.context().application().on_exception(Errc::HttpHandlerFailed);
  if (&connection_.session() == this && in_head_hooks_) bad_answer_ = true;
  if (&connection_.session() == this) answer_error(Errc::HttpHandlerFailed);
  // Half a stream: nothing sensible can follow.
  if (answered_ && !answer_complete_) connection_.abort(Errc::HttpHandlerFailed);
}

HttpSession::HttpSession(Connection& connection)
    : connection_(connection),
      parser_(connection.context().share().http),
      request_(*this),
      response_(*this),
      since_(connection.context().loop().now()),
      progress_at_(since_) {
  request_.peer_ = connection.peer();
  request_.head_ = &parser_.head();
  request_.share_ = &connection.context().share();
  connection_.want_deadline(next_deadline());
}

// Where answers are written. The time for the peer to take them runs from the first byte that
// waits.
OutBuffer& HttpSession::out() {
  if (connection_.unsent() == 0) progress_at_ = connection_.context().loop().now();
  return connection_.out();
}

void HttpSession::on_bytes(MutableBytes& in) {
  using Kind = http::ParseEvent::Kind;
  Bytes rest = in;
  if (undecoded()) take_coded({});
  while ((stage_ == Stage::Idle || stage_ == Stage::Receiving) && !connection_.paused()) {
    const http::ParseEvent event = parser_.next(rest);
    if (event.kind == Kind::NeedMore) break;
    switch (event.kind) {
      case Kind::Head:
        begin_request();
        break;
      case Kind::Body:
        take_body(event.body);
        break;
      case Kind::End:
        request_complete();
        break;
      default:
        refuse(event.errc);
        break;
    }
    if (&connection_.session() != this) break;  // a WebSocket took over
  }
  if (stage_ == Stage::Lingering) rest = {};
  in = in.last(rest.size());
  if (&connection_.session() != this || connection_.ended()) return;
  if (stage_ == Stage::Idle) {
    if (!rest.empty() && !head_started_ && !connection_.paused()) {
      head_started_ = true;
      since_ = connection_.context().loop().now();
      connection_.want_deadline(next_deadline());
    }
  } else if (stage_ != Stage::Lingering) {
    own_request();
  }
}

void HttpSession::begin_request() {
  connection_.context().counters().requests.add();
  ++request_number_;
  stage_ = Stage::Receiving;
  since_ = connection_.context().loop().now();
  head_started_ = false;
  body_received_ = 0;
  const http::Head& head = parser_.head();
  close_after_ = !head.keep_alive();
  body_complete_ = !head.has_body();
  if (head.upgrade() && ws::has_challenge(head)) {
    // What follows belongs to the WebSocket; without one, nothing sensible can follow.
    parser_.leave_body();
    body_complete_ = close_after_ = true;
  }
  continue_due_ = head.expect_continue() && !body_complete_ && head.minor_version() >= 1;
  connection_.context().application().on_request(*this);
  if (stage_ != Stage::Receiving || &connection_.session() != this) return;
  if (body_complete_) return;
  // Nobody has refused the request: its body may come, if it will not be refused for its length.
  if (continue_due_ && !answered_ && head.content_length() <= parser_.max_body_bytes()) {
    continue_due_ = false;  // RFC 9110 10.1.1
    out().append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  connection_.want_deadline(next_deadline());
}

void HttpSession::take_body(Bytes piece) {
  body_received_ += piece.size();
  if (extras_ && extras_->coded) {
    take_coded(piece);
  } else {
    take_content(piece);
  }
}

void HttpSession::take_content(Bytes piece) {
  if (streams_body_) {
    if (extras_ && extras_->reader.on_data) dispatch([&] { extras_->reader.on_data(piece); });
    return;
  }
  if (answered_) return;  // nobody wants it
  if (body_.empty() && body_view_.empty()) {
    body_view_ = piece;
    return;
  }
  if (!body_view_.empty()) body_.append(std::exchange(body_view_, {}));
  body_.append(piece);
}

void HttpSession::request_complete() {
  if (!coded_body_ended()) return;
  body_complete_ = true;
  stage_ = Stage::Answering;
  if (handler_ != nullptr) run_handler();
  if (streams_body_) body_ended();
  if (&connection_.session() != this || stage_ != Stage::Answering) return;
  if (answer_complete_) {
    next_request();
    return;
  }
  connection_.pause(Pause::Busy);  // the next request waits for this one's answer
  // Nobody may say anything for long: that the peer has gone would not be noticed.
  if (deferred() || source_) connection_.watch_for_end();
}

void HttpSession::set_pattern(const RoutePattern* pattern) {
  request_.pattern_ = pattern;
}

void HttpSession::run(const Handler& handler, const RouteOptions& options) {
  if (answered()) return;
  handler_ = &handler;
  if (options.max_body_bytes) limit_body(*options.max_body_bytes);
  if (options.deadline) {
    answer_by_ = since_ + *options.deadline;
    connection_.want_deadline(answer_by_);
  }
  streams_body_ = options.stream_body && !body_complete_;
  if (body_complete_ || streams_body_) run_handler();
}

void HttpSession::run_handler() {
  const Handler* const handler = std::exchange(handler_, nullptr);
  if (answered_) return;
  dispatch([&] { (*handler)(request_, response_); });
  if (&connection_.session() == this && !deferred() && !streams_body_) answer_unanswered();
}

HttpSession::Holder HttpSession::defer() {
  if (handed_on_) return kNobody;
  ++deferrals_;
  return holder_;
}

void HttpSession::give_up(Holder holder) {
  if (holder == holder_ && --deferrals_ == 0) answer_unanswered();
}

void HttpSession::hand_on() {
  ++holder_;
  deferrals_ = 0;
}

void HttpSession::handed_on() {
  handed_on_ = true;
}

void HttpSession::answer_unanswered() {
  if (answered()) return;
  connection_.context().application().on_error({Errc::HttpUnanswered}, request_.target());
  answer_error(Errc::HttpUnanswered);
}

// The request outlives the input it lies in: it is copied, and its views follow.
void HttpSession::own_request() {
  if (!head_owned_) {
    head_owned_ = true;
    head_bytes_.clear();
    head_bytes_.append(parser_.head().bytes());
    parser_.head().rebase(as_text(head_bytes_.view()).data());
  }
  if (!body_view_.empty()) {
    const Bytes view = std::exchange(body_view_, {});
    body_.append(view);
  }
}

// The answer is complete; if the request is as well, the next one may begin.
void HttpSession::answer_complete() {
  answer_complete_ = true;
  if (extras_) tell_done(status_);
  if (streams_body_) resume_body();  // the rest of it holds up the next request
  if (!body_complete_) {
    if (close_after_) linger();
    return;
  }
  // On_bytes goes on by itself. Else the next request begins outside of the code that answered: it
  // may answer once more, which must do nothing, or throw.
  if (connection_.paused_for(Pause::Busy)) connection_.hook_later();
}

void HttpSession::next_request() {
  if (close_after_ || connection_.context().stopping()) {
    linger();
    return;
  }
  stage_ = Stage::Idle;
  ++request_number_;  // references to the request find nothing
  since_ = connection_.context().loop().now();
  request_.pattern_ = nullptr;
  handler_ = nullptr;
  head_owned_ = answered_ = answer_complete_ = handed_on_ = false;
  chunked_ = bad_answer_ = upgrade_taken_ = source_waits_ = false;
  streams_body_ = in_error_route_ = no_head_ = gone_due_ = held_ = false;
  hand_on();
  answer_by_ = io::TimePoint::max();
  if (extras_) extras_.reset();
  status_ = 200;
  body_view_ = {};
  body_.clear();
  if (body_.capacity() > kKeptBodyCapacity) body_.reset();
  head_bytes_.clear();
  if (!fields_.empty()) fields_.clear();
  if (!values_.empty()) values_.clear();
  if (peer_ended_) {
    linger();
    return;
  }
  // Who asks without reading the answers is not asked for more: they wait in bounded memory.
  if (connection_.unsent() >= connection_.context().share().http.high_water_bytes) {
    connection_.pause(Pause::HighWater);
  }
  connection_.want_deadline(next_deadline());
}

void HttpSession::refuse(Errc errc) {
  drop_answer_hooks();
  connection_.context().counters().refused_requests.add();
  if (streams_body_) cut_body(errc);
  if (answered_ && !answer_complete_) {  // an answer is half sent: nothing sensible can follow
    connection_.abort(errc);
    return;
  }
  if (!answered_) {
    if (stage_ == Stage::Idle) {  // not even a head came: this is the answer to all of it
      stage_ = Stage::Receiving;
      body_complete_ = false;
      no_head_ = true;
    }
    close_after_ = true;
    answer_error(errc);
  }
  if (stage_ != Stage::Lingering) linger();
}

// RFC 9112 9.6: ends our side and reads on for a while, so that the answer is not lost in a reset.
void HttpSession::linger() {
  stage_ = Stage::Lingering;
  since_ = progress_at_ = connection_.context().loop().now();
  if (peer_ended_ && connection_.unsent() == 0) {
    connection_.end();
    return;
  }
  connection_.shutdown_after_flush();
  connection_.want_deadline(next_deadline());
}

void HttpSession::on_end() {
  peer_ended_ = true;
  // A request that is being answered gets its answer, and what is under way arrives: the peer may
  // have ended its side only.
  if (stage_ == Stage::Answering) {
    on_end_behind();
    return;
  }
  if (stage_ == Stage::Receiving && streams_body_) cut_body(Errc::HttpCutShort);
  if (stage_ == Stage::Receiving && answered_ && !answer_complete_) {
    connection_.abort(Errc::HttpCutShort);  // half an answer to half a request
  } else if (stage_ != Stage::Lingering) {
    linger();
  } else if (connection_.unsent() == 0) {
    connection_.end();
  }
}

// A request is being answered, and the peer will send no more.
void HttpSession::on_end_behind() {
  gone_due_ = true;
  connection_.hook_later();
}

void HttpSession::on_hook() {
  if (ending_) run_done_hooks(false);
  if (gone_due_) run_gone();
  if (holds_input() && !connection_.paused()) {  // reading was resumed
    MutableBytes nothing_new;
    on_bytes(nothing_new);
    if (&connection_.session() != this) return;
  }
  pump();
  if (connection_.ended() || stage_ != Stage::Answering || !answer_complete_) return;
  next_request();
  connection_.resume(Pause::Busy);
}

void HttpSession::on_progress(std::uint64_t sent, std::uint64_t unsent) {
  progress_at_ = connection_.context().loop().now();
  if (ending_) {
    for (EndingRequest& request : *ending_) request.left -= std::min(request.left, sent);
    if (ending_->front().left == 0) connection_.hook_later();
  }
  const std::size_t high_water = connection_.context().share().http.high_water_bytes;
  if (unsent == 0 && stage_ == Stage::Lingering) {
    if (peer_ended_) {
      connection_.end();
      return;
    }
    since_ = progress_at_;  // from now on only the peer's end is awaited
  }
  connection_.want_deadline(next_deadline());
  if (unsent <= high_water / 2) connection_.resume(Pause::HighWater);
  if (source_ && unsent <= high_water / 2) connection_.hook_later();
}

void HttpSession::on_stop() {
  if (stage_ == Stage::Idle && !head_started_) {
    if (connection_.unsent() > 0) {
      linger();
    } else {
      connection_.end();
    }
  }
  close_after_ = true;
}

void HttpSession::on_closed(Error error) {
  source_ = nullptr;
  if (stage_ == Stage::Receiving && streams_body_) {
    cut_body(error.code == Errc::Ok ? Errc::HttpCutShort : error.code);
  }
  run_gone();
  ++request_number_;  // references to the request find nothing
  if (extras_ && !answer_complete_) tell_done(answered_ ? status_ : 0);
  run_done_hooks(true);
}

// --- time

io::TimePoint HttpSession::next_deadline() const {
  const HttpLimits& limits = connection_.context().share().http;
  if (connection_.unsent() > 0) return progress_at_ + limits.write_timeout;
  if (!answered_ && answer_by_ < io::TimePoint::max()) {
    return std::min(answer_by_, stage_deadline());
  }
  return stage_deadline();
}

io::TimePoint HttpSession::stage_deadline() const {
  const HttpLimits& limits = connection_.context().share().http;
  switch (stage_) {
    case Stage::Idle:
      return since_ + (head_started_ || request_number_ == 0 ? limits.head_timeout
                                                             : limits.keep_alive_timeout);
    case Stage::Receiving: {
      if (connection_.paused_for(Pause::User)) {  // by ourselves: the peer cannot go on
        return connection_.context().loop().now() + limits.body_grace;
      }
      // The body may take as long as it arrives at the minimum rate. RFC 9110 15.5.9
      const auto earned = std::chrono::milliseconds(
          body_received_ * 1000 / std::max<std::size_t>(limits.min_body_bytes_per_second, 1));
      return since_ + limits.body_grace + std::min(earned, std::chrono::milliseconds(3'600'000));
    }
    case Stage::Answering:
      if (extras_ && extras_->on_silence) return extras_->silent_since + extras_->keep_alive;
      return connection_.context().loop().now() + limits.write_timeout;
    case Stage::Lingering:
      return since_ + limits.linger_timeout;
  }
  return since_;
}

void HttpSession::on_deadline() {
  const io::TimePoint due = next_deadline();
  if (connection_.context().loop().now() < due) {
    connection_.want_deadline(due);
  } else if (!answered_ && due == answer_by_) {
    drop_answer_hooks();
    answer_error(Errc::HttpDeadline);
  } else if (connection_.unsent() > 0) {
    connection_.abort(Errc::HttpBodyTimeout);
  } else if (stage_ == Stage::Answering && extras_ && extras_->on_silence) {
    extras_->silent_since = connection_.context().loop().now();
    dispatch(extras_->on_silence);
    connection_.want_deadline(next_deadline());
  } else if (stage_ == Stage::Lingering) {
    connection_.end();  // no reset: the system may still be delivering the answer
  } else if (stage_ == Stage::Receiving) {
    refuse(Errc::HttpBodyTimeout);
  } else if (head_started_) {
    refuse(Errc::HttpHeadTimeout);
  } else {
    connection_.end();  // nothing was asked
  }
}

}  // namespace hybi::conn
