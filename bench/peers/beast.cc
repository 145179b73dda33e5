// Peer: Boost.Beast over Boost.Asio, one thread, asynchronous. /echo, /broadcast/ROOM, GET /,
// /json, /files/... below --root.
//
// Tuned in Beast's favour: concrete executor instead of any_io_executor, no timeouts, no automatic
// fragmentation, TCP_NODELAY. Beast writes one message per async_write; that is its API. Files are
// its file_body: opened for each request, read and written 4 KiB at a time.
//
//   peer_beast [--port P] [--deflate off|no-context|context] [--level 1..9] [--root DIRECTORY]
//
// Without --deflate its streams are compiled without permessage-deflate. With it they have Beast's
// default memory (4); each subscriber's stream compresses a publication for itself. Beast ends
// every message with a full flush, which forgets the context: it only saves the reset.
#define BOOST_ASIO_DISABLE_THREADS
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "args.h"
#include "listen.h"

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
namespace websocket = beast::websocket;
using tcp = net::ip::tcp;
using Error = beast::error_code;
using Stream =
    beast::basic_stream<tcp, net::io_context::executor_type, beast::unlimited_rate_policy>;
using Socket = net::basic_stream_socket<tcp, net::io_context::executor_type>;
using Request = http::request<http::empty_body>;

// Of --deflate.
struct Compression {
  bool on = false;
  bool keeps_context = false;
  int level = 8;
};

// A stream takes part in compression if it was compiled for it.
template <bool Deflate>
using WebSocket = websocket::stream<Stream, Deflate>;

template <bool Deflate>
void compress(WebSocket<Deflate>& ws, Compression compression) {
  if constexpr (Deflate) {
    websocket::permessage_deflate options;
    options.server_enable = true;
    options.server_no_context_takeover = !compression.keeps_context;
    options.client_no_context_takeover = !compression.keeps_context;
    options.compLevel = compression.level;
    ws.set_option(options);
  }
}

template <bool Deflate>
class Subscriber;
template <bool Deflate>
using Room = std::unordered_set<Subscriber<Deflate>*>;
template <bool Deflate>
using Rooms = std::unordered_map<std::string, Room<Deflate>>;  // by target

template <bool Deflate>
class Echo : public std::enable_shared_from_this<Echo<Deflate>> {
 public:
  Echo(Stream&& stream, Compression compression) : ws_(std::move(stream)) {
    compress<Deflate>(ws_, compression);
  }

