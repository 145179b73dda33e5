#include <hybi/http/parser.h>
#include <hybi/testing/transcript.h>
#include <hybi/testing/ws_peer.h>
#include <hybi/ws/deflate_params.h>
#include <hybi/ws/handshake.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace hybi::testing {

namespace {

bool is_known(std::string_view kind) {
  return kind == "in" || kind == "call" || kind == "log" || kind == "request" || kind == "answer";
}

bool is_directive(std::string_view line) {
  constexpr std::string_view kNames[] = {
      "role:", "version:", "limit:", "option:", "keys:", "compression:", "offer:", "versions:"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view name) { return line.starts_with(name); });
}

// The first word, and what stands behind it without spaces around.
std::pair<std::string_view, std::string_view> first_word(std::string_view line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  return {line.substr(0, end), trim_ows(line.substr(end))};
}

// The content of "..." with \xHH for bytes; nothing without quotes.
std::string unquoted(std::string_view text) {
  std::string result;
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return result;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x') {
      result += static_cast<char>(hex_value(text[i + 2]) * 16 + hex_value(text[i + 3]));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

OwnedBytes input_of(const TranscriptBlock& block) {
  OwnedBytes input;
  for (const std::string& line : block.lines) {
    std::string_view rest = std::string_view(line).substr(0, line.find("  "));
    while (!rest.empty()) {
      const auto [word, behind] = first_word(rest);
      const std::size_t star = word.find('*');
      const OwnedBytes one = bytes(word.substr(0, star));
      const std::size_t times = star == std::string_view::npos ? 1 : number(word.substr(star + 1));
      for (std::size_t i = 0; i < times; ++i) input.insert(input.end(), one.begin(), one.end());
      rest = behind;
    }
  }
  return input;
}

std::optional<Errc> errc_named(std::string_view name) {
#define HYBI_ERRC(errc, close, http, text, spec) \
  if (name == #errc) return Errc::errc;
#include <hybi/errc.def>
#undef HYBI_ERRC
  return std::nullopt;
}

struct Setup {
  ws::Role role = ws::Role::Server;
  WebSocketLimits limits;
  ws::Version version = ws::Version::V13;
  ws::Versions versions = ws::Versions::safe();
  ws::LegacyOptions legacy;
  std::optional<Sha1> connection_key;
  Compression compression;
  std::vector<ws::ExtensionOffer> offers;
  std::string error;
};

bool read_limit(std::string_view value, WebSocketLimits& limits) {
  const auto [name, size] = first_word(value);
  if (name == "max_message_bytes") {
    limits.max_message_bytes = number(size);
  } else if (name == "max_frame_bytes") {
    limits.max_frame_bytes = number(size);
  } else if (name == "max_held_bytes") {
    limits.max_held_bytes = number(size);
  } else {
    return false;
  }
  return true;
}

bool read_option(std::string_view name, ws::LegacyOptions& legacy) {
  if (name == "base64_binary") {
    legacy.base64_binary = true;
  } else if (name == "length_frames") {
    legacy.length_frames = true;
  } else if (name == "sniff_hybi01") {
    legacy.sniff_hybi01 = true;
  } else if (name == "libwebsockets_masking") {
    legacy.libwebsockets_masking = true;
  } else {
    return false;
  }
  return true;
}

bool read_version(std::string_view value, ws::Version& version) {
  for (std::size_t i = 0; i < ws::kVersionCount; ++i) {
    if (value != std::to_string(ws::number_of(ws::version_at(i)))) continue;
    version = ws::version_at(i);
    return true;
  }
  return false;
}

// Returns: false if there is no such directive.
bool read_directive(std::string_view name, std::string_view value, Setup& setup) {
  if (name == "role:" && (value == "server" || value == "client")) {
    setup.role = value == "server" ? ws::Role::Server : ws::Role::Client;
    return true;
  }
  if (name == "limit:") return read_limit(value, setup.limits);
  if (name == "version:") return read_version(value, setup.version);
  if (name == "option:") return read_option(value, setup.legacy);
  if (name == "offer:") return ws::parse_extensions(value, setup.offers).has_value();
  if (name == "versions:" && value == "all") {
    setup.versions = ws::Versions::all();
    return true;
  }
  if (name == "keys:") {
    const auto [key, nonce] = first_word(value);
    setup.connection_key = ws::connection_key(key, nonce);
    return true;
  }
  if (name == "compression:" && (value == "shared" || value == "dedicated")) {
    setup.compression = value == "shared" ? Compression::shared() : Compression::dedicated();
    setup.compression.threshold = 0;
    setup.compression.deflate_stream = true;
    return true;
  }
  return false;
}

Setup setup_of(const TranscriptCase& one) {
  Setup setup;
  for (const std::string& directive : one.directives) {
    const auto [name, value] = first_word(directive);
    if (!read_directive(name, value, setup)) setup.error = "unknown directive: " + directive;
  }
  return setup;
}

// Prepares the peer as the handshake would. Returns: false if the offer is not accepted.
bool prepare(WsPeer& peer, const Setup& setup) {
  if (setup.connection_key) peer.protocol().set_connection_key(*setup.connection_key);
  if (setup.offers.empty()) return true;
  const auto chosen = ws::choose_deflate(setup.compression, setup.version, setup.offers);
  if (chosen) peer.use_deflate(setup.compression, chosen->params);
  return chosen.has_value();
}

// Returns: false if there is no such call.
bool make_call(WsPeer& peer, std::string_view line) {
  const auto [name, rest] = first_word(line);
  const std::string argument = unquoted(rest);
  if (name == "text") {
    peer.send_text(argument);
  } else if (name == "binary") {
    peer.send_binary(as_bytes(argument));
  } else if (name == "fragment" || name == "last") {
    peer.send_fragment(ws::Opcode::Text, argument, name == "last");
  } else if (name == "ping") {
    peer.send_ping(argument);
  } else if (name == "pong") {
    peer.send_pong(argument);
  } else if (name == "close") {
    const auto [code, reason] = first_word(rest);
    const ws::CloseCode value =
        code.empty() ? ws::kNoStatusReceived : static_cast<ws::CloseCode>(number(code));
    peer.close(value, unquoted(reason));
  } else if (name == "fail" && errc_named(rest)) {
    peer.fail(*errc_named(rest));
  } else if (name == "end") {
    peer.end_of_input();
  } else {
    return false;
  }
  return true;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n    " + line;
  return text.empty() ? "\n    (nothing)" : text;
}

// One run through the blocks of a case. `cut_input` cuts each `in` block.
template <class CutInput>
void run_once(const TranscriptCase& one, const Setup& setup, CutInput cut_input,
              std::vector<std::string>& errors) {
  WsPeer peer(setup.role, setup.limits, setup.version, setup.legacy);
  if (!prepare(peer, setup)) errors.push_back("the offer is not accepted");
  std::size_t checked = 0;
  for (const TranscriptBlock& block : one.blocks) {
    const std::string where = "line " + std::to_string(block.line) + ": ";
    if (block.kind == "in") {
      peer.receive(cut_input(input_of(block)));
    } else if (block.kind == "call") {
      for (const std::string& line : block.lines) {
        if (!make_call(peer, line)) errors.push_back(where + "unknown call: " + line);
      }
    } else if (block.kind == "log") {
      const Log& log = peer.log();
      const Log fresh(log.begin() + static_cast<std::ptrdiff_t>(checked), log.end());
      checked = log.size();
      if (fresh != block.lines) {
        errors.push_back(where + "expected" + joined(block.lines) + "\n  but got" + joined(fresh));
      }
    }
  }
  if (peer.log().size() != checked) {
    errors.push_back("line " + std::to_string(one.line) + ": the last log block is missing");
  }
}

void run_frames(const TranscriptCase& one, std::vector<std::string>& errors) {
  const Setup setup = setup_of(one);
  if (!setup.error.empty()) return errors.push_back(setup.error);
  const auto failed = [&] { return !errors.empty(); };
  run_once(
      one, setup, [](const OwnedBytes& input) { return Pieces{input}; }, errors);
  std::size_t longest = 0;
  for (const TranscriptBlock& block : one.blocks) {
    if (block.kind == "in") longest = std::max(longest, input_of(block).size());
  }
  for (std::size_t at = 1; at < longest && !failed(); ++at) {
    const auto cut_at = [at](const OwnedBytes& input) {
      return at < input.size() ? cut(input, {at}) : Pieces{input};
    };
    run_once(one, setup, cut_at, errors);
    if (failed()) errors.push_back("(cut at byte " + std::to_string(at) + ")");
  }
  if (failed()) return;
  run_once(
      one, setup, [](const OwnedBytes& input) { return byte_by_byte(input); }, errors);
  if (failed()) errors.push_back("(byte by byte)");
}

// What a server that serves every request and takes the first subprotocol answers.
std::vector<std::string> answer_to(const TranscriptBlock& request, const Setup& setup) {
  std::string text;
  for (const std::string& line : request.lines) text += line + "\r\n";
  text += "\r\n";

  const HttpLimits limits;
  http::RequestParser parser(limits);
  Bytes in = as_bytes(text);
  const http::ParseEvent event = parser.next(in);
  OutBuffer out;
  Errc why = event.errc;
  if (event.kind == http::ParseEvent::Kind::Head) {
    const http::Head& head = parser.head();
    if (!ws::is_websocket_request(head)) return {"an ordinary request"};
    const Result<ws::Offer> offer = ws::check_request(head, setup.versions);
    why = offer.error().code;
    if (offer) {
      const auto deflate = ws::choose_deflate(setup.compression, offer->version, offer->extensions);
      const std::string extensions =
          deflate ? ws::format_extensions({deflate->answer}) : std::string();
      const std::string location = ws::location_of(head, false);
      ws::AnswerParts parts{
          .extensions = extensions, .nonce = "H+cNj5elaybfGIQv1esl2w==", .location = location};
      if (!offer->subprotocols.empty()) parts.subprotocol = offer->subprotocols.front();
      why = ws::write_answer(*offer, parts, out).error().code;
    }
  } else if (event.kind != http::ParseEvent::Kind::Failed) {
    return {"half a request"};
  }
  std::vector<std::string> answer;
  if (why != Errc::Ok) {
    answer.push_back(std::to_string(info(why).http_status) + " " + std::string(info(why).name));
    ws::write_refusal_fields(why, setup.versions, out);
  }
  std::istringstream lines{std::string(as_text(out.view()))};
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    answer.push_back(line);
  }
  return answer;
}

void run_handshake(const TranscriptCase& one, std::vector<std::string>& errors) {
  const Setup setup = setup_of(one);
  if (!setup.error.empty()) return errors.push_back(setup.error);
  std::vector<std::string> answer;
  for (const TranscriptBlock& block : one.blocks) {
    if (block.kind == "request") {
      answer = answer_to(block, setup);
    } else if (block.lines != answer) {
      errors.push_back("line " + std::to_string(block.line) + ": expected" + joined(block.lines) +
                       "\n  but got" + joined(answer));
    }
  }
}

}  // namespace

