// A whole site without a kernel: router, middleware, channels and connections over a FakeBackend.
// The same functions as hybi::Server for routes. Used by test_server.h and server_fuzz.cc.
#pragma once

#include <hybi/app/channel_hub.h>
#include <hybi/app/site.h>
#include <hybi/conn/counters.h>
#include <hybi/conn/loop_context.h>
#include <hybi/io/listener.h>
#include <hybi/io/loop.h>
#include <hybi/server.h>
#include <hybi/testing/fake_backend.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>

namespace hybi::test {

class MemorySite : public Routes<MemorySite> {
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
    hub_->set_error_hook(options.on_error);
    site_.set_blocking(options.blocking_threads, options.max_blocking_queue);
    context_ = std::make_unique<conn::LoopContext>(*loop_, 0, share_, fresh_, counters_);
    channels_ = std::make_unique<LoopChannels>(*hub_, *context_->port().get(), 0u);
    context_->set_channels(channels_.get());
    hub_->join(context_->port(), *channels_);
    hub_->start();
    listener_ = io::Listener::create(
        *loop_, testing::FakeBackend::kAnyToken,
        [this](std::unique_ptr<io::Stream> stream, const io::Address& peer) {
          context_->accept(std::move(stream), peer, proxy_protocol_);
        },
        1'000'000);
  }

  MemorySite& host(std::string_view name, Router router) {
    add_host(name, std::move(router));
    return *this;
  }

  MemorySite& templates(std::shared_ptr<const TemplateEngine> engine) {
    site_.set_templates(std::move(engine));
    return *this;
  }

  void publish(std::string_view channel, const Message& message, PublishOptions options = {}) {
    hub_->publish(channel, message, std::move(options));
  }
  MemorySite& channel(std::string_view pattern, ChannelOptions options) {
    require(hub_->rules().add(pattern, std::move(options)));
    return *this;
  }
  MemorySite& engine(std::shared_ptr<Engine> engine) {
    hub_->set_engine(std::move(engine));
    hub_->start();
    return *this;
  }
  ChannelHub& hub() { return *hub_; }
  void stop(std::chrono::milliseconds deadline) {
    loop_->post([this, deadline] {
      listener_.reset();
      context_->stop(loop_->now() + deadline, [this] { stopped_ = true; });
    });
  }
  bool stopped() const { return stopped_; }
  // New connections begin with a PROXY header.
  void expect_proxy_header() { proxy_protocol_ = true; }

  testing::FakeBackend& net() { return *net_; }
  io::Loop& loop() { return *loop_; }
  conn::LoopContext& context() { return *context_; }
  conn::Counters& counters() { return counters_; }

 private:
  static void require(const Result<void>& result) {
    if (!result) std::abort();
  }

  // Routes may still be added between requests.
  class Fresh final : public conn::Application {
   public:
    explicit Fresh(MemorySite& site) : site_(site) {}
    void on_request(conn::HttpSession& session) override {
      if (site_.list().size() != built_) {
        require(site_.list().mistake());
        site_.site_.build(site_.list());
        built_ = site_.list().size();
      }
      site_.site_.on_request(session);
    }
    bool on_error_answer(conn::HttpSession& session, const ErrorAnswer& info) override {
      return site_.site_.on_error_answer(session, info);
    }
    bool run_blocking(std::function<void()> work) override {
      return site_.site_.run_blocking(std::move(work));
    }
    const TemplateEngine* templates() const override { return site_.site_.templates(); }
    void on_error(Error error, std::string_view what) override {
      site_.site_.on_error(error, what);
    }

   private:
    MemorySite& site_;
    std::size_t built_ = 0;
  };

  testing::FakeBackend* net_ = nullptr;
  std::unique_ptr<io::Loop> loop_;
  conn::ServerShare share_;
  conn::Counters counters_;
  Site site_;
  Fresh fresh_{*this};
  std::shared_ptr<ChannelHub> hub_ = std::make_shared<ChannelHub>();
  std::unique_ptr<LoopChannels> channels_;
  std::unique_ptr<conn::LoopContext> context_;
  std::unique_ptr<io::Listener> listener_;
  bool stopped_ = false;
  bool proxy_protocol_ = false;
};

}  // namespace hybi::test
