// Transcripts: Markdown pages that say what goes in and what must come out, and run as tests.
//
// A page is prose with cases. A case begins with a heading and has directives and fenced blocks.
// Directives, one a line:
//
//   role: server            or client
//   version: 76             as Version's number; 13 if there is none. With another one, and with
//                           compression, `out` lines show bytes
//   limit: max_message_bytes 10
//   option: length_frames   of LegacyOptions
//   keys: KEY NONCE         of the handshake of version 4
//   compression: dedicated  or shared; every message is long enough
//   offer: permessage-deflate; client_max_window_bits       what the client has offered
//   versions: all           what the handshake accepts; 13, 8, 7 if there is none
//
// Blocks, in order:
//
//   in      bytes from the peer in hex, one frame or part a line; what follows two spaces is a
//   comment.
//           "61*126" repeats a byte
//   call    what our side does: `text "x"`, `fragment "x"`, `last "x"`, `ping "x"`, `pong "x"`,
//           `close 1000 "x"`, `fail WsIdle`, `end`
//   log     what all that gave since the last log block, as in ws_peer.h
//   request, answer   of the opening handshake: lines of a head; the answer, or status and error
//
// Every `in` block is given whole, cut at every byte, and byte by byte: the log must be the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hybi::testing {

struct TranscriptBlock {
  std::string kind;  // in, call, log, request, answer
  std::vector<std::string> lines;
  int line = 0;  // of the page
};

struct TranscriptCase {
  std::string title;
  int line = 0;
  std::vector<std::string> directives;
  std::vector<TranscriptBlock> blocks;
};

// Fenced blocks of other kinds are prose. Cases without blocks are left out.
std::vector<TranscriptCase> parse_transcript(std::string_view page);

// Runs a case with every split. Returns: what went wrong, one line each; empty if nothing did.
std::vector<std::string> run_transcript(const TranscriptCase& one);

// The text of a file. Returns: empty if it cannot be read.
std::string read_page(const std::string& path);

}  // namespace hybi::testing
