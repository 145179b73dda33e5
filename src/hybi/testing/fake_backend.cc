// See fake_backend.h.
#include <hybi/base/assert.h>
#include <hybi/testing/fake_backend.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include <unistd.h>

namespace hybi::testing {

// What the two ends share. Either may go first.
struct MemoryLink {
  std::deque<std::string> to_server;  // as the peer wrote it, piece by piece
  std::string to_client;
  std::size_t window = MemoryPeer::kUnlimited;
  bool client_ended = false;
  bool client_reset = false;
  bool client_gone = false;
  bool server_ended = false;
  bool server_closed = false;
  bool server_reset = false;
  bool server_paused = false;
};

MemoryPeer::MemoryPeer(std::shared_ptr<MemoryLink> link) : link_(std::move(link)) {}

MemoryPeer::~MemoryPeer() {
  end();
  link_->client_gone = true;
  link_->window = kUnlimited;
}

void MemoryPeer::write(Bytes data) {
  if (data.empty() || link_->client_ended || link_->client_reset) return;
  link_->to_server.emplace_back(as_text(data));
}

void MemoryPeer::end() {
  link_->client_ended = true;
}

void MemoryPeer::reset() {
  link_->to_server.clear();
  link_->client_reset = true;
}

const std::string& MemoryPeer::received() const {
  return link_->to_client;
}

std::string MemoryPeer::take_received() {
  return std::exchange(link_->to_client, {});
}

void MemoryPeer::set_window(std::size_t bytes) {
  link_->window = bytes;
}

bool MemoryPeer::server_ended() const {
  return link_->server_ended || link_->server_closed;
}

bool MemoryPeer::server_closed() const {
  return link_->server_closed;
}

bool MemoryPeer::was_reset() const {
  return link_->server_reset;
}

bool MemoryPeer::server_reads() const {
  return !link_->server_paused;
}

class FakeBackend::FakeStream final : public io::Stream {
 public:
  FakeStream(FakeBackend& backend, std::shared_ptr<MemoryLink> link)
      : backend_(backend), link_(std::move(link)) {
    backend_.streams_.push_back(this);
    ++backend_.open_streams_;
  }

  ~FakeStream() override {
    std::replace(backend_.streams_.begin(), backend_.streams_.end(), this,
                 static_cast<FakeStream*>(nullptr));
    --backend_.open_streams_;
    link_->server_closed = true;
    link_->server_reset = reset_on_close_;
  }

  void start(io::StreamOwner& owner) override { owner_ = &owner; }

  io::WriteResult write(std::span<const Bytes> pieces) override {
    HYBI_ASSERT(!pending_);
    HYBI_ASSERT(pieces.size() <= 64);
    if (dead_) return {.failed = true};
    std::size_t offered = 0;
    for (Bytes piece : pieces) offered += piece.size();
    if (offered == 0) return {};
    if (backend_.pending_writes_) {
      pending_ = true;
      pending_pieces_.assign(pieces.begin(), pieces.end());
      return {.pending = true};
    }
    return write_at_once(pieces);
  }

  io::WriteResult write_at_once(std::span<const Bytes> pieces) override {
    HYBI_ASSERT(!pending_);
    if (dead_ || !may_write()) return {.failed = true};
    return {.count = take(pieces)};
  }

  io::WriteResult send_file(int fd, std::uint64_t offset, std::size_t count) override {
    HYBI_ASSERT(!pending_);
    if (dead_) return {.failed = true};
    if (count == 0) return {};
    if (!may_write()) return {.failed = true};
    std::string data(std::min(count, link_->window), '\0');
    if (data.size() > 0) {
      const ssize_t size = ::pread(fd, data.data(), data.size(), static_cast<off_t>(offset));
      if (size <= 0) {
        fail_later({Errc::Io, size == 0 ? ENODATA : errno});
        return {.failed = true};
      }
      data.resize(static_cast<std::size_t>(size));
    }
    const Bytes piece = as_bytes(data);
    wants_writable_ = data.size() < count;
    return {.count = take({&piece, 1})};
  }

