// The thread-safe end of a loop's connections: what handles point to. Outlives the loop, then
// refuses.
#pragma once

#include <hybi/io/loop.h>
#include <hybi/port_ref.h>

#include <atomic>
#include <memory>

namespace hybi::conn {

class LoopContext;

class LoopPort {
 public:
  static PortRef create(std::shared_ptr<io::Mailbox> mailbox, LoopContext& context);

  // See io::Mailbox::post; the task gets the context. Thread: any.
  bool post(UniqueFunction<void(LoopContext&)> task, std::size_t cost = 0);
  // The same for a task that carries a message: counted as dropped if the mailbox is full.
  bool post_message(UniqueFunction<void(LoopContext&)> task, std::size_t message_bytes);
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  bool closed() const { return mailbox_->closed(); }                  // Thread: any.
  bool on_loop_thread() const { return mailbox_->on_loop_thread(); }  // Thread: any.
  // Null once the loop's connections are gone. Thread: the loop's.
  LoopContext* context() const { return context_; }
  void detach() { context_ = nullptr; }  // Thread: the loop's.

  void add_ref() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();

 private:
  LoopPort(std::shared_ptr<io::Mailbox> mailbox, LoopContext& context)
      : mailbox_(std::move(mailbox)), context_(&context) {}

  std::shared_ptr<io::Mailbox> mailbox_;
  LoopContext* context_;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint32_t> references_{0};
};

}  // namespace hybi::conn
