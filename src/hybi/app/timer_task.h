// User code that runs at a time, once or again and again. See Server::after and Server::every.
#pragma once

#include <hybi/io/loop.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>

namespace hybi {

// The timers of one loop. Thread: the loop's.
class TimerTasks {
 public:
  // `guard` calls the task: it catches what the task throws.
  using Guard = std::function<void(const std::function<void()>&)>;
  TimerTasks(io::Loop& loop, Guard guard) : loop_(loop), guard_(std::move(guard)) {}

  void add(std::chrono::milliseconds interval, bool repeat, std::function<void()> task) {
    tasks_.push_back(std::make_unique<Timer>(*this, interval, repeat, std::move(task)));
    loop_.set_deadline(*tasks_.back(), loop_.now() + interval);
  }

 private:
  class Timer final : public io::LoopMember {
   public:
    Timer(TimerTasks& owner, std::chrono::milliseconds interval, bool repeat,
          std::function<void()> task)
        : owner_(owner), interval_(interval), repeat_(repeat), task_(std::move(task)) {}

   private:
    void on_deadline() override {
      owner_.guard_(task_);
      if (repeat_) {
        owner_.loop_.set_deadline(*this, owner_.loop_.now() + interval_);
      } else {
        owner_.loop_.release_later(*this);
      }
    }
    void on_release() override {
      owner_.tasks_.remove_if([this](const auto& timer) { return timer.get() == this; });
    }

    TimerTasks& owner_;
    std::chrono::milliseconds interval_;
    bool repeat_;
    std::function<void()> task_;
  };

  io::Loop& loop_;
  Guard guard_;
  std::list<std::unique_ptr<Timer>> tasks_;
};

}  // namespace hybi
