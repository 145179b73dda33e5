// From a request head to its handler: middleware, then the route. See site.h.
#include <hybi/app/site.h>
#include <hybi/base/ascii.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/loop_port.h>
#include <hybi/http/target.h>
#include <hybi/ws/handshake.h>

#include <algorithm>

namespace hybi {
namespace {

// The path as the routes understand it: each segment decoded where it can be. Without this a
// percent sign in the path would lead around a middleware and still to the route behind it.
std::string decoded(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::string_view segment = conn::take_segment(path);
    result += '/';
    result += http::decode_segment(segment).value_or(std::string(segment));
  }
  return result;
}

// A path for comparison with prefixes: decoded only where that makes a difference.
class PlainPath {
 public:
  explicit PlainPath(std::string_view path) : path_(path) {
    if (!path.starts_with('/') || path.find('%') == std::string_view::npos) return;
    decoded_ = decoded(path);
    path_ = decoded_;
  }
  PlainPath(const PlainPath&) = delete;
  PlainPath& operator=(const PlainPath&) = delete;

  bool is_below(const conn::RoutePattern& prefix) const {
    std::string_view rest = path_;
    for (const conn::RoutePattern::Segment& wanted : prefix.segments) {
      if (!rest.starts_with('/')) return false;
      const std::string_view segment = conn::take_segment(rest);
      if (wanted.kind == conn::RoutePattern::Segment::Kind::Literal ? segment != wanted.text
                                                                    : segment.empty()) {
        return false;
      }
    }
    return true;
  }

 private:
  std::string decoded_;
  std::string_view path_;
};

// The host's name without a port and the dot of the root.
std::string_view without_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    authority = authority.substr(0, colon);
  }
  if (authority.ends_with('.')) authority.remove_suffix(1);
  return authority;
}

bool is_host(std::string_view name, std::string_view wanted) {
  if (!wanted.starts_with('.')) return equals_ignoring_case(name, wanted);
  return name.size() > wanted.size() &&
         equals_ignoring_case(name.substr(name.size() - wanted.size()), wanted);
}

}  // namespace

Site::Host Site::build_host(std::string name, const RouteList& list) {
  Host host;
  host.name = std::move(name);
  for (const RouteList::Entry& entry : list.entries) {
    host.routes.add(entry.slot, entry.pattern, entry.handler, entry.options);
  }
  host.layers = list.layers;
  host.errors = list.errors;
  return host;
}

void Site::build(const RouteList& list) {
  const auto inner_first = [](const RouteList::ErrorRoute& a, const RouteList::ErrorRoute& b) {
    const auto depth = a.prefix.segments.size(), other = b.prefix.segments.size();
    return depth != other ? depth > other : a.status > b.status;  // kAnyError comes last
  };
  std::vector<Host> hosts;
  for (const RouteList::Host& host : list.hosts) {
    // "*.example.com" is kept as the ending it stands for.
    const bool exact = !host.name.starts_with('*');
    hosts.push_back(build_host(exact ? host.name : host.name.substr(1), host.list));
    Host& built = hosts.back();
    // What the server itself has is around what the host has.
    built.layers.insert(built.layers.begin(), list.layers.begin(), list.layers.end());
    std::stable_sort(built.errors.begin(), built.errors.end(), inner_first);
    std::vector<RouteList::ErrorRoute> outer = list.errors;
    std::stable_sort(outer.begin(), outer.end(), inner_first);
    built.errors.insert(built.errors.end(), outer.begin(), outer.end());
  }
  std::stable_sort(hosts.begin(), hosts.end(), [](const Host& a, const Host& b) {
    const bool ending = a.name.starts_with('.'), other = b.name.starts_with('.');
    return ending != other ? other : a.name.size() > b.name.size();
  });
  hosts.push_back(build_host({}, list));
  std::stable_sort(hosts.back().errors.begin(), hosts.back().errors.end(), inner_first);
  hosts_ = std::move(hosts);
}

