// PortRef: a counted reference to the port of an event loop, 8 bytes. The piece of a handle that
// makes it safe to keep: the port outlives its loop, then refuses. Thread: any.
#pragma once

#include <cstdint>
#include <utility>

namespace hybi {

namespace conn {
class LoopPort;
}

class PortRef {
 public:
  PortRef() = default;
  explicit PortRef(conn::LoopPort* port);  // counts one more; null is allowed
  PortRef(const PortRef& other) : PortRef(other.port_) {}
  PortRef(PortRef&& other) noexcept : port_(std::exchange(other.port_, nullptr)) {}
  PortRef& operator=(PortRef other) noexcept {
    std::swap(port_, other.port_);
    return *this;
  }
  ~PortRef();

  conn::LoopPort* get() const { return port_; }
  conn::LoopPort* operator->() const { return port_; }
  explicit operator bool() const { return port_ != nullptr; }
  friend bool operator==(const PortRef&, const PortRef&) = default;

 private:
  conn::LoopPort* port_ = nullptr;
};

// One connection of a loop, now or formerly. 16 bytes.
struct ConnectionRef {
  PortRef port;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  friend bool operator==(const ConnectionRef&, const ConnectionRef&) = default;
};

}  // namespace hybi
