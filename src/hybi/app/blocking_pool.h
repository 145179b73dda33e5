// Threads for what blocks (a database call), so that no loop waits for it. A bounded queue.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hybi {

class BlockingPool {
 public:
  BlockingPool() = default;
  ~BlockingPool();  // What runs is finished, what waits is dropped.
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Before the first run. Requires: threads >= 1.
  void configure(unsigned threads, std::size_t max_queue);
  // Runs `work` on a thread of the pool; a thread is started if none is free.
  // Returns: false if `max_queue` tasks wait already. Thread: any.
  bool run(std::function<void()> work);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  unsigned max_threads_ = 1;
  std::size_t max_queue_ = 0;
  unsigned idle_ = 0;
  bool ending_ = false;
};

}  // namespace hybi
