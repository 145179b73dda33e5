// Requests and responses, as a handler sees them. Implemented in conn/.
//
// A handler runs on the thread of the connection's loop and gets both by reference. They live until
// the request is answered. What they hand out as views lives until the handler returns: a handler
// that answers later copies what it needs first. Thread: the loop's, except ResponseHandle and
// Upgrade (websocket.h), which may go anywhere.
#pragma once

#include <hybi/bytes.h>
#include <hybi/error.h>
#include <hybi/file.h>
#include <hybi/http/cookie.h>
#include <hybi/http/head.h>
#include <hybi/io/address.h>
#include <hybi/port_ref.h>
#include <hybi/result.h>

#include <any>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace hybi {

namespace conn {
class HttpSession;
struct PendingAnswer;
struct RoutePattern;
struct ServerShare;
}  // namespace conn

class Upgrade;

// What a request said: the part that survives an upgrade (see WebSocket::request).
class RequestInfo {
 public:
  http::Method method() const { return head_->method(); }
  std::string_view target() const { return head_->target(); }  // as sent
  std::string_view path() const { return head_->path(); }      // as sent, percent-encoded
  std::string_view host() const { return head_->authority(); }

  // The value of `:name` or `*name` in the route's pattern, decoded; "" if there is none.
  std::string param(std::string_view name) const;
  // The first value of `name` in the query, decoded ("+" is a space); empty if absent.
  std::optional<std::string> query(std::string_view name) const;
  std::string_view query() const { return head_->query(); }
  // The first field of that name, any case; null data() if absent.
  std::string_view header(std::string_view name) const { return head_->find(name); }
  // The cookie of that name as sent; null data() if absent.
  std::string_view cookie(std::string_view name) const;
  const http::Head& head() const { return *head_; }
  const io::Address& peer() const { return peer_; }

  // Who the client is, what it speaks and which host it asked: what the proxies in
  // ServerOptions::trusted_proxies say, in Forwarded or X-Forwarded-For, -Proto and -Host, else the
  // connection and the request themselves. Of a chain of proxies the rightmost address that is not
  // trusted counts. Cost: read anew by each call, if the peer is a trusted proxy.
  io::Address client() const;       // Family::None: it cannot be told
  std::string_view scheme() const;  // "http" or "https", also for WebSockets
  std::string client_host() const;

 protected:
  friend class conn::HttpSession;
  friend class WebSocket;
  RequestInfo() = default;

  const http::Head* head_ = nullptr;
  const conn::RoutePattern* pattern_ = nullptr;
  const conn::ServerShare* share_ = nullptr;
  io::Address peer_;
};

// What becomes of a body that is read as it comes. on_data* (on_end | on_cut)
struct BodyReader {
  std::function<void(Bytes)> on_data = {};  // Lifetime of the bytes: until the return.
  std::function<void()> on_end = {};        // all of it was there
  std::function<void(Errc)> on_cut = {};    // it will not come: the peer has gone, it is malformed,
                                            // over a limit or too slow. Nothing can be answered.
};

class Request : public RequestInfo {
 public:
  // The whole body. Present when the handler runs; middleware runs before the body has arrived.
  // Empty where it is streamed.
  Bytes body() const;
  // The body as it comes, for routes with RouteOptions::stream_body. Call before the handler
  // returns; without it the body is dropped. The answer may be given before the body has ended.
  // Calls back: on the loop's thread, never inside this call.
  void on_body(BodyReader reader);
  bool streams_body() const;  // it comes to on_body
  // What the head announces; empty with the chunked coding, 0 without a body.
  std::optional<std::uint64_t> content_length() const;
  void pause_body();  // no on_data until resume_body; TCP slows the peer down
  void resume_body();
  // How long this body may be; 413 beyond. For middleware: it has no effect once the body comes.
  void limit_body(std::size_t max_bytes);

  // The WebSocket the client asks for, whatever version; empty for an ordinary request.
  // A malformed or foreign handshake gives empty as well and is answered by the library (400, 403,
  // 426); what the handler answers after that is ignored. Can be taken once.
  std::optional<Upgrade> websocket();

  // Values that middleware leaves for handlers, by name. They go with the request.
  void set(std::string name, std::any value);
  template <class T>
  T* get(std::string_view name) {
    return std::any_cast<T>(find_value(name));
  }

