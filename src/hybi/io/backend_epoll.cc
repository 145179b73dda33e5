// The loop's backend over epoll: readiness, edge-triggered, one recv per event.
//
// Streams are registered once, for reading. Edge trigger saves epoll_wait asking every socket a
// second time, and a socket in an odd state (both sides shut down, then reset) cannot spin. What
// edge trigger demands in return: a read that filled its buffer must be gone on with (a bounded
// number of times, then the kernel is asked to report again), and a socket that reports an end is
// read to the end.
#include <hybi/base/assert.h>
#include <hybi/io/backend.h>
#include <hybi/io/fd.h>
#include <hybi/io/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace hybi::io {
namespace {

constexpr int kMaxEvents = 512;
constexpr std::size_t kMaxBytesPerEvent =
    2 * 1024 * 1024;  // more of one connection waits for the others
constexpr std::size_t kMaxFileBytes =
    2 * 1024 * 1024;  // per send_file: a fast reader must not hold the loop
constexpr std::chrono::milliseconds kAcceptPause{100};

// Something registered with epoll; the address is the registration's data.
class Source {
 public:
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Source() = default;
};

class EpollStream;

class EpollBackend final : public Backend {
 public:
  EpollBackend(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

  BackendKind kind() const override { return BackendKind::Epoll; }
  void bind(Loop& loop) override { loop_ = &loop; }
  TimePoint now() const override { return Clock::now(); }
  void wait(Clock::duration timeout) override;
  void deliver() override;
  bool finish_writes() override { return false; }
  void wake() override;
  std::unique_ptr<Stream> adopt(int fd) override;
  std::unique_ptr<Listener> listen(int fd, Listener::OnAccept on_accept,
                                   std::size_t accepts_per_turn) override;

  Loop& loop() { return *loop_; }
  int control(int operation, int fd, std::uint32_t events, Source& source);
  // `source` is destroyed: no event of the batch in work reaches it.
  void forget(Source& source);
  // False once the source whose event is in work was destroyed by what it called.
  bool is_alive(const Source& source) const { return current_ == &source; }

  void fail_later(EpollStream& stream, Error error) { failed_.push_back({&stream, error}); }
  void forget_failed(EpollStream& stream);

 private:
  struct Failed {
    EpollStream* stream;
    Error error;
  };
  void deliver_failed();

  Fd epoll_;
  Fd wake_;
  Loop* loop_ = nullptr;
  Source* current_ = nullptr;
  int next_event_ = 0;
  int event_count_ = 0;
  std::vector<Failed> failed_;
  std::vector<Failed> failing_;
  std::array<epoll_event, kMaxEvents> events_;
};

class EpollStream final : public Stream, public Source {
 public:
  EpollStream(EpollBackend& backend, int fd) : backend_(backend), fd_(fd) {}
  ~EpollStream() override;

  void start(StreamOwner& owner) override;
  WriteResult write(std::span<const Bytes> pieces) override;
  WriteResult send_file(int fd, std::uint64_t offset, std::size_t count) override;
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  void ask_for_place(bool on) override { asks_ = on; }
  void shutdown_write() override { ::shutdown(fd_, SHUT_WR); }
  void reset_on_close() override { set_reset_on_close(fd_); }

  void on_events(std::uint32_t events) override;
  void fail(Error error);  // tells the owner; nothing may follow

 private:
  bool receive(bool to_the_end);  // false: destroyed or dead
  bool rest();                    // paused while there may be more; true
  WriteResult after_send(Sent sent, std::size_t offered, bool by_choice);
  void update();  // tells epoll what is wanted, which also makes it report again what is ready

  EpollBackend& backend_;
  StreamOwner* owner_ = nullptr;
  int fd_;
  bool paused_ : 1 = false;
  bool missed_ : 1 = false;  // something to read was reported while paused
  bool ended_ : 1 = false;   // on_end was told
  bool dead_ : 1 = false;    // on_error was told or is due
  bool asks_ : 1 = false;    // the owner for a place
  bool wants_writable_ : 1 = false;
  bool out_armed_ : 1 = false;  // stays armed once it was: an edge comes only after a full buffer
};

static_assert(sizeof(EpollStream) <= 48);

class EpollListener final : public Listener, public Source, public LoopMember {
 public:
  EpollListener(EpollBackend& backend, int fd, OnAccept on_accept, std::size_t accepts_per_turn)
      : backend_(backend),
        fd_(fd),
        on_accept_(std::make_shared<OnAccept>(std::move(on_accept))),
        accepts_per_turn_(accepts_per_turn) {
    resume();
  }
  ~EpollListener() override {
    pause();
    backend_.forget(*this);
  }

