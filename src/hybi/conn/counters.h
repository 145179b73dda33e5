// What happened on one loop. Written by the loop's thread alone, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace hybi::conn {

// One writer: an addition is a load and a store, no locked instruction.
class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.store(get() + count, std::memory_order_relaxed); }
  void subtract(std::uint64_t count = 1) { value_.store(get() - count, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Counters {
  Counter connections, websockets, connections_total, websockets_total, requests;
  Counter messages_received, messages_sent, messages_dropped, bytes_received, bytes_sent;
  Counter refused_requests, failed_websockets, over_quota;
  Counter channels, subscriptions, publications, recovered, not_recovered;
};

}  // namespace hybi::conn
