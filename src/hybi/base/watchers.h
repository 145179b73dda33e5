// Watchers: who wants to be told. Joining gives a token; when it goes, the watcher is out.
//
// No callback of a watcher runs after its token has gone, except one on the same thread that lets
// the token go. Thread: any. Used by stores and by whatever tells of events to several listeners.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

namespace hybi {

template <class Watcher>
class Watchers {
 public:
  Watchers() : state_(std::make_shared<State>()) {}

  std::shared_ptr<void> join(Watcher watcher) {
    auto entry = std::make_shared<Entry>(std::move(watcher));
    {
      const std::lock_guard lock(state_->mutex);
      state_->entries.push_back(entry);
    }
    return std::make_shared<Token>(state_, std::move(entry));
  }

  // Calls `tell` with every watcher; they may join and leave meanwhile.
  template <class F>
  void for_each(F&& tell) const {
    std::vector<std::shared_ptr<Entry>> entries;
    {
      const std::lock_guard lock(state_->mutex);
      entries = state_->entries;
    }
    for (const std::shared_ptr<Entry>& entry : entries) {
      const std::lock_guard running(entry->mutex);
      if (entry->in) tell(entry->watcher);
    }
  }

 private:
  struct Entry {
    explicit Entry(Watcher of) : watcher(std::move(of)) {}
    std::recursive_mutex mutex;  // held while it is told
    bool in = true;
    Watcher watcher;
  };
  struct State {
    std::mutex mutex;
    std::vector<std::shared_ptr<Entry>> entries;
  };
  struct Token {
    Token(std::shared_ptr<State> of, std::shared_ptr<Entry> mine)
        : state(std::move(of)), entry(std::move(mine)) {}
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    ~Token() {
      {
        const std::lock_guard lock(state->mutex);
        std::erase(state->entries, entry);
      }
      const std::lock_guard running(entry->mutex);
      entry->in = false;
    }
    std::shared_ptr<State> state;
    std::shared_ptr<Entry> entry;
  };

  std::shared_ptr<State> state_;
};

}  // namespace hybi