  void pause_reading() override { link_->server_paused = true; }
  void resume_reading() override { link_->server_paused = false; }
  void ask_for_place(bool on) override { asks_ = on; }
  void shutdown_write() override { link_->server_ended = true; }
  void reset_on_close() override { reset_on_close_ = true; }

  // Something this stream would tell its owner in the next turn.
  bool has_work() const {
    if (owner_ == nullptr || told_error_) return false;
    if (dead_ || link_->client_reset) return true;
    if (wants_writable_ && link_->window > 0) return true;
    if (link_->server_paused || told_end_) return false;
    return !link_->to_server.empty() || link_->client_ended;
  }

  // Tells the owner one thing. Returns: whether there was one.
  bool deliver_one() {
    if (!has_work()) return false;
    if (!dead_ && link_->client_reset) fail_later({Errc::ConnectionReset, ECONNRESET});
    if (dead_) {
      told_error_ = true;
      owner_->on_error(error_);
    } else if (wants_writable_ && link_->window > 0) {
      wants_writable_ = false;
      owner_->on_writable();
    } else if (backend_.operation_fails()) {
      fail_later(backend_.fail_with_);
      told_error_ = true;
      owner_->on_error(error_);
    } else if (!link_->to_server.empty()) {
      deliver_bytes();
    } else {
      told_end_ = true;
      owner_->on_end();
    }
    return true;
  }

  bool has_pending_write() const { return pending_; }

  void finish_write() {
    pending_ = false;
    if (told_error_) return;
    const std::size_t count = !dead_ && may_write() ? take(pending_pieces_) : 0;
    pending_pieces_.clear();
    owner_->on_written(count);
  }

 private:
  void fail_later(Error error) {
    dead_ = true;
    error_ = error;
  }

  bool may_write() {
    if (backend_.operation_fails()) {
      fail_later(backend_.fail_with_);
    } else if (link_->client_reset) {
      fail_later({Errc::ConnectionReset, ECONNRESET});
    } else if (link_->server_ended) {
      fail_later({Errc::ConnectionReset, EPIPE});
    }
    return !dead_;
  }

  std::size_t take(std::span<const Bytes> pieces) {
    std::size_t taken = 0;
    for (Bytes piece : pieces) {
      const std::size_t size = std::min(piece.size(), link_->window);
      if (!link_->client_gone) link_->to_client.append(as_text(piece.first(size)));
      if (link_->window != MemoryPeer::kUnlimited) link_->window -= size;
      taken += size;
      if (size < piece.size()) {
        wants_writable_ = true;
        break;
      }
    }
    return taken;
  }

  void deliver_bytes() {
    MutableBytes place = backend_.loop_->scratch();
    if (asks_) {
      if (const MutableBytes asked = owner_->place_for_bytes(); !asked.empty()) place = asked;
      if (dead_ || link_->server_paused) return;
    }
    std::string& piece = link_->to_server.front();
    const std::size_t size = std::min(piece.size(), place.size());
    std::copy_n(as_bytes(piece).begin(), size, place.begin());
    if (size == piece.size()) {
      link_->to_server.pop_front();
    } else {
      piece.erase(0, size);
    }
    owner_->on_bytes(place.first(size));
  }

  FakeBackend& backend_;
  std::shared_ptr<MemoryLink> link_;
  io::StreamOwner* owner_ = nullptr;
  std::vector<Bytes> pending_pieces_;
  Error error_;
  bool pending_ = false;
  bool asks_ = false;
  bool wants_writable_ = false;
  bool dead_ = false;
  bool told_end_ = false;
  bool told_error_ = false;
  bool reset_on_close_ = false;
};

class FakeBackend::FakeListener final : public io::Listener {
 public:
  FakeListener(FakeBackend& backend, int token, OnAccept on_accept, std::size_t accepts_per_turn)
      : backend_(backend),
        token_(token),
        accepts_per_turn_(accepts_per_turn),
        on_accept_(std::make_shared<OnAccept>(std::move(on_accept))) {
    backend_.listeners_.push_back(this);
  }
  ~FakeListener() override { std::erase(backend_.listeners_, this); }

