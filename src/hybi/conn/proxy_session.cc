// See proxy_session.h.
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/proxy_session.h>
#include <hybi/io/proxy_protocol.h>

namespace hybi::conn {

ProxySession::ProxySession(Connection& connection)
    : connection_(connection),
      due_(connection.context().loop().now() + connection.context().share().http.head_timeout) {
  connection_.want_deadline(due_);
}

void ProxySession::on_start() {
  const io::Networks& trusted = connection_.context().share().trusted_proxies;
  if (!trusted.empty() && !trusted.has(connection_.peer())) refuse(Errc::PermissionDenied);
}

void ProxySession::on_bytes(MutableBytes& in) {
  if (connection_.ended()) return;
  const Result<io::ProxyHeader> header = io::decode_proxy_header(in);
  if (!header) {
    refuse(header.error().code);
    return;
  }
  if (header->used == 0) return;  // it is kept and comes again with more
  in = in.subspan(header->used);
  if (!header->local && header->has_addresses()) connection_.set_peer(header->source);
  connection_.become(std::make_unique<HttpSession>(connection_));
}

void ProxySession::refuse(Errc why) {
  connection_.context().counters().refused_requests.add();
  connection_.abort(why);
}

void ProxySession::on_end() {
  connection_.end();
}

void ProxySession::on_deadline() {
  if (connection_.context().loop().now() < due_) {
    connection_.want_deadline(due_);
  } else {
    refuse(Errc::HttpHeadTimeout);
  }
}

void ProxySession::on_stop() {
  connection_.end();
}

}  // namespace hybi::conn
