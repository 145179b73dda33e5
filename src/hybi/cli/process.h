// What the command asks of the system: signals, descriptors, which loopback there is.
#pragma once

#include <hybi/server.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string_view>

namespace hybi::cli {

// SIGINT and SIGTERM, and SIGHUP if it is asked for, taken by sigwait instead of a handler: no code
// runs inside a signal.
class StopSignals {
 public:
  enum class Hangup : std::uint8_t { EndsTheProcess, Reloads };

  // Masks them in this thread and in those it starts later. SIGPIPE is ignored: a terminal that
  // has gone is no reason to stop serving.
  explicit StopSignals(Hangup hangup = Hangup::EndsTheProcess);

  // Waits until `server` has stopped. The first signal calls `stop`, the second ends the process
  // at once with 128 + its number. SIGHUP calls `reload` until then. Returns: 0.
  int wait(Server& server, const std::function<void()>& stop,
           const std::function<void()>& reload = {}) const;

 private:
  sigset_t set_;
};

// Writes at once; that nobody reads any more is no error.
void say(std::FILE* where, std::string_view text);

// As many descriptors as this process may have without asking anybody.
void raise_descriptor_limit();

bool has_ipv6_loopback();

}  // namespace hybi::cli
