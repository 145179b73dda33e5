// A file descriptor with an owner: closed when the owner goes.
#pragma once

#include <utility>

#include <unistd.h>

namespace hybi::io {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    const int before = std::exchange(fd_, fd);
    if (before >= 0 && before != fd) ::close(before);
  }

 private:
  int fd_ = -1;
};

}  // namespace hybi::io
