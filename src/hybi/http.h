// Requests and responses, as a handler sees them. Implemented in conn/.
//
// A handler runs on the thread of the connection's loop and gets both by reference. They live until
// the request is answered. What they hand out as views lives until the handler returns: a handler
// that answers later copies what it needs first. Thread: the loop's, except ResponseHandle and
// Upgrade (websocket.h), which may go anywhere.
#pragma once

#include <hybi/bytes.h>
#include <hybi/http/head.h>
#include <hybi/io/address.h>
#include <hybi/port_ref.h>
#include <hybi/result.h>

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

namespace conn {
class HttpSession;
struct PendingAnswer;
struct RoutePattern;
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

 protected:
  friend class conn::HttpSession;
  friend class WebSocket;
  RequestInfo() = default;

  const http::Head* head_ = nullptr;
  const conn::RoutePattern* pattern_ = nullptr;
  io::Address peer_;
};

class Request : public RequestInfo {
 public:
  // The whole body. Present when the handler runs; middleware runs before the body has arrived.
  Bytes body() const;

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

class ResponseHandle;

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
  // The regular file at `path`, by sendfile. 404 if it cannot be opened.
  void file(const std::string& path, std::string_view content_type);
  // A body of unknown length: `source` is called whenever the connection takes more.
  // Calls back: on the loop's thread until it returns Done or the connection ends.
  void stream(std::string_view content_type, StreamSource source);

  // Answer later, from any thread.
  ResponseHandle later();

  bool answered() const;

 private:
  friend class conn::HttpSession;
  explicit Response(conn::HttpSession& session) : session_(&session) {}

  conn::HttpSession* session_;
};

// The right to answer a request later. Copyable; when the last copy goes without an answer, the
// request is answered 500. Thread: any.
class ResponseHandle {
 public:
  // Runs `answer` with the response on the loop's thread; does nothing if the peer has gone.
  // Returns: false if the loop has ended or its mailbox is full.
  bool respond(std::function<void(Response&)> answer) const;
  // Wakes a stream source that said Wait.
  bool resume() const;

 private:
  friend class Response;
  std::shared_ptr<const conn::PendingAnswer> pending_;
};

}  // namespace hybi
