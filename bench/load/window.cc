// The measured window, see modes.h.
#include "load/modes.h"
#include "load/process.h"

namespace bench {
namespace {

std::uint64_t to_ns(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

}  // namespace

Window::Window(const Options& options, Measurement& out)
    : options_(options), out_(out), started_(now_ns()) {}

bool Window::running() {
  const std::uint64_t now = now_ns();
  if (measuring_since_ == 0) {
    if (now - started_ < to_ns(options_.warmup_seconds)) return true;
    out_ = Measurement();
    own_before_ = own_cpu_ns();
    if (options_.server_pid != 0) cpu_before_ = process_cpu_ns(options_.server_pid);
    measuring_since_ = now_ns();
    return true;
  }
  if (now - measuring_since_ < to_ns(options_.seconds)) return true;
  out_.window_ns = now - measuring_since_;
  if (options_.server_pid != 0) {
    out_.server_cpu_ns = process_cpu_ns(options_.server_pid) - cpu_before_;
  }
  out_.client_cpu_ns = own_cpu_ns() - own_before_;
  return false;
}

}  // namespace bench
