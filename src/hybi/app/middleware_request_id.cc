// request_id: a name for each request, across machines. See middleware.h.
#include <hybi/base/ascii.h>
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/middleware.h>

#include <algorithm>
#include <array>
#include <memory>

namespace hybi {
namespace {

using Trust = RequestIdOptions::Trust;

constexpr std::size_t kMaxIdBytes = 128;

// It goes into logs, fields and perhaps queries: nothing that means something there.
bool is_sane(std::string_view id) {
  constexpr std::string_view kMore = "-._~+/=:";
  const auto good = [&](char c) {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || kMore.find(c) != std::string_view::npos;
  };
  return !id.empty() && id.size() <= kMaxIdBytes && std::all_of(id.begin(), id.end(), good);
}

bool is_trusted(Trust trust, conn::HttpSession& session) {
  if (trust == Trust::Proxies) {
    const conn::Connection& connection = session.connection();
    return session.connection().context().share().trusted_proxies.has(connection.peer());
  }
  return trust == Trust::Anybody;
}

std::string new_id(Entropy& entropy) {
  constexpr char kHex[] = "0123456789abcdef";
  std::array<std::byte, 16> random;
  entropy.fill(random);
  std::string id;
  for (const std::byte byte : random) {
    id += kHex[std::to_integer<unsigned>(byte) >> 4];
    id += kHex[std::to_integer<unsigned>(byte) & 15];
  }
  return id;
}

}  // namespace

Middleware request_id(RequestIdOptions options) {
  const auto settings = std::make_shared<const RequestIdOptions>(std::move(options));
  return [settings](Request& request, Response& response, const Next& next) {
    conn::HttpSession& session = conn::HttpSession::of(request);
    const http::Head& head = request.head();
    const std::string_view sent = head.find(settings->field);
    const bool taken =
        head.count(settings->field) == 1 && is_sane(sent) && is_trusted(settings->trust, session);
    std::string id = taken ? std::string(sent) : new_id(session.connection().context().entropy());
    response.on_head([settings, id](Response& r) { r.set(settings->field, id); });
    request.set("request_id", std::move(id));
    next();
  };
}

}  // namespace hybi
