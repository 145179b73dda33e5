// Writing routes down: RouteList and the functions behind hybi::Routes. See router.h.
#include <hybi/app/route_list.h>
#include <hybi/base/ascii.h>
#include <hybi/http/target.h>

namespace hybi {

using conn::RoutePattern;

namespace {

// `pattern` below `prefix`. Fails: BadPattern when both name the same parameter.
Result<RoutePattern> joined(const RoutePattern& prefix, const RoutePattern& pattern) {
  if (prefix.segments.empty()) return pattern;
  return RoutePattern::parse(prefix.text + pattern.text);
}

// `location` with its `:name`s replaced by what the request's path had there. A slash at the front
// of one is escaped: the answer must not name another host ("//evil.example").
std::string expanded(std::string_view location, const Request& request) {
  std::string to;
  while (!location.empty()) {
    const std::size_t at = std::min(location.find("/:"), location.size());
    to.append(location.substr(0, at));
    location.remove_prefix(at);
    if (location.empty()) break;
    const std::size_t end = std::min(location.find_first_of("/?#", 1), location.size());
    const std::string value = request.param(location.substr(2, end - 2));
    to += '/';
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string_view c = std::string_view(value).substr(i, 1);
      to += c == "/" && i > 0 ? "/" : http::encode_component(c);
    }
    location.remove_prefix(end);
  }
  return to;
}

}  // namespace

void RouteList::note(Result<void> result) {
  if (!result && mistake_.code == Errc::Ok) mistake_ = result.error();
}

std::size_t RouteList::size() const {
  return entries.size() + layers.size() + errors.size() + hosts.size();
}

RoutePattern RouteList::prefix_of(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty()) return {};
  Result<RoutePattern> pattern = RoutePattern::parse(text);
  if (pattern && pattern->segments.back().kind != RoutePattern::Segment::Kind::Rest) {
    return std::move(*pattern);
  }
  note(Errc::BadPattern);
  return {};
}

void RouteList::add(RouteSlot slot, std::string_view pattern, RouteOptions options,
                    Handler handler) {
  Result<RoutePattern> parsed = RoutePattern::parse(pattern);
  if (!parsed) return note(parsed.error());
  if ((options.deadline && options.deadline->count() <= 0) || options.max_body_bytes == 0U) {
    note(Errc::BadLimit);
  }
  entries.push_back({slot, std::move(*parsed), std::move(handler), std::move(options)});
}

void RouteList::add_layer(std::string_view prefix, Middleware middleware) {
  layers.push_back({prefix_of(prefix), std::move(middleware)});
}

void RouteList::add_error(unsigned status, ErrorHandler handler) {
  if (status != kAnyError && (status < 400 || status > 599)) note(Errc::BadStatus);
  errors.push_back({{}, status, std::move(handler)});
}

void RouteList::add_mount(std::string_view prefix, RouteList list) {
  const RoutePattern below = prefix_of(prefix);
  if (list.mistake_.code != Errc::Ok) note(list.mistake_);
  const auto move_below = [&](RoutePattern& pattern) {
    Result<RoutePattern> whole = joined(below, pattern);
    if (whole) {
      pattern = std::move(*whole);
    } else {
      note(whole.error());
    }
  };
  for (Entry& entry : list.entries) {
    // The root of what is mounted is the prefix, written with a slash at the end or without.
    if (entry.pattern.text == "/" && !below.segments.empty()) {
      entries.push_back({entry.slot, below, entry.handler, entry.options});
    }
    move_below(entry.pattern);
    entries.push_back(std::move(entry));
  }
  for (Layer& layer : list.layers) {
    move_below(layer.prefix);
    layers.push_back(std::move(layer));
  }
  for (ErrorRoute& error : list.errors) {
    move_below(error.prefix);
    errors.push_back(std::move(error));
  }
}

void RouteList::add_host(std::string_view name, RouteList list) {
  Host host{std::string(name), std::move(list)};
  for (char& c : host.name) c = to_lower(c);
  std::string_view rest = host.name;
  if (rest.starts_with("*.")) rest.remove_prefix(2);
  if (rest.empty() || rest.find_first_of("*/: ") != std::string_view::npos) note(Errc::BadHost);
  if (host.list.mistake_.code != Errc::Ok) note(host.list.mistake_);
  hosts.push_back(std::move(host));
}

std::vector<RouteInfo> RouteList::describe() const {
  std::vector<RouteInfo> lines;
  for (const Entry& entry : entries) {
    lines.push_back({{}, std::string(name_of(entry.slot)), entry.pattern.text});
  }
  for (const Host& host : hosts) {
    for (RouteInfo& line : host.list.describe()) {
      line.host = host.name;
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

// --- the front door

RouteWriter::RouteWriter() : list_(std::make_unique<RouteList>()) {}
RouteWriter::~RouteWriter() = default;
RouteWriter::RouteWriter(RouteWriter&&) noexcept = default;
RouteWriter& RouteWriter::operator=(RouteWriter&&) noexcept = default;

std::vector<RouteInfo> RouteWriter::routes() const {
  return list_->describe();
}

void RouteWriter::add(http::Method method, std::string_view pattern, RouteOptions options,
                      Handler handler) {
  list_->add(slot_of(method), pattern, std::move(options), std::move(handler));
}

void RouteWriter::add_any(std::string_view pattern, RouteOptions options, Handler handler) {
  list_->add(kAnyMethod, pattern, std::move(options), std::move(handler));
}

void RouteWriter::add_websocket(std::string_view pattern, WebSocketHandlers handlers) {
  list_->note(check(handlers));
  auto shared = std::make_shared<const WebSocketHandlers>(std::move(handlers));
  list_->add(kWebSocket, pattern, {}, [shared](Request& request, Response&) {
    if (auto upgrade = request.websocket()) std::move(*upgrade).accept(shared);
  });
}

void RouteWriter::add_redirect(std::string_view pattern, std::string location, unsigned status) {
  if (status < 301 || status > 308 || (status > 303 && status < 307)) list_->note(Errc::BadStatus);
  list_->add(kAnyMethod, pattern, {},
             [location = std::move(location), status](Request& request, Response& response) {
               response.redirect(expanded(location, request), status);
             });
}

void RouteWriter::add_layer(std::string_view prefix, Middleware middleware) {
  list_->add_layer(prefix, std::move(middleware));
}

void RouteWriter::add_error(unsigned status, ErrorHandler handler) {
  list_->add_error(status, std::move(handler));
}

void RouteWriter::add_mount(std::string_view prefix, Router router) {
  list_->add_mount(prefix, std::move(router.list()));
}

void RouteWriter::add_host(std::string_view host, Router router) {
  list_->add_host(host, std::move(router.list()));
}

}  // namespace hybi
