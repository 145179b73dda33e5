// Invariant: whatever clients do, every on_open is followed by one on_close, every connection goes
// after its peer's end and the deadlines, memory waits bounded, and what is sent begins like HTTP.
//
// The whole server over the fake backend: the input drives four connections (bytes, cuts, ends,
// resets, windows), a broken network, handles, the clock and the end of the server. Commands are
// lines; a byte with its top bit set instead of a command chooses one by its value, so that both
// people and the fuzzer can write inputs:
//   "N" next connection   "R<text>" the rest of the line and CRLF, sent   "F" the next 8 bytes as a
//   masked frame "B<n>" n raw bytes    "E" end   "X" reset   "W<n>" window   "T<n>" n*100 ms   "P"
//   publish   "L" late answers "S" stop              "U" ask for a WebSocket           "G" ask for
//   a page    "K" break operation n from now on
#include <hybi/app/test_site.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>

namespace {

using namespace hybi;
using namespace std::chrono_literals;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

class Input {
 public:
  explicit Input(Bytes data) : data_(data) {}
  bool empty() const { return at_ == data_.size(); }
  unsigned byte() { return empty() ? 0 : std::to_integer<unsigned>(data_[at_++]); }
  std::string_view take(std::size_t count) {
    const Bytes part = data_.subspan(at_, std::min(count, data_.size() - at_));
    at_ += part.size();
    return as_text(part);
  }
  std::string_view line() {
    const std::string_view rest = as_text(data_.subspan(at_));
    const std::string_view text = rest.substr(0, rest.find('\n'));
    at_ += std::min(rest.size(), text.size() + 1);
    return text;
  }

 private:
  Bytes data_;
  std::size_t at_ = 0;
};

struct Counts {
  int opened = 0, closed = 0;
};

// What is kept for later, by handlers that answer from elsewhere.
struct Later {
  std::vector<ResponseHandle> responses, all;
  std::vector<Upgrade> upgrades;
  std::vector<WebSocketHandle> handles;

