// Invariant: whatever text messages clients send, object mode keeps the connection open, sends JSON
// objects of its kind only, answers every question that it can name once, and every question of the
// server ends once.
//
// The input: lines, each a message of the first client; a line that begins with "@" is one of the
// second, with "!" lets time pass, with "%" ends the first client's connection, with "~" has what
// handlers keep answered.
#include <hybi/app/test_site.h>
#include <hybi/app/timer_task.h>
#include <hybi/base/utf8.h>
#include <hybi/object.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace hybi;
using namespace std::chrono_literals;
using nlohmann::json;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::string text_frame(std::string_view payload) {
  std::string frame{'\x81'};
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += '\xFE';
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 0xFF);
  }
  return frame.append(4, '\0').append(payload);
}

class Run {
 public:
  explicit Run(std::string_view input)
      : site_(false, ServerOptions()), timers_(site_.loop(), [](const auto& task) { task(); }) {
    Objects objects(
        [this](std::chrono::milliseconds delay, std::function<void()> task) {
          timers_.add(delay, false, std::move(task));
        },
        {.max_depth = 8, .max_pending = 4, .deadline = 2s});
    set(objects);
    site_.ws("/", objects.handlers());
    peers_[0] = connect();
    peers_[1] = connect();
    while (!input.empty()) {
      const std::string_view line = input.substr(0, input.find('\n'));
      input.remove_prefix(std::min(input.size(), line.size() + 1));
      step(line);
    }
    kept_.clear();
    for (auto& peer : peers_) peer->reset();
    pass(1s);
    require(asked_ == ended_, "every question ends");
    require(site_.context().connection_count() == 0, "connections go");
    pass(10s);
    site_.stop(0ms);
    pass(100ms);
  }

 private:
  void set(Objects& objects) {
    objects.on("say", [](ObjectSocket& ws, const json& data) { ws.publish("all", "said", data); });
    objects.on("n", [](ObjectSocket&, const std::vector<int>& numbers) { return numbers.size(); });
    objects.on("throw", [](ObjectSocket&) { throw 1; });
    objects.on("keep", [this](ObjectSocket&, const json&, ObjectReply reply) {
      if (kept_.size() < 16) kept_.push_back(std::move(reply));
    });
    objects.on("ask", [this](ObjectSocket& ws, const json& data) -> Result<void> {
      const auto asked =
          ws.request("q", data, 1s, [this](ObjectSocket& there, ObjectResult result) {
            ++ended_;
            there.emit("ended", result ? *result : json(result.error().code));
          });
      if (asked) ++asked_;
      return asked;
    });
    objects.on_open([](ObjectSocket& ws) { ws.socket().subscribe("all"); });
  }

  std::unique_ptr<testing::MemoryPeer> connect() {
    auto peer = site_.net().connect();
    peer->write(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    settle();
    require(peer->take_received().starts_with("HTTP/1.1 101"), "opens");
    return peer;
  }

  void step(std::string_view line) {
    if (line == "!") return pass(500ms);
    if (line == "~") return kept_.empty() ? void() : answer_kept();
    if (line == "%") {
      peers_[0]->reset();
      settle();
      peers_[0] = connect();
      return;
    }
    const bool second = line.starts_with('@');
    send(*peers_[second ? 1 : 0], second ? line.substr(1) : line);
  }

  void send(testing::MemoryPeer& peer, std::string_view message) {
    if (!is_utf8(message) || message.size() > 60'000) return;  // the protocol below refuses these
    peer.write(text_frame(message));
    settle();
    // "keep" owes its answer, and "error" is never answered; everything else with an id is.
    const json sent = json::parse(message, nullptr, false);
    const std::size_t before = answers_;
    check_all();
    if (!sent.is_object() || !sent.contains("event") || sent["event"] != "n") return;
    if (!sent.contains("id") || !sent["id"].is_number_integer()) return;
    if (!parse_json(message, {.max_depth = 8})) return;  // a name twice, or too deep
    require(answers_ == before + 1, "a question has one answer");
  }

  void answer_kept() {
    const auto kept = std::exchange(kept_, {});
    for (const ObjectReply& reply : kept) reply.send("kept");
    for (const ObjectReply& reply : kept) require(!reply.send("again"), "answered once");
    settle();
    check_all();
  }

  void check_all() {
    for (auto& peer : peers_) {
      require(!peer->server_ended() && !peer->server_closed(), "the connection stays");
      check_frames(peer->take_received());
    }
  }

  void check_frames(std::string_view bytes) {
    while (!bytes.empty()) {
      require(bytes.size() >= 2, "whole frames");
      std::size_t size = static_cast<unsigned char>(bytes[1]), head = 2;
      if (size == 126) {
        size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[2])) << 8 |
               static_cast<unsigned char>(bytes[3]);
        head = 4;
      }
      if (static_cast<unsigned char>(bytes[0]) == 0x89) {  // a ping: time has passed
        bytes.remove_prefix(head + size);
        continue;
      }
      require(static_cast<unsigned char>(bytes[0]) == 0x81 && size <= 65'535, "a text message");
      const json message = json::parse(bytes.substr(head, size), nullptr, false);
      require(message.is_object(), "an object");
      require(message.contains("event") || message.contains("id"), "an event or an answer");
      if (!message.contains("event")) {
        ++answers_;
        require(message.contains("data") != message.contains("error"), "data or an error");
      }
      bytes.remove_prefix(head + size);
    }
  }

  void settle() { require(site_.net().settle(), "the loop comes to rest"); }
  void pass(std::chrono::milliseconds time) {
    settle();
    for (; time > 0ms; time -= 50ms) {
      site_.net().advance(50ms);
      settle();
    }
  }

  test::MemorySite site_;
  TimerTasks timers_;
  std::unique_ptr<testing::MemoryPeer> peers_[2];
  std::vector<ObjectReply> kept_;
  int asked_ = 0, ended_ = 0;
  std::size_t answers_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const Run run(as_text(Bytes(reinterpret_cast<const std::byte*>(data), size)));
  return 0;
}
