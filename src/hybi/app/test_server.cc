// The two kinds of server and client behind the fixture, see test_server.h.
#include <hybi/app/test_server.h>
#include <hybi/io/fd.h>
#include <hybi/io/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ostream>
#include <thread>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hybi::test {
namespace {

constexpr std::chrono::seconds kPatience{20};  // without progress: sanitizers on a busy machine

class MemoryClient final : public TestClient {
 public:
  explicit MemoryClient(MemoryServer& server) : server_(server), peer_(server.connect_peer()) {}

  using TestClient::read_until;
  void write(std::string_view bytes) override { peer_->write(bytes); }
  void end() override { peer_->end(); }
  void reset() override { peer_->reset(); }
  bool read_until(const Done& done) override {
    server_.settle();
    received_ += peer_->take_received();
    return done(received_);
  }
  bool read_to_end() override {
    read_until(std::size_t{0});
    return peer_->server_ended();
  }
  bool closed() override { return peer_->server_ended(); }

 private:
  MemoryServer& server_;
  std::unique_ptr<testing::MemoryPeer> peer_;
};

class SocketClient final : public TestClient {
 public:
  explicit SocketClient(std::uint16_t port)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      closed_ = true;
    }
  }

  using TestClient::read_until;
  // Reads while it writes, so that two full directions do not wait for each other.
  void write(std::string_view bytes) override {
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    while (!bytes.empty() && !closed_ && std::chrono::steady_clock::now() < give_up) {
      const ssize_t sent =
          ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN) {
        break;
      } else {
        wait(POLLIN | POLLOUT, 100);
        receive();
      }
    }
  }
  void end() override { ::shutdown(fd_.get(), SHUT_WR); }
  void reset() override {
    io::set_reset_on_close(fd_.get());
    fd_.reset();
    closed_ = true;
  }
  bool read_until(const Done& done) override {
    auto give_up = std::chrono::steady_clock::now() + kPatience;
    while (!done(received_)) {
      if (closed_ || std::chrono::steady_clock::now() >= give_up) return false;
      wait(POLLIN, 100);
      const std::size_t before = received_.size();
      receive();
      if (received_.size() > before) give_up = std::chrono::steady_clock::now() + kPatience;
    }
    return true;
  }
  bool read_to_end() override {
    (void)read_until([this](const std::string&) { return closed_; });
    return closed_;
  }
  bool closed() override {
    receive();
    return closed_;
  }

 private:
  void wait(short events, int milliseconds) {
    pollfd poll{.fd = fd_.get(), .events = events, .revents = 0};
    ::poll(&poll, 1, milliseconds);
  }
  void receive() {
    char buffer[65536];
    while (!closed_) {
      const ssize_t count = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (count > 0) {
        received_.append(buffer, static_cast<std::size_t>(count));
      } else if (count == 0 || errno != EAGAIN) {
        closed_ = true;
      } else {
        break;
      }
    }
  }

  io::Fd fd_;
  bool closed_ = false;
};

class SocketServer final : public TestServer {
 public:
  SocketServer(std::unique_ptr<Server> server, std::shared_ptr<Notes> errors)
      : server_(std::move(server)) {
    errors_ = std::move(errors);
    const Result<void> started = server_->start();
    EXPECT_TRUE(started) << describe(started.error());
  }

  std::unique_ptr<TestClient> connect() override {
    return std::make_unique<SocketClient>(server_->port());
  }
  void stop(std::chrono::milliseconds deadline) override { server_->stop(deadline); }
  bool stopped() override {
    return !server_->post([] {});
  }
  void publish(std::string_view channel, std::string_view text) override {
    server_->publish(channel, text);
  }
  std::size_t connections() override { return server_->stats().connections; }
  bool run_until(const std::function<bool()>& done) override {
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= give_up) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  std::unique_ptr<Server> server_;
};

}  // namespace

void PrintTo(Transport transport, std::ostream* out) {
  *out << transport_name({transport, 0});
}

// --- notes

void Notes::add(std::string line) {
  const std::lock_guard lock(mutex_);
  lines_.push_back(std::move(line));
}

std::vector<std::string> Notes::all() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::size_t Notes::count(std::string_view line) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count(lines_.begin(), lines_.end(), line));
}

std::string Notes::text() const {
  std::string text;
  for (const std::string& line : all()) {
    if (!text.empty()) text += '|';
    text += line;
  }
  return text;
}

// --- servers

std::unique_ptr<TestServer> TestServer::over_sockets(std::unique_ptr<Server> server,
                                                     std::shared_ptr<Notes> errors) {
  return std::make_unique<SocketServer>(std::move(server), std::move(errors));
}

Backend TestServer::choose_backend(Transport transport) {
  if (transport == Transport::Epoll) return Backend::Epoll;
  if (io::Loop::create({.backend = io::BackendKind::Uring})) return Backend::Uring;
  std::printf("[   NOTE   ] this kernel refuses io_uring: the Uring transport runs on epoll\n");
  return Backend::Auto;
}

std::function<void(Error, std::string_view)> TestServer::note_errors(std::shared_ptr<Notes> notes) {
  return [notes](Error error, std::string_view what) {
    notes->add(std::string(info(error.code).name) + " " + std::string(what));
  };
}

MemoryServer::MemoryServer(bool pending_writes, ServerOptions options) {
  options.on_error = note_errors(errors_);
  site_ = std::make_unique<MemorySite>(pending_writes, options);
}

MemoryServer::~MemoryServer() {
  site_->stop(std::chrono::milliseconds(0));
  settle();
  advance(std::chrono::milliseconds(100));
  EXPECT_EQ(site_->context().connection_count(), 0u) << "a connection outlives its server";
  EXPECT_EQ(net().open_streams(), 0u) << "a stream outlives its connection";
  EXPECT_TRUE(site_->stopped());
}

void MemoryServer::settle() {
  EXPECT_TRUE(net().settle()) << "the loop does not come to rest";
}

void MemoryServer::advance(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds kStep{50};
  while (time.count() > 0) {
    const auto step = std::min(time, kStep);
    net().advance(step);
    settle();
    time -= step;
  }
}

std::unique_ptr<TestClient> MemoryServer::connect() {
  return std::make_unique<MemoryClient>(*this);
}

void MemoryServer::stop(std::chrono::milliseconds deadline) {
  site_->stop(deadline);
  settle();
}

void MemoryServer::publish(std::string_view channel, std::string_view text) {
  site_->publish(channel, Message{as_bytes(text), true});
}

bool MemoryServer::run_until(const std::function<bool()>& done) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    settle();
    if (done()) return true;
    if (std::chrono::steady_clock::now() >= give_up) return false;
    std::this_thread::yield();  // another thread of the test may have to post first
  }
}

TemporaryFile::TemporaryFile(std::string_view content) {
  char path[] = "/tmp/hybi-test-XXXXXX";
  const io::Fd fd(::mkstemp(path));
  path_ = path;
  while (!content.empty()) {
    const ssize_t count = ::write(fd.get(), content.data(), content.size());
    if (count <= 0) break;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

TemporaryFile::~TemporaryFile() {
  ::unlink(path_.c_str());
}

}  // namespace hybi::test