const Site::Host& Site::host_of(const http::Head& head) const {
  if (hosts_.size() > 1) {
    const std::string_view name = without_port(head.authority());
    for (std::size_t i = 0; i + 1 < hosts_.size(); ++i) {
      if (is_host(name, hosts_[i].name)) return hosts_[i];
    }
  }
  return hosts_.back();
}

void Site::on_error(Error error, std::string_view what) {
  if (!hook_) return;
  try {
    hook_(error, what);
  } catch (...) {  // it is called where nothing may be thrown, and there is nobody else to tell
  }
}

void Site::on_request(conn::HttpSession& session) {
  run_layers(host_of(session.request().head()), session, 0);
}

bool Site::on_error_answer(conn::HttpSession& session, const ErrorAnswer& info) {
  const Host& host = host_of(session.request().head());
  if (host.errors.empty()) return false;
  const PlainPath path(session.request().path());
  for (const RouteList::ErrorRoute& route : host.errors) {
    if (route.status != kAnyError && route.status != info.status) continue;
    if (!path.is_below(route.prefix)) continue;
    session.run_error_route(route.run, info);
    return true;
  }
  return false;
}

// What a middleware's `next` does: goes on behind it, once, if the request still waits. One that is
// given up without a call, an answer or the right to answer later is answered 500.
class Site::Continuation {
 public:
  Continuation(Site& site, const Host& host, conn::HttpSession& session, std::size_t from)
      : site_(site), host_(host), request_(session.request_ref()), from_(from) {}
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;
  ~Continuation() {
    if (called_) return;
    if (request_.connection.port->on_loop_thread()) {
      if (conn::HttpSession* const session = request_.find_here()) given_up(*session);
    } else {
      request_.post(given_up);
    }
  }

  void run() {
    if (std::exchange(called_, true)) return;
    conn::HttpSession* const session = request_.find_here();
    if (session == nullptr || session->answered()) return;
    session->hand_on();
    site_.run_layers(host_, *session, from_);
    session->handed_on();
  }

 private:
  static void given_up(conn::HttpSession& session) {
    if (!session.deferred()) session.answer_unanswered();
  }

  Site& site_;
  const Host& host_;
  conn::RequestRef request_;
  std::size_t from_;
  bool called_ = false;
};

void Site::run_layers(const Host& host, conn::HttpSession& session, std::size_t from) {
  if (from < host.layers.size()) {
    const PlainPath path(session.request().path());
    for (std::size_t i = from; i < host.layers.size(); ++i) {
      const RouteList::Layer& layer = host.layers[i];
      if (!path.is_below(layer.prefix)) continue;
      session.set_pattern(&layer.prefix);
      // Given up only after an exception has been answered.
      const auto next = std::make_shared<Continuation>(*this, host, session, i + 1);
      session.dispatch(
          [&] { layer.run(session.request(), session.response(), [next] { next->run(); }); });
      return;
    }
  }
  run_route(host, session);
}

void Site::run_route(const Host& host, conn::HttpSession& session) {
  const http::Head& head = session.request().head();
  const http::Method method = head.method();
  if (head.form() == http::TargetForm::Authority) {  // CONNECT: this is no proxy
    session.answer_error(Errc::HttpUnknownMethod);
    return;
  }
  if (head.form() == http::TargetForm::Asterisk) {  // RFC 9110 9.3.7: the server as a whole
    session.set_status(204);
    session.answer({}, {});
    return;
  }
  const RouteTree::Found found =
      host.routes.find(method, ws::is_websocket_request(head), head.path());
  if (found.route != nullptr) {
    session.set_pattern(&found.route->pattern);
    session.run(found.route->handler, found.route->options);
  } else if (!found.path_known) {
    session.answer_error(Errc::HttpNotFound);
  } else if (method == http::Method::Options) {
    session.set_field("Allow", found.allow, true);
    session.set_status(204);
    session.answer({}, {});
  } else if (found.websocket_only) {
    session.answer_error(Errc::WsHandshakeUpgrade, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
  } else {  // RFC 9110 15.5.6: 405 lists what is allowed
    session.answer_error(Errc::HttpMethodNotAllowed, "Allow: " + found.allow + "\r\n");
  }
}

}  // namespace hybi
