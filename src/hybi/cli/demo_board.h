// /board: a drawing that everybody sees grow, with everybody's cursor. The page and its channels:
//
//   board/strokes   what is drawn, remembered for those who come later:
//                   {"id": "unique", "n": 7, "c": colour, "w": width, "p": [x, y, x, y, ...]}, or
//                   {"id": "unique", "clear": true}. Presence has the names.
//   board/cursors   where the others are, up to 60 times a second from each: [x, y]; while drawing
//                   stroke n [x, y, n, colour, width]; [] somewhere else. Who is slow hears of each
//                   client the latest (SlowPolicy::KeepLatest).
//
// Coordinates are of a board of 1500 x 1000. Tokens are those of guest.h.
#pragma once

#include <hybi/cli/chat_names.h>
#include <hybi/cli/demo.h>

#include <memory>

namespace hybi::cli {

// Requires: before start().
void add_board(Server& server, const DemoOptions& options,
               const std::shared_ptr<Visitors>& visitors, const std::shared_ptr<Names>& names);

}  // namespace hybi::cli
