// HTTP/1.1 on one connection: requests one after the other, each answered before the next is read.
// RFC 9112. Bytes in through http/parser.h, bytes out into the connection's outbox.
//
//   head complete -> Application::on_request -> (body) -> handler -> answer -> next request
//
// The request being answered is a part of the session; hybi::Request and hybi::Response are its
// faces.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/base/recycled.h>
#include <hybi/conn/connection.h>
#include <hybi/conn/request_extras.h>
#include <hybi/conn/request_ref.h>
#include <hybi/conn/route_pattern.h>
#include <hybi/conn/session.h>
#include <hybi/conn/ws_session.h>
#include <hybi/http/content_coding.h>
#include <hybi/http/fields.h>
#include <hybi/http/parser.h>
#include <hybi/router.h>
#include <hybi/ws/handshake.h>

#include <any>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hybi::conn {

class HttpSession final : public Session, public Recycled<HttpSession> {
 public:
  explicit HttpSession(Connection& connection);
  // Behind the faces, for floor 4.
  static HttpSession& of(Request& request) { return *request.session_; }
  static HttpSession& of(Response& response) { return *response.session_; }

  // --- for the application, between on_request and the answer
  Request& request() { return request_; }
  Response& response() { return response_; }
  // The route that was found. Lifetime: `pattern` outlives every connection.
  void set_pattern(const RoutePattern* pattern);
  // Runs `handler` once the body is complete: now, if there is none or it is streamed.
  // Lifetime: both outlive every connection.
  void run(const Handler& handler, const RouteOptions& options);
  // Lets user code answer in the place of an error.
  void run_error_route(const ErrorHandler& route, const ErrorAnswer& error);
  // Calls user code: an exception answers 500 and is told to the error hook.
  template <class F>
  void dispatch(F&& user_code);
  // The number of the request on this connection, for references that may come too late.
  std::uint32_t request_number() const { return request_number_; }
  RequestRef request_ref() const { return {connection_.ref(), request_number_}; }
  // Nobody will answer this request any more: 500 and a word to the error hook, unless it has been.
  void answer_unanswered();
  // No answer can be given: there was one, or no request waits for one.
  bool answered() const {
    return answered_ || in_head_hooks_ || held_ ||
           (stage_ != Stage::Receiving && stage_ != Stage::Answering);
  }
  // Its status and fields can be changed.
  bool head_open() const { return in_head_hooks_ || held_ || !answered(); }
  unsigned status() const { return status_; }
  const http::Fields& fields() const { return fields_; }
  // Who has to answer: a middleware, behind its next() the rest of the chain. Rights to answer
  // later count for the one who has to; when the last of them is given up, nobody will answer.
  using Holder = std::uint32_t;
  Holder defer();  // the right to answer later. Returns: whose it is.
  void give_up(Holder holder);
  bool deferred() const { return deferrals_ > 0; }
  void hand_on();    // a middleware calls next()
  void handed_on();  // and has returned from it: what it defers now does not count any more

  // --- bodies as they come
  void set_body_reader(BodyReader reader);
  bool streams_body() const { return streams_body_; }
  void pause_body();
  void resume_body();
  void limit_body(std::size_t max_bytes);
  // The body is decoded as it comes: handlers see the content. At most `max_bytes` of it, and never
  // more than the body itself may have (413). Before the handler runs.
  void decode_body(http::ContentCoding coding, std::size_t max_bytes);

  // --- what goes with a request; made when it is asked for
  RequestExtras& extras();
  const RequestExtras* find_extras() const { return extras_.get(); }
  void add_answer_hook(std::function<void(Response&, std::function<void()>)> hook);
  void release_answer();  // a hook lets it go
  void add_head_hook(std::function<void(Response&)> hook);
  void add_done_hook(std::function<void(const ResponseInfo&)> hook);
  void set_filter(std::unique_ptr<BodyFilter> filter);
  void add_trailer(std::string_view name, std::string_view value);
  void when_gone(std::function<void()> task);

  // --- answers; all but the first of a request are ignored
  void set_status(unsigned status) {
    if (head_open()) status_ = status;
  }
  void set_field(std::string_view name, std::string_view value, bool replace);
  void remove_field(std::string_view name);
  void answer(Bytes body, std::string_view content_type);
  void answer_pieces(std::vector<BodyPiece> pieces, std::string_view content_type);
  void answer_stream(std::string_view content_type, StreamSource source);
  // The library's own answer to an error, or that of an error route. `more_fields`: lines.
  void answer_error(Errc errc, std::string_view more_fields = {});
  void answer_error(unsigned status, std::string_view text);
  void bad_answer(Error error, std::string_view what);  // it will be a 500
  void send_early_hints();
  void resume_stream();
  // Calls `task` whenever nothing has been sent for so long while the answer is a stream.
  void keep_alive(std::chrono::milliseconds interval, std::function<void()> task);

  // Refuses the connection's bytes: answers the error's status, reads on for a while, ends.
  void refuse(Errc errc);