 private:
  friend class conn::HttpSession;
  explicit Request(conn::HttpSession& session) : session_(&session) {}
  std::any* find_value(std::string_view name);

  conn::HttpSession* session_;
};

// What a stream source says after each call.
enum class StreamStep : std::uint8_t {
  More,  // call again when the connection takes more; without a write it means Wait
  Wait,  // nothing to send now; call again after ResponseHandle::resume
  Done,  // the body is complete
};

class StreamWriter {
 public:
  virtual void write(Bytes data) = 0;
  void write(std::string_view text) { write(as_bytes(text)); }

 protected:
  ~StreamWriter() = default;
};

using StreamSource = std::function<StreamStep(StreamWriter&)>;

// A part of a body: bytes, or a range of an open file that is sent without being read (sendfile).
struct BodyPiece {
  std::string bytes = {};
  std::shared_ptr<const OpenFile> file = {};  // then `bytes` is not looked at
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
};

// Changes the bytes of a body on their way out, as a compression does.
class BodyFilter {
 public:
  virtual ~BodyFilter() = default;
  // Appends to `out` what `piece` becomes, as much of it as the filter likes; with `flush` all of
  // it, so that the peer can read what was written so far.
  virtual void add(Bytes piece, bool flush, std::string& out) = 0;
  virtual void finish(std::string& out) = 0;
};

// How a request ended, for Response::on_done.
struct ResponseInfo {
  unsigned status = 0;              // 101: became a WebSocket; 0: there was no answer
  std::uint64_t body_bytes = 0;     // sent, as far as the system took them
  std::chrono::nanoseconds time{};  // from the head of the request to the end of the answer
  bool aborted = false;             // the connection ended before the answer did
};

class ResponseHandle;
class EventStream;
class TemplateEngine;
struct EventOptions;

// The answer to one request. A request is answered once: the first of the functions under "answers"
// counts, later ones do nothing. A handler that returns without an answer, and without having taken
// later() or the Upgrade, is answered 500.
class Response {
 public:
  Response& status(unsigned status);  // 200 by default. A status outside 200-599 is answered 500.
  // Fields. `set` replaces, `add` appends. A name that is no token or a value with CR, LF or NUL is
  // never sent: the request is answered 500 instead and the error hook is told. Content-Length and
  // Transfer-Encoding are the library's and refused in the same way; Connection takes only "close".
  Response& set(std::string_view name, std::string_view value);
  Response& add(std::string_view name, std::string_view value);
  // Takes all fields of that name back, any case. What the library writes by itself stays: Date,
  // the lengths, the Content-Type that an answer is given with.
  Response& remove(std::string_view name);
  // A cookie; one that cannot be built is treated like a bad field.
  Response& cookie(const http::SetCookie& cookie);
  // Link: <target>; rel="...". RFC 8288
  Response& link(std::string_view target, std::string_view rel);
  // The browser saves the answer under that name: the last component of it. RFC 6266
  Response& attachment(std::string_view filename);
  // Sends the Link fields so far as 103 (Early Hints), RFC 8297, with this turn's write: worth it
  // before later(). Nothing for HTTP/1.0 or without a Link.
  Response& early_hints();
  // A field behind the body; until a stream's source has said Done. Only streams for HTTP/1.1 have
  // them, others drop them. RFC 9110 6.5
  Response& trailer(std::string_view name, std::string_view value);

  // What has been set.
  unsigned status() const;
  std::string_view field(std::string_view name) const;  // null data() if absent
  // While on_head runs: what the body is. The length is empty for streams.
  std::string_view content_type() const;
  std::optional<std::uint64_t> content_length() const;

  // Runs when an answer is given, before on_head and before anything of it is written: the answer
  // waits until `go_on` is called, once, now or later on the loop's thread; 500 if it is dropped.
  // Until then status and fields can be changed; other answers are ignored. Not for refusals of
  // what was malformed, too large or too slow, and not for 101. The last one added runs first.
  Response& on_answer(std::function<void(Response&, std::function<void()> go_on)> hook);
  // Runs just before the head of the answer is written, whoever answers, the library's errors
  // included; the last one added runs first. It may read and set status and fields, and filter().
  Response& on_head(std::function<void(Response&)> hook);
  // Runs once when the answer has been handed to the system as a whole, or when the connection
  // ended before. Thread: the loop's. Request and Response are gone by then.
  Response& on_done(std::function<void(const ResponseInfo&)> hook);
  // From on_head: the body goes through it. Not called for answers without a body; one to HEAD then
  // has no Content-Length, because nobody knows what it would have been.
  Response& filter(std::unique_ptr<BodyFilter> filter);

