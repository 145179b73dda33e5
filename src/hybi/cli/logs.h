// The log of `hybi serve`: events from any thread, written by one thread of its own (spdlog).
//
// A loop never waits for a disk or a terminal: an event is formatted where it happens and put into
// a queue of kQueuedLines lines. When the queue is full the oldest line goes, because the newest
// say what is wrong now, and a line in the log tells how many were lost. Destroying it writes what
// is queued. A line is one write, so that several processes may append to one file.
#pragma once

#include <hybi/cli/log_format.h>
#include <hybi/error.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace hybi::cli {

class LogSink;  // logs.cc

class Logs {
 public:
  static constexpr std::size_t kQueuedLines = 8192;
  static constexpr std::size_t kMaxLineBytes = 16 * 1024;  // of a message and of each text field

  struct Options {
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Text;
    std::string file = {};  // "": stderr. Created if need be, appended to.
    std::size_t queued_lines = kQueuedLines;
  };

  // Starts the thread. Requires: signals that others wait for are masked.
  // `error` says why the file cannot be opened; the log goes to stderr then.
  Logs(Options options, std::error_code& error);
  ~Logs();
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  // Thread: any. Cost: below `level` nothing.
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::Debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::Info, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::Warn, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::Error, message, fields);
  }

  // Thread: any. Events from now on.
  void set(LogLevel level, LogFormat format);
  // Opens `file` (again: log rotation) and goes on there, also with what is queued. If that fails
  // everything stays as it was. Thread: any; waits for the line that is being written.
  std::error_code reopen(const std::string& file);

  // For ServerOptions::on_error. Lifetime: the log outlives the server.
  std::function<void(Error, std::string_view)> error_hook();

 private:
  struct Thread;

  std::atomic<LogLevel> level_;
  std::atomic<LogFormat> format_;
  std::shared_ptr<LogSink> sink_;
  std::unique_ptr<Thread> thread_;
};

}  // namespace hybi::cli