  // --- WebSocket
  std::optional<Upgrade> take_upgrade();
  bool accept(std::shared_ptr<const WebSocketHandlers> handlers, std::any user,
              const OutBuffer& more_fields);

  Connection& connection() { return connection_; }
  Bytes body() const { return body_view_.empty() ? body_.view() : body_view_; }
  std::any* find_value(std::string_view name);
  void set_value(std::string name, std::any value);

  // --- Session
  HttpSession* as_http() override { return this; }
  void on_bytes(MutableBytes& in) override;
  void on_end() override;
  bool holds_input() const override { return stage_ == Stage::Receiving && streams_body_; }
  void on_end_behind() override;
  void on_hook() override;
  void on_progress(std::uint64_t sent, std::uint64_t unsent) override;
  void on_deadline() override;
  void on_stop() override;
  void on_closed(Error error) override;

 private:
  bool run_answer_hooks();
  void drop_answer_hooks();

  class ChunkWriter;
  class GoOn;
  class FilteredPieces;

  enum class Stage : std::uint8_t {
    Idle,       // between requests; perhaps a part of a head is there
    Receiving,  // a head was read, its body is coming
    Answering,  // the request is complete, the answer is not
    Lingering,  // we have ended; what comes is discarded (RFC 9112 9.6)
  };

  static constexpr Holder kNobody = 0;

  void handler_failed();
  void refuse_handshake(Errc why, Versions accepted);
  void write_upgrade(const ws::Offer& offer, WsSession::Agreed& agreed,
                     const OutBuffer& more_fields);
  OutBuffer& out();
  void begin_request();
  void request_complete();
  void run_handler();
  void answer_complete();
  void next_request();
  void give_error(const ErrorAnswer& error);
  void run_head_hooks(std::string_view content_type, std::optional<std::uint64_t> length);
  void count_body(std::uint64_t bytes);
  void tell_done(unsigned status);
  void run_done_hooks(bool connection_ended);
  void hand_over_endings();
  void run_gone();
  void cut_body(Errc why);
  void take_body(Bytes piece);
  void take_content(Bytes piece);
  void take_coded(Bytes piece);
  bool coded_body_ended();
  void refuse_body(Errc why);
  bool undecoded() const { return extras_ && extras_->coded && extras_->coded->more; }
  void own_request();
  void begin_answer(std::string_view content_type, std::optional<std::uint64_t> length);
  bool begin_large_answer(std::string_view content_type, std::optional<std::uint64_t> length);
  void begin_stream(std::string_view content_type, StreamSource source);
  void write_piece(Bytes data);
  void write_filtered(StreamStep step);
  bool filters() const { return extras_ && extras_->filter; }
  void write_head(std::optional<std::uint64_t> length, std::string_view content_type, bool chunked);
  bool body_allowed() const;
  bool keep_alive() const;
  void linger();
  void pump();
  void body_ended();
  io::TimePoint next_deadline() const;
  io::TimePoint stage_deadline() const;

  Connection& connection_;
  http::RequestParser parser_;
  Request request_;
  Response response_;
  const RoutePattern* pattern_ = nullptr;
  const Handler* handler_ = nullptr;  // runs when the body is complete

  OutBuffer head_bytes_;  // the head, when it outlives the input it came in
  OutBuffer body_;
  Bytes body_view_;  // a body that came in one piece, still in the input
  std::vector<std::pair<std::string, std::any>> values_;

  std::unique_ptr<RequestExtras> extras_;
  std::unique_ptr<std::vector<EndingRequest>> ending_;
  http::Fields fields_;
  StreamSource source_;
  io::TimePoint since_;                             // of the stage
  io::TimePoint progress_at_;                       // when bytes left last
  io::TimePoint answer_by_ = io::TimePoint::max();  // the route's deadline
  std::uint64_t body_received_ = 0;
  std::uint32_t request_number_ = 0;
  Holder holder_ = kNobody + 1;
  std::uint32_t deferrals_ = 0;  // rights to answer later that the holder has not given up
  unsigned status_ = 200;
  Stage stage_ = Stage::Idle;
  bool head_started_ = false;
  bool body_complete_ = false;
  bool answered_ = false;         // the head of the answer is written
  bool answer_complete_ = false;  // and its body
  bool continue_due_ = false;     // the client waits for 100 (Continue)
  bool close_after_ = false;
  bool peer_ended_ = false;
  bool chunked_ = false;
  bool head_owned_ = false;
  bool bad_answer_ = false;
  bool upgrade_taken_ = false;
  bool source_waits_ = false;
  bool streams_body_ = false;   // the handler has run before the body came
  bool in_head_hooks_ = false;  // no answer can begin
  bool held_ = false;           // an answer was given and waits for its hooks
  bool in_error_route_ = false;
  bool no_head_ = false;  // the request could not be read
  bool gone_due_ = false;
  bool handed_on_ = false;  // what runs has called next()
};

template <class F>
void HttpSession::dispatch(F&& user_code) {
  handed_on_ = false;
  try {
    user_code();
  } catch (...) {
    handler_failed();
  }
  handed_on_ = false;  // a middleware around it says so again
}

}  // namespace hybi::conn