  bool has_token(int token) const { return token == kAnyToken || token == token_; }
  std::size_t accepts_per_turn() const { return accepts_per_turn_; }
  std::shared_ptr<OnAccept> on_accept() const { return on_accept_; }

 private:
  FakeBackend& backend_;
  int token_;
  std::size_t accepts_per_turn_;
  std::shared_ptr<OnAccept> on_accept_;
};

FakeBackend::FakeBackend(bool pending_writes)
    : now_(std::chrono::hours(1)), pending_writes_(pending_writes) {}

FakeBackend::~FakeBackend() = default;

std::unique_ptr<MemoryPeer> FakeBackend::connect(const ConnectOptions& options) {
  auto link = std::make_shared<MemoryLink>();
  connecting_.push_back({link, options});
  return std::make_unique<MemoryPeer>(std::move(link));
}

FakeBackend::Pair FakeBackend::make_pair() {
  auto link = std::make_shared<MemoryLink>();
  auto stream = std::make_unique<FakeStream>(*this, link);
  return {std::move(stream), std::make_unique<MemoryPeer>(std::move(link))};
}

void FakeBackend::fail_after(std::uint64_t operation, Error error) {
  fail_at_ = operation;
  fail_with_ = error;
  operations_ = operations_failed_ = 0;
}

bool FakeBackend::operation_fails() {
  if (++operations_ != fail_at_) return false;
  ++operations_failed_;
  return true;
}

std::uint64_t FakeBackend::wakes() const {
  return wakes_.load();
}

void FakeBackend::wait(io::Clock::duration) {}

void FakeBackend::wake() {
  wakes_.fetch_add(1);
}

void FakeBackend::accept_waiting() {
  std::vector<Connecting> waiting = std::exchange(connecting_, {});
  std::vector<std::pair<FakeListener*, std::size_t>> accepted;
  for (Connecting& connection : waiting) {
    const auto at = std::find_if(listeners_.begin(), listeners_.end(), [&](FakeListener* listener) {
      return listener->has_token(connection.options.token);
    });
    if (at == listeners_.end()) {
      connection.link->server_closed = connection.link->server_reset = true;
      continue;
    }
    const auto same = [&](const auto& entry) { return entry.first == *at; };
    auto count = std::find_if(accepted.begin(), accepted.end(), same);
    if (count == accepted.end()) count = accepted.insert(count, {*at, 0});
    if (count->second++ >= (*at)->accepts_per_turn()) {
      connecting_.push_back(std::move(connection));
      continue;
    }
    const auto on_accept = (*at)->on_accept();  // the call may destroy the listener
    (*on_accept)(std::make_unique<FakeStream>(*this, connection.link), connection.options.address);
  }
}

void FakeBackend::deliver() {
  accept_waiting();
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    while (streams_[i] != nullptr && streams_[i]->deliver_one()) {
    }
  }
  std::erase(streams_, nullptr);
}

bool FakeBackend::finish_writes() {
  bool called = false;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i] == nullptr || !streams_[i]->has_pending_write()) continue;
    streams_[i]->finish_write();
    called = true;
  }
  return called;
}

bool FakeBackend::has_work() const {
  if (!connecting_.empty()) return true;
  return std::any_of(streams_.begin(), streams_.end(), [](const FakeStream* stream) {
    return stream != nullptr && stream->has_work();
  });
}

bool FakeBackend::settle() {
  for (int turns = 0; turns < 1000; ++turns) {
    loop_->turn(false);
    if (!has_work() && !loop_->has_work()) return true;
  }
  return false;
}

std::unique_ptr<io::Stream> FakeBackend::adopt(int) {
  return make_pair().stream;
}

std::unique_ptr<io::Listener> FakeBackend::listen(int token, io::Listener::OnAccept on_accept,
                                                  std::size_t accepts_per_turn) {
  return std::make_unique<FakeListener>(*this, token, std::move(on_accept), accepts_per_turn);
}

}  // namespace hybi::testing
