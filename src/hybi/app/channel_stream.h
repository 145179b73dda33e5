// What one loop knows of a channel with a history: up to which offset its subscribers have been
// sent everything, who is still being told what it missed, what came too early.
//
// The engine's history is the truth, announcements of publications are hints: one that does not
// follow the last one makes the loop ask for what lies between.
#pragma once

#include <hybi/channel.h>
#include <hybi/conn/publication.h>
#include <hybi/conn/ws_session.h>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace hybi {

struct ChannelStream {
  // Somebody whose subscription waits for the history.
  struct Join {
    std::uint64_t number = 0;
    conn::WsSession* session = nullptr;
    bool asked_since = false;
    std::size_t max_missed = 0;
    bool recovered = true;
    unsigned rounds = 0;
    bool send = true;
    Position reached = {};                // as far as the engine has told
    std::vector<Publication> found = {};  // up to there
    std::function<void(WebSocket&, const Result<Subscribed>&)> done = {};
  };
  // Somebody who was told more than the loop has delivered: announcements are on their way.
  struct Ahead {
    conn::WsSession* session = nullptr;
    Position position = {};
    std::uint64_t first = 0;  // of those that were in its answer
  };

  bool anchored = false;  // `at` is known
  Position at = {};
  Position anchor = {};     // `at`, when that became known
  Position announced = {};  // the newest one that patterns were sent while nobody had joined
  std::vector<Join> joins;
  std::vector<Ahead> ahead;
  std::map<std::uint64_t, conn::PublishedMessage> early;  // by offset, of this epoch
  bool asking = false;                                    // for what lies between
  bool ask_again = false;
  std::uint64_t settling = 0;  // the task that waits in the mailbox, see settle_later; 0: none
};

}  // namespace hybi