  void on_events(std::uint32_t events) override;

 private:
  void on_deadline() override { resume(); }
  // Level-triggered: what one turn leaves waiting comes back in the next. Exclusive: of several
  // loops that share the socket one is woken.
  void resume() { backend_.control(EPOLL_CTL_ADD, fd_.get(), EPOLLIN | EPOLLEXCLUSIVE, *this); }
  void pause() { backend_.control(EPOLL_CTL_DEL, fd_.get(), 0, *this); }

  EpollBackend& backend_;
  Fd fd_;
  std::shared_ptr<OnAccept> on_accept_;  // shared with a call under way that destroys the listener
  std::size_t accepts_per_turn_;
  SpareDescriptor spare_;
};

void EpollBackend::wait(Clock::duration timeout) {
  int milliseconds = -1;
  if (!failed_.empty()) {
    milliseconds = 0;
  } else if (timeout >= Clock::duration::zero()) {
    const auto rounded_up = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    milliseconds = static_cast<int>(std::min<std::int64_t>(rounded_up, 1'000'000));
  }
  event_count_ = std::max(::epoll_wait(epoll_.get(), events_.data(), kMaxEvents, milliseconds), 0);
}

void EpollBackend::deliver() {
  deliver_failed();
  for (next_event_ = 0; next_event_ < event_count_;) {
    const epoll_event& event = events_[static_cast<std::size_t>(next_event_++)];
    current_ = static_cast<Source*>(event.data.ptr);
    // Null: the wake-up (edge-triggered, so its count need not be read) or a forgotten source.
    if (current_ != nullptr) current_->on_events(event.events);
  }
  current_ = nullptr;
  event_count_ = next_event_ = 0;
}

void EpollBackend::deliver_failed() {
  if (failed_.empty()) return;
  failing_.swap(failed_);
  for (std::size_t i = 0; i < failing_.size(); ++i) {
    const Failed failed = failing_[i];
    if (failed.stream != nullptr) failed.stream->fail(failed.error);
  }
  failing_.clear();
}

void EpollBackend::wake() {
  ::eventfd_write(wake_.get(), 1);
}

int EpollBackend::control(int operation, int fd, std::uint32_t events, Source& source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  return ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

void EpollBackend::forget(Source& source) {
  if (current_ == &source) current_ = nullptr;
  for (int i = next_event_; i < event_count_; ++i) {
    epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &source) event.data.ptr = nullptr;
  }
}

void EpollBackend::forget_failed(EpollStream& stream) {
  for (std::vector<Failed>* list : {&failed_, &failing_}) {
    for (Failed& failed : *list) {
      if (failed.stream == &stream) failed.stream = nullptr;
    }
  }
}

std::unique_ptr<Stream> EpollBackend::adopt(int fd) {
  return std::make_unique<EpollStream>(*this, fd);
}

std::unique_ptr<Listener> EpollBackend::listen(int fd, Listener::OnAccept on_accept,
                                               std::size_t accepts_per_turn) {
  return std::make_unique<EpollListener>(*this, fd, std::move(on_accept), accepts_per_turn);
}

EpollStream::~EpollStream() {
  backend_.forget(*this);
  if (dead_) backend_.forget_failed(*this);
  ::close(fd_);
}

void EpollStream::start(StreamOwner& owner) {
  owner_ = &owner;
  if (backend_.control(EPOLL_CTL_ADD, fd_, EPOLLIN | EPOLLRDHUP | EPOLLET, *this) != 0) {
    dead_ = true;
    backend_.fail_later(*this, error_from(errno));
  }
}

void EpollStream::update() {
  std::uint32_t events = EPOLLET;
  if (!missed_ && !ended_) events |= EPOLLIN | EPOLLRDHUP;
  if (out_armed_) events |= EPOLLOUT;
  backend_.control(EPOLL_CTL_MOD, fd_, events, *this);
}

void EpollStream::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (!missed_ || dead_) return;
  missed_ = false;
  update();
}

WriteResult EpollStream::write(std::span<const Bytes> pieces) {
  if (dead_) return {.failed = true};
  std::size_t offered = 0;
  for (Bytes piece : pieces) offered += piece.size();
  if (offered == 0) return {};
  return after_send(send_pieces(fd_, pieces), offered, false);
}

WriteResult EpollStream::send_file(int fd, std::uint64_t offset, std::size_t count) {
  if (dead_) return {.failed = true};
  if (count == 0) return {};
  const std::size_t now = std::min(count, kMaxFileBytes);
  const Sent sent = send_from_file(fd_, fd, offset, now);
  return after_send(sent, count, sent.count == now);
}

WriteResult EpollStream::after_send(Sent sent, std::size_t offered, bool by_choice) {
  if (sent.error.code != Errc::Ok) {
    dead_ = true;
    backend_.fail_later(*this, sent.error);
    return {.failed = true};
  }
  if (sent.count < offered) {
    wants_writable_ = true;
    if (!out_armed_ || by_choice) {
      out_armed_ = true;
      update();
    }
  }
  return {.count = sent.count};
}

void EpollStream::on_events(std::uint32_t events) {
  if (dead_) return;
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 && !ended_ && !paused_) {
    if (!receive(broken || (events & EPOLLRDHUP) != 0)) return;
  } else if (broken) {
    if (const int error = take_socket_error(fd_); error != 0) return fail(error_from(error));
  }
  if (paused_ && !missed_ && !ended_ && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) {
    missed_ = true;  // once: a peer that goes on sending wakes nobody
    update();
  }
  if ((events & EPOLLOUT) != 0 && wants_writable_) {
    wants_writable_ = false;
    owner_->on_writable();
  }
}

