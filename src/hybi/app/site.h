// What a server answers: routes, middleware and error routes, for each of its hosts. One for all
// loops, unchanged once they run.
#pragma once

#include <hybi/app/blocking_pool.h>
#include <hybi/app/route_list.h>
#include <hybi/app/route_tree.h>
#include <hybi/conn/application.h>
#include <hybi/conn/http_session.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

class Site final : public conn::Application {
 public:
  // Takes over what was written down, in place of what there was. Lifetime: before the first
  // request, or when none is under way.
  void build(const RouteList& list);
  void set_error_hook(std::function<void(Error, std::string_view)> hook) {
    hook_ = std::move(hook);
  }

  void on_request(conn::HttpSession& session) override;
  void set_blocking(unsigned threads, std::size_t max_queue) {
    blocking_.configure(threads, max_queue);
  }
  bool run_blocking(std::function<void()> work) override { return blocking_.run(std::move(work)); }
  void set_templates(std::shared_ptr<const TemplateEngine> engine) {
    templates_ = std::move(engine);
  }
  const TemplateEngine* templates() const override { return templates_.get(); }
  bool on_error_answer(conn::HttpSession& session, const ErrorAnswer& info) override;
  void on_error(Error error, std::string_view what) override;

 private:
  // One host: every request goes through its layers, then to one of its routes.
  struct Host {
    std::string name;  // "" all others; "example.com"; ".example.com" for what ends in it
    RouteTree routes;
    std::vector<RouteList::Layer> layers;
    std::vector<RouteList::ErrorRoute> errors;  // the innermost first
  };
  class Continuation;

  static Host build_host(std::string name, const RouteList& list);
  const Host& host_of(const http::Head& head) const;
  void run_layers(const Host& host, conn::HttpSession& session, std::size_t from);
  void run_route(const Host& host, conn::HttpSession& session);

  std::vector<Host> hosts_{1};  // the exact names, then the longest endings, then all others
  std::function<void(Error, std::string_view)> hook_;
  std::shared_ptr<const TemplateEngine> templates_;
  BlockingPool blocking_;
};

}  // namespace hybi
