// The pool of threads, see blocking_pool.h.
#include <hybi/app/blocking_pool.h>

#include <utility>

namespace hybi {

BlockingPool::~BlockingPool() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    dropped.swap(queue_);
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BlockingPool::configure(unsigned threads, std::size_t max_queue) {
  max_threads_ = threads;
  max_queue_ = max_queue;
}

bool BlockingPool::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (ending_) return false;
  const bool may_start = threads_.size() < max_threads_;
  if (queue_.size() >= idle_ && !may_start && queue_.size() - idle_ >= max_queue_) return false;
  queue_.push_back(std::move(work));
  if (queue_.size() > idle_ && may_start) threads_.emplace_back([this] { this->work(); });
  wake_.notify_one();
  return true;
}

void BlockingPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    --idle_;
    if (ending_) return;
    std::function<void()> task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes outside of the lock
    lock.lock();
  }
}

}  // namespace hybi
