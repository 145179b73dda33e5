// A site with sessions over either store, and browsers that keep their cookie. Only for *_test.cc.
//
// The site runs in memory on the test's thread, with a clock that is moved by hand; a real
// redis-server answers on its own thread and in its own time.
#pragma once

#include <hybi/app/test_server.h>
#include <hybi/app/test_stores.h>
#include <hybi/session.h>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace hybi::test {

inline const std::string kSessionSecret = "a secret of 16 bytes or more";

class Browser {
 public:
  Browser(MemoryServer& server, std::string cookie_name = "sid")
      : server_(server), name_(std::move(cookie_name)) {}

  // A request on a connection of its own; what Set-Cookie says is kept.
  Reply ask(const std::string& request) {
    const auto client = server_.connect();
    client->write(request);
    return reply_on(*client);
  }
  Reply reply_on(TestClient& client) {
    server_.run_until([&] { return client.read_until(replies(1)); });
    std::string text = client.received();
    const auto reply = take_reply(text);
    if (!reply) {
      ADD_FAILURE() << "no answer: " << client.received();
      return {};
    }
    keep(*reply);
    return *reply;
  }
  Reply get(const std::string& target, const std::string& fields = {}) {
    return ask(test::get(target, cookies() + fields));
  }
  Reply post(const std::string& target, const std::string& body, const std::string& fields = {}) {
    return ask(test::post(target, body, cookies() + fields));
  }
  std::string said(const std::string& target) { return get(target).body; }

  // A WebSocket with the cookie. Returns: null if the answer was not 101.
  std::unique_ptr<TestClient> open(const std::string& target) {
    auto client = server_.connect();
    client->write(upgrade(target, cookies()));
    server_.run_until([&] {
      return client->read_until(
          [](const std::string& text) { return text.find("\r\n\r\n") != std::string::npos; });
    });
    std::string text = client->take();
    const std::size_t end = text.find("\r\n\r\n") + 4;
    const std::string head = text.substr(0, end);
    behind_head = text.substr(end);
    if (!head.starts_with("HTTP/1.1 101")) {
      refused = head;
      return nullptr;
    }
    keep(Reply{101, head, ""});
    return client;
  }
  // What the server has sent on a WebSocket once it is `wanted`; what there is after a while.
  std::string heard(TestClient& client, const std::string& wanted) {
    server_.run_until([&] {
      client.read_until(std::size_t{0});
      return show_frames(client.received()).starts_with(wanted);
    });
    return show_frames(client.received());
  }

  std::string cookies() const { return cookie.empty() ? "" : "Cookie: " + cookie + "\r\n"; }
  std::string value() const { return cookie.substr(cookie.find('=') + 1); }

  std::string cookie = {};       // "sid=..."
  std::string set_cookie = {};   // the last one, whole
  std::string refused = {};      // the head of the answer that was not 101
  std::string behind_head = {};  // what came together with the 101

 private:
  void keep(const Reply& reply) {
    const std::string field = reply.field("set-cookie");
    set_cookie = field;
    if (!field.starts_with(name_ + "=")) return;
    cookie = field.substr(0, field.find(';'));
    if (cookie == name_ + "=") cookie.clear();
  }

  MemoryServer& server_;
  std::string name_;
};

// A store whose answers can be made to fail, or to wait until they are let go.
class ControlledStore final : public SessionStore {
 public:
  explicit ControlledStore(std::shared_ptr<SessionStore> inner) : inner_(std::move(inner)) {}

  void get(const std::string& id, Done<std::optional<StoredSession>> done) override {
    if (fail_loads) return later([done] { done(Error{Errc::SessionStoreFailed}); });
    later([this, id, done] { inner_->get(id, done); });
  }
  void set(const std::string& id, SessionChange change, Done<bool> done) override {
    if (fail_saves != Errc::Ok) return later([this, done] { done(Error{fail_saves}); });
    later([this, id, change, done] { inner_->set(id, change, done); });
  }
  void touch(const std::string& id, std::chrono::milliseconds time, Done<bool> done) override {
    ++touches;
    if (fail_saves != Errc::Ok) return later([this, done] { done(Error{fail_saves}); });
    later([this, id, time, done] { inner_->touch(id, time, done); });
  }
  void destroy(const std::string& id, Done<bool> done) override {
    if (fail_saves != Errc::Ok) return later([this, done] { done(Error{fail_saves}); });
    later([this, id, done] { inner_->destroy(id, done); });
  }
  std::shared_ptr<void> watch(Watcher watcher) override {
    watcher_ = watcher;
    return inner_->watch(std::move(watcher));
  }

