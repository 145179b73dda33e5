// What a server answers: its routes and middleware. One for all loops, unchanged once they run.
#pragma once

#include <hybi/app/router.h>
#include <hybi/conn/application.h>
#include <hybi/conn/http_session.h>
#include <hybi/server.h>

#include <functional>
#include <string>
#include <vector>

namespace hybi {

class Site final : public conn::Application {
 public:
  Router& router() { return router_; }
  // See Server::ws.
  Result<void> add_websocket(std::string_view pattern, WebSocketHandlers handlers);
  void use(std::string_view prefix, Middleware middleware);
  void set_error_hook(std::function<void(Error, std::string_view)> hook) {
    hook_ = std::move(hook);
  }

  void on_request(conn::HttpSession& session) override;
  void on_error(Error error, std::string_view what) override;

 private:
  struct Layer {
    std::string prefix;  // "" or "/x": matches "/x" and "/x/..."
    Middleware run;
  };
  class Continuation;

  void run_layers(conn::HttpSession& session, std::size_t from);
  void run_route(conn::HttpSession& session);

  Router router_;
  std::vector<Layer> layers_;
  std::function<void(Error, std::string_view)> hook_;
};

}  // namespace hybi
