// In front of HTTP on a listener for proxies: the PROXY header that names the client, then HTTP.
//
// Nobody is answered here: what does not begin with a good header in time is reset, and so are
// peers that are not trusted. See io/proxy_protocol.h, ListenOptions::proxy_protocol.
#pragma once

#include <hybi/conn/connection.h>
#include <hybi/conn/session.h>
#include <hybi/io/loop.h>

namespace hybi::conn {

class ProxySession final : public Session {
 public:
  explicit ProxySession(Connection& connection);

  void on_start() override;
  void on_bytes(MutableBytes& in) override;
  void on_end() override;
  void on_progress(std::uint64_t, std::uint64_t) override {}
  void on_deadline() override;
  void on_stop() override;
  void on_closed(Error) override {}

 private:
  void refuse(Errc why);

  Connection& connection_;
  io::TimePoint due_;
};

}  // namespace hybi::conn