std::vector<TranscriptCase> parse_transcript(std::string_view page) {
  std::vector<TranscriptCase> cases;
  std::istringstream lines{std::string(page)};
  TranscriptBlock* block = nullptr;
  bool in_other_block = false;
  int at = 0;
  for (std::string line; std::getline(lines, line);) {
    ++at;
    if (line.starts_with("```")) {
      const std::string kind = line.substr(3);
      if (block != nullptr || in_other_block) {
        block = nullptr;
        in_other_block = false;
      } else if (is_known(kind) && !cases.empty()) {
        block = &cases.back().blocks.emplace_back(TranscriptBlock{kind, {}, at});
      } else {
        in_other_block = true;
      }
    } else if (block != nullptr) {
      block->lines.push_back(line);
    } else if (in_other_block) {
      continue;
    } else if (line.starts_with('#')) {
      cases.push_back({line.substr(line.find_first_not_of("# ")), at, {}, {}});
    } else if (is_directive(line) && !cases.empty()) {
      cases.back().directives.push_back(line);
    }
  }
  std::erase_if(cases, [](const TranscriptCase& one) { return one.blocks.empty(); });
  return cases;
}

std::vector<std::string> run_transcript(const TranscriptCase& one) {
  std::vector<std::string> errors;
  if (one.blocks.front().kind == "request") {
    run_handshake(one, errors);
  } else {
    run_frames(one, errors);
  }
  return errors;
}

std::string read_page(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace hybi::testing