  void accept(const Request& request) {
    ws_.auto_fragment(false);
    ws_.read_message_max(64 << 20);
    ws_.async_accept(request, [self = this->shared_from_this()](Error error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    ws_.async_read(buffer_, [self = this->shared_from_this()](Error error, std::size_t) {
      if (!error) self->write();
    });
  }

  void write() {
    ws_.text(ws_.got_text());
    ws_.async_write(buffer_.data(), [self = this->shared_from_this()](Error error, std::size_t) {
      self->buffer_.clear();
      if (!error) self->read();
    });
  }

  WebSocket<Deflate> ws_;
  beast::flat_buffer buffer_;
};

template <bool Deflate>
class Subscriber : public std::enable_shared_from_this<Subscriber<Deflate>> {
 public:
  Subscriber(Stream&& stream, Room<Deflate>& room, Compression compression)
      : ws_(std::move(stream)), room_(room) {
    compress<Deflate>(ws_, compression);
  }
  ~Subscriber() { room_.erase(this); }

  void accept(const Request& request) {
    ws_.auto_fragment(false);
    ws_.async_accept(request, [self = this->shared_from_this()](Error error) {
      if (error) return;
      self->room_.insert(self.get());
      self->read();
    });
  }

 private:
  using Shared = std::shared_ptr<const std::string>;

  void read() {
    ws_.async_read(buffer_, [self = this->shared_from_this()](Error error, std::size_t) {
      if (error) return;
      const auto message =
          std::make_shared<const std::string>(beast::buffers_to_string(self->buffer_.data()));
      const bool text = self->ws_.got_text();
      self->buffer_.clear();
      for (Subscriber* other : self->room_) other->send(message, text);
      self->read();
    });
  }

  void send(const Shared& message, bool text) {
    ws_.text(text);
    queue_.push_back(message);
    if (queue_.size() == 1) write();
  }

  void write() {
    ws_.async_write(net::buffer(*queue_.front()),
                    [self = this->shared_from_this()](Error error, std::size_t) {
                      self->queue_.pop_front();
                      if (!error && !self->queue_.empty()) self->write();
                    });
  }

  WebSocket<Deflate> ws_;
  Room<Deflate>& room_;
  beast::flat_buffer buffer_;
  std::deque<Shared> queue_;
};

// What all connections share.
struct Site {
  Rooms<false> plain;
  Rooms<true> deflate;
  Compression compression;
  std::string root;  // of the files
  int id = 0;        // of the last JSON
};

class Http : public std::enable_shared_from_this<Http> {
 public:
  Http(Socket&& socket, Site& site) : stream_(std::move(socket)), site_(site) {}

  void read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_,
                     [self = this->shared_from_this()](Error error, std::size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    if (websocket::is_upgrade(request_)) {
      if (site_.compression.on) return upgrade(site_.deflate);
      return upgrade(site_.plain);
    }
    const beast::string_view target = request_.target();
    if (target == "/")
      return answer(http::status::ok, "text/plain; charset=utf-8", "Hello, World!");
    if (target == "/json") return answer(http::status::ok, "application/json", json());
    if (target.starts_with("/files/") && target.find("..") == beast::string_view::npos) {
      return answer_file(site_.root + std::string(target.substr(6)));
    }
    answer(http::status::not_found, "text/plain; charset=utf-8", "Not Found");
  }

  std::string json() {
    site_.id = (site_.id + 1) % 9000;
    return nlohmann::json{{"active", true},
                          {"id", 1000 + site_.id},
                          {"message", "Hello, World!"},
                          {"score", 12.5},
                          {"tags", nlohmann::json::array({"a", "b"})}}
        .dump();
  }

  void answer(http::status status, beast::string_view type, std::string body) {
    response_ = {};
    response_.body() = std::move(body);
    write(response_, status, type);
  }

  void answer_file(const std::string& path) {
    Error error;
    file_ = {};
    file_.body().open(path.c_str(), beast::file_mode::scan, error);
    if (error) return answer(http::status::not_found, "text/plain; charset=utf-8", "Not Found");
    write(file_, http::status::ok, "text/html");
  }

  template <class Response>
  void write(Response& response, http::status status, beast::string_view type) {
    response.version(request_.version());
    response.keep_alive(request_.keep_alive());
    response.result(status);
    response.set(http::field::content_type, type);
    response.prepare_payload();
    http::async_write(stream_, response,
                      [self = this->shared_from_this(), &response](Error error, std::size_t) {
                        if (!error && response.keep_alive()) self->read();
                      });
  }

  template <bool Deflate>
  void upgrade(Rooms<Deflate>& rooms) {
    if (request_.target().starts_with("/broadcast/")) {
      Room<Deflate>& room = rooms[std::string(request_.target())];
      std::make_shared<Subscriber<Deflate>>(std::move(stream_), room, site_.compression)
          ->accept(request_);
    } else {
      std::make_shared<Echo<Deflate>>(std::move(stream_), site_.compression)->accept(request_);
    }
  }

  Stream stream_;
  Site& site_;
  beast::flat_buffer buffer_;
  Request request_;
  http::response<http::string_body> response_;
  http::response<http::file_body> file_;
};

using Acceptor = net::basic_socket_acceptor<tcp, net::io_context::executor_type>;

void accept_next(Acceptor& acceptor, Site& site) {
  acceptor.async_accept([&](Error error, Socket socket) {
    if (!error) {
      Error ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      std::make_shared<Http>(std::move(socket), site)->read();
    }
    accept_next(acceptor, site);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Args args(argc, argv);
  const int listener = bench::listen_on(static_cast<int>(args.number("--port", 0)));
  const std::string deflate = args.text("--deflate", "off");
  Site site;
  site.compression = {deflate != "off", deflate == "context",
                      static_cast<int>(args.number("--level", 8))};
  site.root = args.text("--root", "");
  net::io_context io(1);
  Acceptor acceptor(io, tcp::v4(), listener);
  accept_next(acceptor, site);
  io.run();
}
