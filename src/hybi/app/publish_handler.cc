// publish_handler: publishing over HTTP, for applications that are not this one. See
// channel_clients.h. The key is a bearer token, RFC 6750 2.1.
#include <hybi/base/ascii.h>
#include <hybi/base/digest.h>
#include <hybi/channel_clients.h>
#include <hybi/json.h>

namespace hybi {
namespace {

using nlohmann::json;

constexpr std::string_view kScheme = "Bearer ";
constexpr std::size_t kMinKeyBytes = 16;

bool has_key(const Request& request, const std::string& key) {
  const std::string_view given = request.header("authorization");
  if (request.head().count("authorization") != 1 || given.size() <= kScheme.size() ||
      !equals_ignoring_case(given.substr(0, kScheme.size()), kScheme)) {
    return false;
  }
  return equal_in_constant_time(as_bytes(given.substr(kScheme.size())),
                                as_bytes(std::string_view(key)));
}

void refuse(Response& response, const char* what) {
  response.status(400).json(json{{"error", what}});
}

}  // namespace

Handler publish_handler(Server& server, PublishHandlerOptions options) {
  return [&server, options = std::move(options)](Request& request, Response& response) {
    if (options.key.size() < kMinKeyBytes || !has_key(request, options.key)) {
      response.set("WWW-Authenticate", "Bearer");
      return response.error(401);
    }
    const std::optional<json> body = json_body(request, response);
    if (!body) return;  // answered
    const auto text_in = [&](const char* name) -> std::optional<std::string> {
      const auto found = body->find(name);
      if (found == body->end()) return std::string();
      if (!found->is_string()) return std::nullopt;
      return found->get<std::string>();
    };
    if (!body->is_object()) return refuse(response, "an object with channel and data, please");
    const auto channel = text_in("channel"), key = text_in("key");
    if (!channel || !is_channel_name(*channel)) return refuse(response, "channel: no name of one");
    if (!key) return refuse(response, "key: not a string");
    const auto data = body->find("data");
    if (data == body->end()) return refuse(response, "data: is missing");
    const std::string text = data->dump(-1, ' ', false, json::error_handler_t::replace);
    server.publish(*channel, Message{as_bytes(std::string_view(text)), true},
                   {.json = true,
                    .idempotency_key = *key,
                    .done = [handle = response.later()](Result<Published> published) {
                      handle.respond([published](Response& later) {
                        if (!published)
                          return later.error(info(published.error().code).http_status);
                        json answer = json::object();
                        if (published->position.epoch != 0) {
                          answer = {{"epoch", published->position.epoch},
                                    {"offset", published->position.offset}};
                        }
                        if (published->duplicate) answer["duplicate"] = true;
                        later.json(answer);
                      });
                    }});
  };
}

}  // namespace hybi
