// A whole site without a kernel: router, middleware, channels and connections over a FakeBackend.
// The same functions as hybi::Server for routes. Used by test_server.h and server_fuzz.cc.
#pragma once

#include <hybi/app/channel_hub.h>
#include <hybi/app/site.h>
#include <hybi/conn/counters.h>
#include <hybi/conn/loop_context.h>
#include <hybi/io/listener.h>
#include <hybi/io/loop.h>
#include <hybi/testing/fake_backend.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>

namespace hybi::test {

class MemorySite {
 public:
  MemorySite(bool pending_writes, const ServerOptions& options) {
    auto backend = std::make_unique<testing::FakeBackend>(pending_writes);
    net_ = backend.get();
    loop_ = io::Loop::create(std::move(backend));
    share_.http = options.http;
    share_.limits = options.limits;
    share_.behind_tls = options.behind_tls;
    for (const std::string& network : options.trusted_proxies) {
      require(share_.trusted_proxies.add(network));
    }
    site_.set_error_hook(options.on_error);
    context_ = std::make_unique<conn::LoopContext>(*loop_, 0, share_, site_, counters_);
    channels_ = std::make_unique<LoopChannels>(hub_, *context_->port().get());
    context_->set_channels(channels_.get());
    hub_.join(context_->port(), *channels_);
    listener_ = io::Listener::create(
        *loop_, testing::FakeBackend::kAnyToken,
        [this](std::unique_ptr<io::Stream> stream, const io::Address& peer) {
          context_->accept(std::move(stream), peer);
        },
        1'000'000);
  }

  MemorySite& get(std::string_view pattern, Handler handler) {
    return add(http::Method::Get, pattern, std::move(handler));
  }
  MemorySite& post(std::string_view pattern, Handler handler) {
    return add(http::Method::Post, pattern, std::move(handler));
  }
  MemorySite& put(std::string_view pattern, Handler handler) {
    return add(http::Method::Put, pattern, std::move(handler));
  }
  MemorySite& any(std::string_view pattern, Handler handler) {
    require(site_.router().add_any(pattern, std::move(handler)));
    return *this;
  }
  MemorySite& ws(std::string_view pattern, WebSocketHandlers handlers) {
    require(site_.add_websocket(pattern, std::move(handlers)));
    return *this;
  }
  MemorySite& use(Middleware middleware) { return use("", std::move(middleware)); }
  MemorySite& use(std::string_view prefix, Middleware middleware) {
    site_.use(prefix, std::move(middleware));
    return *this;
  }

  void publish(std::string_view channel, const Message& message) { hub_.publish(channel, message); }
  void stop(std::chrono::milliseconds deadline) {
    loop_->post([this, deadline] {
      listener_.reset();
      context_->stop(loop_->now() + deadline, [this] { stopped_ = true; });
    });
  }
  bool stopped() const { return stopped_; }

  testing::FakeBackend& net() { return *net_; }
  io::Loop& loop() { return *loop_; }
  conn::LoopContext& context() { return *context_; }
  conn::Counters& counters() { return counters_; }

 private:
  static void require(const Result<void>& result) {
    if (!result) std::abort();
  }
  MemorySite& add(http::Method method, std::string_view pattern, Handler handler) {
    require(site_.router().add(method, pattern, std::move(handler)));
    return *this;
  }

  testing::FakeBackend* net_ = nullptr;
  std::unique_ptr<io::Loop> loop_;
  conn::ServerShare share_;
  conn::Counters counters_;
  Site site_;
  ChannelHub hub_;
  std::unique_ptr<LoopChannels> channels_;
  std::unique_ptr<conn::LoopContext> context_;
  std::unique_ptr<io::Listener> listener_;
  bool stopped_ = false;
};

}  // namespace hybi::test