  // Answers. Content-Length and Date are added; the body is left out for HEAD, 204 and 304.
  void text(std::string_view body);  // text/plain; charset=utf-8
  void html(std::string_view body);  // text/html; charset=utf-8
  void json(std::string_view body);  // application/json; `body` is JSON text
  template <class Json>
  requires requires(const Json& value) {
    { value.dump() } -> std::convertible_to<std::string>;
  }
  void json(const Json& value) { json(std::string_view(value.dump())); }
  void bytes(Bytes body, std::string_view content_type = "application/octet-stream");
  void end();  // no body
  // Location is `location` as it is given. Status 301, 302, 303, 307, 308.
  void redirect(std::string_view location, unsigned status = 302);
  // What the library answers to an error: the error route of that status, else `text` or a
  // standard one. Status 400-599.
  void error(unsigned status, std::string_view text = {});
  // The page `name` of the server's templates (Server::templates) with `data`, as HTML; include
  // template.h. What cannot be rendered is answered 500.
  void render(std::string_view name, const nlohmann::json& data);
  const TemplateEngine* templates() const;  // null: the server has none
  // Pieces one after the other, of known length.
  void body(std::vector<BodyPiece> pieces, std::string_view content_type);
  // The regular file at `path`, by sendfile. 404 if it cannot be opened.
  void file(const std::string& path, std::string_view content_type);
  // A body of unknown length: `source` is called whenever the connection takes more.
  // Calls back: on the loop's thread until it returns Done or the connection ends.
  void stream(std::string_view content_type, StreamSource source);
  // Server-sent events, see events.h.
  EventStream events(EventOptions options);
  EventStream events();

  // Answer later, from any thread.
  ResponseHandle later();
  // Runs `work` on one of the server's threads for what blocks (ServerOptions::blocking_threads),
  // then `then` with its result on the loop's thread, if the request still waits. A queue that is
  // full is answered 503, an exception 500.
  template <class Work, class Then>
  void blocking(Work work, Then then);

  bool answered() const;
  // Tells ServerOptions::on_error.
  void report(Error error, std::string_view what);

 private:
  friend class conn::HttpSession;
  explicit Response(conn::HttpSession& session) : session_(&session) {}
  bool run_blocking(std::function<void()> work);  // false, and answered, if it cannot

  conn::HttpSession* session_;
};

// The right to answer a request later. Copyable; when the last copy of the last one goes without an
// answer, the request is answered 500. One that a middleware keeps beyond its next() may answer as
// well, but is not waited for. Thread: any.
class ResponseHandle {
 public:
  // Runs `answer` with the response on the loop's thread; does nothing if the peer has gone.
  // Returns: false if the loop has ended or its mailbox is full.
  bool respond(std::function<void(Response&)> answer) const;
  // Wakes a stream source that said Wait.
  bool resume() const;
  // Answers 500 and tells the error hook of the exception.
  bool fail(std::exception_ptr exception) const;
  // Runs `task` on the loop's thread when the peer has ended its side or the connection has gone
  // before the answer was complete. A peer that ended its side has nearly always gone; an answer is
  // still sent to it. Where that has happened already the task runs soon. One task a request: a
  // later one replaces it.
  bool on_gone(std::function<void()> task) const;

 private:
  friend class Response;
  std::shared_ptr<const conn::PendingAnswer> pending_;
};

template <class Work, class Then>
void Response::blocking(Work work, Then then) {
  run_blocking([handle = later(), work = std::move(work), then = std::move(then)]() mutable {
    std::exception_ptr thrown;
    try {
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        handle.respond([then = std::move(then)](Response& response) mutable { then(response); });
      } else {
        auto result = std::make_shared<decltype(work())>(work());
        handle.respond([then = std::move(then), result](Response& response) mutable {
          then(response, std::move(*result));
        });
      }
    } catch (...) {
      thrown = std::current_exception();
    }
    if (thrown) handle.fail(std::move(thrown));  // outside: no reference to it stays on this thread
  });
}

}  // namespace hybi