bool EpollStream::receive(bool to_the_end) {
  EpollBackend& backend = backend_;  // survives what the owner does
  for (std::size_t taken = 0;;) {
    MutableBytes place = backend.loop().scratch();
    if (asks_) [[unlikely]] {
      if (const MutableBytes asked = owner_->place_for_bytes(); !asked.empty()) place = asked;
      if (dead_) return false;
      if (paused_) return rest();
    }
    const ssize_t count = ::recv(fd_, place.data(), place.size(), MSG_DONTWAIT);
    if (count > 0) {
      const auto size = static_cast<std::size_t>(count);
      owner_->on_bytes(place.first(size));
      if (!backend.is_alive(*this) || dead_) return false;
      if (size < place.size() && !to_the_end) return true;
      if (paused_) return rest();
      taken += size;
      if (taken < kMaxBytesPerEvent) continue;
      update();  // others first; the rest is reported again
      return true;
    } else if (count == 0) {
      ended_ = true;
      owner_->on_end();
      return backend.is_alive(*this) && !dead_;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    } else if (errno != EINTR) {
      fail(error_from(errno));
      return false;
    }
  }
}

bool EpollStream::rest() {
  missed_ = true;
  update();
  return true;
}

void EpollStream::fail(Error error) {
  dead_ = true;
  owner_->on_error(error);
}

void EpollListener::on_events(std::uint32_t) {
  const std::shared_ptr<OnAccept> on_accept = on_accept_;
  EpollBackend& backend = backend_;
  for (std::size_t i = 0; i < accepts_per_turn_; ++i) {
    sockaddr_storage peer;
    socklen_t length = sizeof peer;
    const int fd = ::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      (*on_accept)(backend_.adopt(fd), from_sockaddr(reinterpret_cast<sockaddr*>(&peer), length));
      if (!backend.is_alive(*this)) return;
      continue;
    }
    switch (errno) {
      case EINTR:
      case ECONNABORTED:
        continue;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        spare_.turn_away(fd_.get(), accepts_per_turn_ - i);
        pause();
        backend_.loop().set_deadline(*this, backend_.loop().now() + kAcceptPause);
        return;
      default:
        return;  // EAGAIN, or an error of the network that concerned one connection
    }
  }
}

}  // namespace

Result<std::unique_ptr<Backend>> create_epoll_backend() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return error_from(errno);
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return error_from(errno);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) return error_from(errno);
  return std::unique_ptr<Backend>(
      std::make_unique<EpollBackend>(std::move(epoll), std::move(wake)));
}

}  // namespace hybi::io
