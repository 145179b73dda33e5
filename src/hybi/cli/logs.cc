#include <hybi/cli/logs.h>

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace hybi::cli {
namespace {

// Before spdlog's queue, so that one event cannot take the memory of thousands.
std::string_view cut(std::string_view text) {
  return text.substr(0, Logs::kMaxLineBytes);
}

LogField cut(const LogField& field) {
  const auto* text = std::get_if<std::string_view>(&field.content());
  return text == nullptr ? field : LogField(field.name(), cut(*text));
}

}  // namespace

// Writes lines as they come, without a buffer: a line that was written is in the file.
class LogSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // `lost` tells how many lines the queue dropped since the start; `notice` makes a line of it.
  using Lost = std::function<std::size_t()>;
  using Notice = std::function<std::string(std::size_t)>;

  LogSink() = default;
  ~LogSink() override {
    if (own_) ::close(fd_);
  }

  void watch(Lost lost, Notice notice) {
    const std::lock_guard lock(mutex_);
    lost_ = std::move(lost);
    notice_ = std::move(notice);
  }

  std::error_code open(const std::string& file) {
    int fd = STDERR_FILENO;
    if (!file.empty()) {
      fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
      if (fd < 0) return {errno, std::generic_category()};
    }
    const std::lock_guard lock(mutex_);
    if (own_) ::close(fd_);
    fd_ = fd;
    own_ = !file.empty();
    return {};
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::size_t lost = lost_ ? lost_() : 0;
    if (lost != told_) {
      put(notice_(lost - told_));
      told_ = lost;
    }
    put({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

 private:
  // What cannot be written is lost: there is nowhere to say so.
  void put(std::string_view line) {
    while (!line.empty()) {
      const ssize_t written = ::write(fd_, line.data(), line.size());
      if (written >= 0) {
        line.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN) {  // a terminal that somebody made non-blocking
        pollfd wait{fd_, POLLOUT, 0};
        if (::poll(&wait, 1, -1) < 0 && errno != EINTR) return;
      } else if (errno != EINTR) {
        return;
      }
    }
  }

  int fd_ = STDERR_FILENO;
  bool own_ = false;
  Lost lost_;
  Notice notice_;
  std::size_t told_ = 0;
};

struct Logs::Thread {
  explicit Thread(std::size_t lines)
      : pool(std::make_shared<spdlog::details::thread_pool>(lines, 1)) {}

  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

Logs::Logs(Options options, std::error_code& error)
    : level_(options.level),
      format_(options.format),
      sink_(std::make_shared<LogSink>()),
      thread_(std::make_unique<Thread>(options.queued_lines)) {
  error = sink_->open(options.file);
  thread_->logger = std::make_shared<spdlog::async_logger>(
      "hybi", sink_, thread_->pool, spdlog::async_overflow_policy::overrun_oldest);
  thread_->logger->set_level(spdlog::level::trace);  // ours is asked before anything is formatted
  sink_->watch([pool = thread_->pool.get()] { return pool->overrun_counter(); },
               [this](std::size_t count) {
                 const LogField field("count", count);
                 return format_line(format_, std::chrono::system_clock::now(), LogLevel::Warn,
                                    "log lines were lost", {&field, 1});
               });
}

// The pool's destructor writes what is queued and ends the thread; the sink outlives it.
Logs::~Logs() {
  thread_->logger.reset();
  thread_->pool.reset();
}

void Logs::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < level_.load(std::memory_order_relaxed)) return;
  std::vector<LogField> short_fields;
  short_fields.reserve(fields.size());
  for (const LogField& field : fields) short_fields.push_back(cut(field));
  const std::string line =
      format_line(format_.load(std::memory_order_relaxed), std::chrono::system_clock::now(), level,
                  cut(message), short_fields);
  thread_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void Logs::set(LogLevel level, LogFormat format) {
  level_ = level;
  format_ = format;
}

std::error_code Logs::reopen(const std::string& file) {
  return sink_->open(file);
}

std::function<void(Error, std::string_view)> Logs::error_hook() {
  return [this](Error error, std::string_view what) {
    this->error(what, {{"error", hybi::info(error.code).name}, {"detail", describe(error)}});
  };
}

}  // namespace hybi::cli
