#include <hybi/cli/demo_api.h>
#include <hybi/cli/demo_pages.h>
#include <hybi/cli/number.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace hybi::cli {
namespace {

using Json = nlohmann::json;

constexpr unsigned kMaxLaterMilliseconds = 60'000;

// Reads JSON without building it, so that neither depth nor size costs memory.
class JsonCheck final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t byte, const std::string&,
                   const nlohmann::detail::exception&) override {
    bad_byte_ = byte;
    return false;
  }

  // Counted from 1; where the text stops being JSON.
  std::size_t bad_byte() const { return bad_byte_; }

 private:
  std::size_t bad_byte_ = 0;
};

// POST /api/echo: the JSON it got, byte for byte.
void echo_json(Request& request, Response& response) {
  const std::string_view body = as_text(request.body());
  JsonCheck check;
  if (Json::sax_parse(body, &check)) {
    response.json(body);
    return;
  }
  const std::size_t at = std::min(check.bad_byte(), body.size() + 1);
  const std::string_view before = body.substr(0, at > 0 ? at - 1 : 0);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  response.status(400).json(
      nlohmann::ordered_json{{"error", body.empty() ? "the body is empty" : "the body is not JSON"},
                             {"line", line},
                             {"byte", at}});
}

// GET /api/later?ms=500: answers after a while; no thread waits for it.
void answer_later(Server& server, Request& request, Response& response) {
  const std::string text = request.query("ms").value_or("500");
  const std::optional<unsigned> asked = parse_number<unsigned>(text);
  if (!asked || *asked > kMaxLaterMilliseconds) {
    response.status(400).text("ms: 0 to 60000\n");
    return;
  }
  // Timers belong to the first loop, the request to any; the handle leads back.
  server.post([&server, wait = *asked, handle = response.later()] {
    server.after(std::chrono::milliseconds(wait), [wait, handle] {
      handle.respond([wait](Response& later) {
        later.text("this answer waited for " + std::to_string(wait) + " ms\n");
      });
    });
  });
}

std::shared_ptr<const WebSocketHandlers> echo_handlers(const DemoOptions& options,
                                                       const std::shared_ptr<Visitors>& visitors) {
  WebSocketHandlers handlers;
  // While a peer does not take its echoes the library stops reading from it, so this is enough.
  handlers.on_message = [](WebSocket& ws, const Message& message) { ws.send(message); };
  handlers.limits.max_message_bytes = options.max_message_bytes;
  handlers.limits.high_water_bytes =
      std::max(handlers.limits.high_water_bytes, options.max_message_bytes + 1024);
  handlers.limits.ping_interval = options.ping_interval;
  handlers.limits.idle_timeout = options.idle_timeout;
  prepare(handlers, options, visitors, "/echo");
  return std::make_shared<const WebSocketHandlers>(std::move(handlers));
}

}  // namespace

void add_api(Server& server, const DemoOptions& options,
             const std::shared_ptr<Visitors>& visitors) {
  // The page for a browser that looks, the echo for one that talks: the same path.
  server.get("/echo",
             [handlers = echo_handlers(options, visitors)](Request& request, Response& response) {
               if (auto upgrade = request.websocket()) {
                 std::move(*upgrade).accept(handlers);
                 return;
               }
               send_page(request, response, "echo.html");
             });
  server.post("/api/echo", echo_json);
  server.get("/api/later", [&server](Request& request, Response& response) {
    answer_later(server, request, response);
  });
  server.get("/health", [](Request&, Response& response) { response.text("ok"); });
  server.get("/plaintext", [](Request&, Response& response) { response.text("Hello, World!"); });
}

}  // namespace hybi::cli