  void keep(const ResponseHandle& handle) {
    responses.push_back(handle);
    all.push_back(handle);
  }
};

WebSocketHandlers handlers(Counts& counts, Later& later) {
  return {.on_open =
              [&](WebSocket& ws) {
                ++counts.opened;
                ws.user_data() = 0;
                ws.subscribe("all");
                later.handles.push_back(ws.handle());
              },
          .on_message =
              [](WebSocket& ws, Message m) {
                const std::string_view text = m.text();
                const char first = text.empty() ? ' ' : text.front();
                if (first == 'c') (void)ws.close(1000, "bye");
                if (first == 't') ws.terminate();
                if (first == 'p') ws.pause();
                if (first == 'f') (void)ws.send_fragment(m, false);
                if (first == 'l') (void)ws.send_fragment(m, true);
                if (first == 'u') ws.unsubscribe("all");
                if (first == 'x') throw text.size();
                if (first == 'b') ws.send(std::string(20'000, 'b'));
                ws.publish("all", m);
                ws.send_latest("key", m);
                ws.send(m);
                (void)ws.request().query("a");
              },
          .on_drain = [](WebSocket& ws) { ws.send("drained"); },
          .on_ping = [](WebSocket& ws, Bytes data) { ws.send_binary(data); },
          .on_close =
              [&](WebSocket& ws, const CloseInfo& close) {
                ++counts.closed;
                require(++*ws.user<int>() == 1, "on_close once");
                require(close.code >= 1000 && close.code < 5000, "a close code");
                require(ws.send("late") == SendResult::Closed, "closed is closed");
                ws.publish("all", "gone");
              },
          .slow_policy = SlowPolicy::KeepLatest,
          .limits = {.max_message_bytes = 5000,
                     .max_held_bytes = 20'000,
                     .max_control_frames_per_second = 50,
                     .high_water_bytes = 30'000,
                     .low_water_bytes = 5000,
                     .ping_interval = 5s,
                     .pong_timeout = 2s,
                     .idle_timeout = 40s}};
}

void add_routes(test::MemorySite& site, Counts& counts, Later& later) {
  site.use("/layer", [](Request& req, Response& res, Next next) {
    if (req.query() == "no") return res.status(401).text("no");
    req.set("n", 1);
    next();
  });
  site.get("/", [](Request&, Response& res) { res.text("hello"); });
  site.get("/big", [](Request&, Response& res) { res.text(std::string(50'000, 'b')); });
  site.any("/layer/*rest", [](Request& req, Response& res) { res.text(req.param("rest")); });
  site.post("/body", [](Request& req, Response& res) { res.bytes(req.body()); });
  site.get("/throw", [](Request&, Response&) { throw 1; });
  site.get("/file", [](Request&, Response& res) { res.file("/proc/self/exe-", "a/b"); });
  site.get("/later", [&](Request&, Response& res) { later.keep(res.later()); });
  site.get("/stream", [&](Request&, Response& res) {
    later.keep(res.later());
    res.stream("a/b", [n = 0](StreamWriter& out) mutable {
      if (n % 3 != 2) out.write(std::string(4000, 's'));
      if (++n % 7 == 0) return StreamStep::Wait;
      return n < 20 ? StreamStep::More : StreamStep::Done;
    });
  });
  site.get("/up", [&](Request& req, Response& res) {
    if (auto up = req.websocket()) {
      later.upgrades.push_back(std::move(*up));
    } else {
      res.status(426).end();
    }
  });
  site.ws("/ws", handlers(counts, later));
}

class Run {
 public:
  explicit Run(Input input) : input_(input), site_((input_.byte() & 1) != 0, options()) {
    add_routes(site_, counts_, later_);
    while (!input_.empty()) step();
    finish();
  }

 private:
  static ServerOptions options() {
    ServerOptions options;
    options.http.max_head_bytes = 1000;
    options.http.max_body_bytes = 3000;
    options.http.high_water_bytes = 20'000;
    options.limits.max_connections = 3;
    return options;
  }

  testing::MemoryPeer& peer() {
    auto& peer = peers_[at_ % peers_.size()];
    if (!peer) peer = site_.net().connect();
    return *peer;
  }

  void step() {
    constexpr std::string_view kCommands = "NRFBEXWTPLSUGK";
    const unsigned first = input_.byte();
    const char command =
        first >= 0x80 ? kCommands[first % kCommands.size()] : static_cast<char>(first);
    switch (command) {
      case 'N':
        ++at_;
        break;
      case 'R':
        peer().write(std::string(input_.line()) + "\r\n");
        break;
      case 'F':
        send_frame();
        break;
      case 'B':
        peer().write(input_.take(input_.byte() % 128));
        break;
      case 'E':
        peer().end();
        break;
      case 'X':
        peer().reset();
        peers_[at_ % peers_.size()].reset();
        break;
      case 'W': {
        const unsigned window = input_.byte();
        peer().set_window(window == 255 ? testing::MemoryPeer::kUnlimited : window * 300);
        break;
      }
      case 'T':
        pass(input_.byte() * 100ms);
        break;
      case 'P':
        site_.publish("all", Message{as_bytes("published"), true});
        break;
      case 'L':
        answer_late();
        break;
      case 'S':
        if (input_.byte() == 'S') site_.stop(3s);
        break;
      case 'U':
        peer().write(
            "GET /ws?a=b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        break;
      case 'G':
        peer().write("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        break;
      case 'K':
        site_.net().fail_after(1 + input_.byte() % 8);
        break;
      default:
        settle();
        break;
    }
  }

  // A frame with a good mask and a length that fits, whatever its first byte.
  void send_frame() {
    const unsigned first = input_.byte();
    const std::string_view payload = input_.take(input_.byte() % 126);
    std::string frame{
        static_cast<char>(first), static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
    peer().write(frame.append(payload));
  }

  void answer_late() {
    for (const ResponseHandle& handle : later_.responses) {
      if (input_.byte() % 2 == 0) {
        handle.resume();
      } else {
        handle.respond([](Response& res) { res.set("X", "y").text("late"); });
      }
    }
    later_.responses.clear();
    auto upgrades = std::exchange(later_.upgrades, {});
    for (Upgrade& upgrade : upgrades) {
      const unsigned how = input_.byte() % 3;
      if (how == 0) std::move(upgrade).accept(handlers(counts_, later_));
      if (how == 1) std::move(upgrade).reject(403, "no");
    }
    for (const WebSocketHandle& handle : later_.handles) {
      handle.post([](WebSocket& ws) { ws.resume(); });
      if (input_.byte() == 'c') handle.close(4000, "from outside");
    }
  }

  void settle() {
    require(site_.net().settle(), "the loop comes to rest");
    site_.context().for_each_connection([](conn::Connection& connection) {
      require(connection.unsent() < 500'000, "bounded memory");
    });
    for (const auto& peer : peers_) {
      if (!peer) continue;
      const std::string& text = peer->received();
      const std::string_view start = "HTTP/1.1 ";
      require(std::string_view(text).substr(0, start.size()) == start.substr(0, text.size()),
              "an answer");
    }
    require(counts_.opened - counts_.closed >= 0, "closed only what was open");
    require(site_.counters().websockets.get() ==
                static_cast<std::uint64_t>(counts_.opened - counts_.closed),
            "the counter of WebSockets");
  }

  void pass(std::chrono::milliseconds time) {
    settle();
    for (; time > 0ms; time -= std::min(time, 500ms)) {
      site_.net().advance(std::min(time, 500ms));
      settle();
    }
  }

  void finish() {
    settle();
    site_.net().fail_after(0);
    for (auto& peer : peers_) peer.reset();  // they end and take everything
    settle();
    // Nobody is left waiting for the application. Pipelined requests come up one by one; none of
    // them needs more than twelve rounds.
    std::vector<ResponseHandle> rounds[12];
    for (int i = 0; i < 10'000 && site_.context().connection_count() > 0; ++i) {
      later_.upgrades.clear();  // answered 500
      std::rotate(std::begin(rounds), std::end(rounds) - 1, std::end(rounds));
      rounds[0] = std::exchange(later_.all, {});
      for (const auto& handles : rounds) {
        for (const ResponseHandle& handle : handles) {
          handle.resume();
          handle.respond([](Response& res) { res.text("late"); });
        }
      }
      for (const WebSocketHandle& handle : later_.handles) {
        handle.post([](WebSocket& ws) { ws.resume(); });
      }
      settle();
    }
    pass(100s);
    require(site_.context().connection_count() == 0, "every connection goes by itself");
    require(site_.net().open_streams() == 0, "every stream goes with its connection");
    require(counts_.opened == counts_.closed, "on_close for each on_open");
    site_.stop(0ms);
    pass(100ms);
    require(site_.stopped(), "the server stops");
  }

  Input input_;
  Counts counts_;
  Later later_;
  test::MemorySite site_;
  std::array<std::unique_ptr<testing::MemoryPeer>, 4> peers_;
  std::size_t at_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2048) return 0;
  const Run run(Input(Bytes(reinterpret_cast<const std::byte*>(data), size)));
  return 0;
}