  // What waits is done on another thread, as a real store would.
  void let_go() {
    std::vector<std::function<void()>> all;
    all.swap(waiting_);
    std::thread([&] {
      for (const auto& one : all) one();
    }).join();
  }
  std::size_t waiting() const { return waiting_.size(); }
  void tell_gap() { watcher_.on_gap(); }

  bool fail_loads = false;
  Errc fail_saves = Errc::Ok;
  bool hold = false;
  int touches = 0;

 private:
  void later(std::function<void()> answer) {
    if (hold) {
      waiting_.push_back(std::move(answer));
    } else {
      answer();
    }
  }

  std::shared_ptr<SessionStore> inner_;
  Watcher watcher_;
  std::vector<std::function<void()>> waiting_;
};

class SessionsFixture {
 protected:
  explicit SessionsFixture(StoreKind kind) : stores_(kind) {}

  SessionOptions options() {
    return {.secrets = {kSessionSecret},
            .store = stores_.node(),
            .on_error =
                [this](Error error, std::string_view what) {
                  told_.add(std::string(info(error.code).name) + " " + std::string(what));
                },
            .now = [this] { return stores_.clock().system(); }};
  }

  // What the tests ask for, by path.
  static void add_routes(MemorySite& site, const Sessions& sessions) {
    site.use(sessions.middleware());
    const auto route = [&](std::string_view path,
                           std::function<std::string(Session&, Request&)> f) {
      site.get(path, [sessions, f](Request& request, Response& response) {
        response.text(f(*sessions.of(request), request));
      });
    };
    route("/", [](Session&, Request&) { return "hello"; });
    route("/get/:name", [](Session& session, Request& request) {
      return session.get(request.param("name")).value_or("none");
    });
    route("/set/:name/:value", [](Session& session, Request& request) {
      session.set(request.param("name"), request.param("value"));
      return "set";
    });
    route("/erase/:name", [](Session& session, Request& request) {
      session.erase(request.param("name"));
      return "erased";
    });
    route("/names", [](Session& session, Request&) {
      std::string all = session.is_new() ? "new:" : "";
      for (const std::string& name : session.names()) all += name + " ";
      return all;
    });
    route("/id", [](Session& session, Request&) { return session.id(); });
    route("/clear", [](Session& session, Request&) {
      session.clear();
      return "cleared";
    });
    route("/rotate", [](Session& session, Request&) {
      session.rotate();
      return "rotated";
    });
    route("/login/:user", [](Session& session, Request& request) {
      session.rotate();
      session.set("user", request.param("user"));
      return "welcome";
    });
    route("/destroy", [](Session& session, Request&) {
      session.destroy();
      return "destroyed";
    });
    route("/again", [](Session& session, Request&) {
      session.destroy();
      session.set("again", "yes");
      return "again";
    });
    site.get("/save/:name/:value", [sessions](Request& request, Response& response) {
      sessions.of(request)->set(request.param("name"), request.param("value"));
      sessions.save(request, response, [](Response& then) { then.text("saved"); });
    });
    site.get("/live", sessions.websocket(live(sessions)));
  }

  // "get x", "set x y", "save", "reload", "destroy", "rotate", anything else comes back.
  static WebSocketHandlers live(const Sessions& sessions) {
    WebSocketHandlers handlers;
    handlers.on_message = [sessions](WebSocket& ws, Message message) {
      Session* const session = sessions.of(ws);
      const std::string text(message.text());
      const auto tell = [](std::string what) {
        return [what](WebSocket& then, Result<void> done) {
          then.send(done ? what : std::string(info(done.error().code).name));
        };
      };
      if (text.starts_with("get ")) {
        ws.send(session->get(text.substr(4)).value_or("none"));
      } else if (text.starts_with("set ")) {
        session->set(text.substr(4, 1), text.substr(6));
      } else if (text == "save") {
        sessions.save(ws, tell("saved"));
      } else if (text == "reload") {
        sessions.reload(ws, tell("reloaded"));
      } else if (text == "destroy") {
        session->destroy();
        sessions.save(ws, tell("destroyed"));
      } else if (text == "rotate") {
        session->rotate();
      } else {
        ws.send(text);
      }
    };
    return handlers;
  }

  std::unique_ptr<MemoryServer> serve(const Sessions& sessions, ServerOptions options = {}) {
    return start_in_memory([&](MemorySite& site) { add_routes(site, sessions); }, options);
  }

  TestStores stores_;
  Notes told_;
};

}  // namespace hybi::test
