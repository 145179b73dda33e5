// See redis_worker.h.
#include <hybi/engine/redis_worker.h>

#include <algorithm>
#include <array>
#include <csignal>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

namespace hybi::engine {
namespace {

using std::chrono::milliseconds;

// Silence on the listening connection after which Redis is asked whether it is still there.
constexpr milliseconds kListeningSilence{10'000};

std::size_t cost_of(const std::vector<std::string>& words) {
  std::size_t cost = 64;
  for (const std::string& word : words) cost += word.size() + 32;
  return cost;
}

}  // namespace

RedisClient::Worker::Worker(RedisOptions options)
    : options_(std::move(options)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void RedisClient::Worker::start() {
  // The worker lives as long as its thread: the client may be destroyed by a completion.
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void RedisClient::Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void RedisClient::Worker::wake() {
  ::eventfd_write(wake_.get(), 1);
}

void RedisClient::Worker::command(std::vector<std::string> words, Done done) {
  Command command{std::move(words), std::move(done), Clock::now() + options_.command_timeout, 0};
  command.cost = cost_of(command.words);
  Errc refused = Errc::Ok;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refused = Errc::RedisUnreachable;
    } else if (command.words.empty() || waiting_count_ >= options_.max_waiting_commands ||
               command.cost > options_.max_waiting_bytes - waiting_bytes_) {
      refused = Errc::RedisOverloaded;
    } else {
      ++waiting_count_;
      waiting_bytes_ += command.cost;
      queue_.push_back(std::move(command));
    }
  }
  if (refused != Errc::Ok) {
    command.done(refused);
  } else {
    wake();
  }
}

void RedisClient::Worker::subscribe(std::string channel, Subscriber subscriber) {
  {
    const std::lock_guard lock(mutex_);
    subscribers_[std::move(channel)] = std::make_shared<const Subscriber>(std::move(subscriber));
    subscriptions_changed_ = true;
  }
  wake();
}

void RedisClient::Worker::unsubscribe(const std::string& channel) {
  {
    const std::lock_guard lock(mutex_);
    subscribers_.erase(channel);
    subscriptions_changed_ = true;
  }
  wake();
  if (thread_.get_id() != std::this_thread::get_id()) {
    const std::lock_guard until_it_returns(calling_);
  }
}

void RedisClient::Worker::run() {
  sigset_t all;
  sigfillset(&all);  // also SIGPIPE, which hiredis' writes would raise
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (;;) {
    const TimePoint now = Clock::now();
    bool listen = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      listen = !subscribers_.empty();
    }
    give_up(now);
    if (!commands_.link && now >= commands_.retry_at) connect(commands_, now);
    if (listen && !listening_.link && now >= listening_.retry_at) {
      asked_for_.clear();
      pinged_ = false;
      heard_at_ = now;
      connect(listening_, now);
    }
    send_queued();
    change_subscriptions();
    keep_listening(now);
    poll(wait_time(Clock::now()));
  }
  connected_ = false;
  fail_all({Errc::RedisUnreachable});
}

// --- connections

void RedisClient::Worker::connect(Side& side, TimePoint now) {
  Result<RedisLink> link = RedisLink::connect(options_);
  if (!link) {
    lost(side, now);
    return;
  }
  side.link.emplace(std::move(*link));
  side.due = now + options_.connect_timeout;
  side.greetings_left = 0;
  const auto greet = [&](std::vector<std::string> words) {
    side.link->append(words);
    ++side.greetings_left;
  };
  if (!options_.password.empty()) {
    if (options_.user.empty()) {
      greet({"AUTH", options_.password});
    } else {
      greet({"AUTH", options_.user, options_.password});
    }
  }
  if (options_.database != 0) greet({"SELECT", std::to_string(options_.database)});
  greet({"PING"});  // connected is who answers
}

// The pause before the next attempt is longer each time, and random, so that a thousand clients of
// one server do not come back as one.
void RedisClient::Worker::lost(Side& side, TimePoint now) {
  side.link.reset();
  side.greetings_left = 0;
  side.backoff = std::clamp(side.backoff * 2, options_.min_backoff, options_.max_backoff);
  std::array<std::byte, 1> random;
  entropy_.fill(random);
  side.retry_at =
      now + side.backoff / 2 + side.backoff * std::to_integer<int>(random.front()) / (2 * 256);
}

// What was on its way may have been executed: it is told to who asked and not sent again.
void RedisClient::Worker::lost_commands(Error why, TimePoint now) {
  connected_ = false;
  lost(commands_, now);
  std::deque<Command> failed;
  failed.swap(in_flight_);
  for (Command& command : failed) finish(command, why);
}

// Returns: false when the connection is good for nothing.
bool RedisClient::Worker::greeted(Side& side, const RedisReply& reply) {
  if (reply.is_error()) return false;
  if (--side.greetings_left == 0) side.backoff = milliseconds(0);
  return true;
}

// --- commands

void RedisClient::Worker::send_queued() {
  if (!commands_.ready()) return;
  const std::lock_guard lock(mutex_);
  while (!queue_.empty()) {
    commands_.link->append(queue_.front().words);
    queue_.front().words.clear();
    in_flight_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

// All wait equally long, so the first ones are the oldest.
void RedisClient::Worker::give_up(TimePoint now) {
  std::vector<Command> late;
  {
    const std::lock_guard lock(mutex_);
    while (!queue_.empty() && queue_.front().due <= now) {
      late.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  for (Command& command : late) finish(command, Errc::RedisTimeout);
  // Replies have no names: after one that does not come, none can be told from another.
  if (!in_flight_.empty() && in_flight_.front().due <= now) {
    lost_commands({Errc::RedisTimeout}, now);
  } else if (commands_.link && !commands_.ready() && commands_.due <= now) {
    lost(commands_, now);
  }
  if (listening_.link && !listening_.ready() && listening_.due <= now) lost(listening_, now);
}

void RedisClient::Worker::finish(Command& command, Result<RedisReply> result) {
  {
    const std::lock_guard lock(mutex_);
    --waiting_count_;
    waiting_bytes_ -= command.cost;
  }
  const Done done = std::move(command.done);
  if (done) done(std::move(result));
}

void RedisClient::Worker::fail_all(Error why) {
  std::deque<Command> failed;
  failed.swap(in_flight_);
  {
    const std::lock_guard lock(mutex_);
    for (Command& command : queue_) failed.push_back(std::move(command));
    queue_.clear();
  }
  for (Command& command : failed) finish(command, why);
}

void RedisClient::Worker::take_replies(TimePoint now) {
  for (;;) {
    Result<std::optional<RedisReply>> reply = commands_.link->next_reply();
    if (!reply) return lost_commands(reply.error(), now);
    if (!reply->has_value()) return;
    if (commands_.greetings_left != 0) {
      if (!greeted(commands_, **reply)) return lost_commands({Errc::RedisReplied}, now);
      connected_ = commands_.ready();
      continue;
    }
    if (in_flight_.empty()) return lost_commands({Errc::RedisReplied}, now);  // nobody asked
    Command command = std::move(in_flight_.front());
    in_flight_.pop_front();
    finish(command, std::move(**reply));
  }
}

// --- subscriptions

void RedisClient::Worker::change_subscriptions() {
  if (!listening_.ready()) return;
  const std::lock_guard lock(mutex_);
  if (!subscriptions_changed_ && !asked_for_.empty()) return;
  subscriptions_changed_ = false;
  for (auto at = asked_for_.begin(); at != asked_for_.end();) {
    if (subscribers_.contains(*at)) {
      ++at;
      continue;
    }
    listening_.link->append({"UNSUBSCRIBE", *at});
    at = asked_for_.erase(at);
  }
  for (const auto& [channel, subscriber] : subscribers_) {
    if (asked_for_.insert(channel).second) listening_.link->append({"SUBSCRIBE", channel});
  }
}

// A connection on which nothing comes looks like one that is dead.
void RedisClient::Worker::keep_listening(TimePoint now) {
  if (!listening_.ready()) return;
  if (pinged_ && now >= heard_at_ + kListeningSilence + options_.command_timeout) {
    lost(listening_, now);
  } else if (!pinged_ && now >= heard_at_ + kListeningSilence) {
    pinged_ = true;
    listening_.link->append({"PING"});
  }
}

void RedisClient::Worker::take_messages(TimePoint now) {
  heard_at_ = now;
  pinged_ = false;
  for (;;) {
    Result<std::optional<RedisReply>> reply = listening_.link->next_reply();
    if (reply && !reply->has_value()) return;
    const bool good = reply && (listening_.greetings_left != 0 ? greeted(listening_, **reply)
                                                               : on_pushed(**reply));
    if (!good) return lost(listening_, now);
  }
}

// ["subscribe", channel, count] | ["message", channel, payload] | others that mean nothing here.
bool RedisClient::Worker::on_pushed(RedisReply& pushed) {
  if (pushed.is_error()) return false;
  if (pushed.items.size() != 3) return true;
  const std::lock_guard running(calling_);
  std::shared_ptr<const Subscriber> subscriber;
  {
    const std::lock_guard lock(mutex_);
    const auto found = subscribers_.find(pushed.items[1].text);
    if (found == subscribers_.end()) return true;
    subscriber = found->second;
  }
  if (pushed.items[0].text == "message") {
    if (subscriber->on_message) subscriber->on_message(pushed.items[2].text);
  } else if (pushed.items[0].text == "subscribe") {
    if (subscriber->on_listening) subscriber->on_listening();
  }
  return true;
}

// --- waiting

int RedisClient::Worker::wait_time(TimePoint now) const {
  TimePoint until = now + std::chrono::seconds(60);
  const auto not_after = [&](TimePoint when) { until = std::min(until, when); };
  const auto of_side = [&](const Side& side) {
    if (!side.link) {
      not_after(side.retry_at);
    } else if (!side.ready()) {
      not_after(side.due);
    }
  };
  of_side(commands_);
  const std::lock_guard lock(mutex_);
  if (!subscribers_.empty()) of_side(listening_);
  if (listening_.ready()) {
    not_after(heard_at_ + kListeningSilence +
              (pinged_ ? options_.command_timeout : milliseconds(0)));
  }
  if (!in_flight_.empty()) not_after(in_flight_.front().due);
  if (!queue_.empty()) not_after(queue_.front().due);
  if (until <= now) return 0;
  return static_cast<int>(std::chrono::ceil<milliseconds>(until - now).count());
}

void RedisClient::Worker::poll(int milliseconds) {
  std::array<pollfd, 3> polled{pollfd{wake_.get(), POLLIN, 0}, pollfd{-1, 0, 0}, pollfd{-1, 0, 0}};
  const auto add = [](const Side& side, pollfd& entry) {
    if (!side.link) return;
    entry.fd = side.link->fd();
    entry.events = side.link->wants_write() ? POLLIN | POLLOUT : POLLIN;
  };
  add(commands_, polled[1]);
  add(listening_, polled[2]);
  if (::poll(polled.data(), polled.size(), milliseconds) <= 0) return;
  if (polled[0].revents != 0) {
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
  }
  const TimePoint now = Clock::now();
  const auto ready = [](Side& side, const pollfd& entry) {
    return side.link->on_ready((entry.revents & (POLLIN | POLLHUP | POLLERR)) != 0,
                               (entry.revents & POLLOUT) != 0);
  };
  if (polled[1].revents != 0) {
    if (const Result<void> good = ready(commands_, polled[1]); !good) {
      lost_commands(good.error(), now);
    } else {
      take_replies(now);
    }
  }
  if (polled[2].revents != 0) {
    if (!ready(listening_, polled[2])) {
      lost(listening_, now);
    } else {
      take_messages(now);
    }
  }
}

}  // namespace hybi::engine
