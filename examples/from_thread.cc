// Sending from threads that are not the server's: a job answers whoever started it through a
// handle, which never dangles, and a clock publishes to everybody who watches.
//   example_from_thread [PORT]     ws://.../job: send a number, get its square    ws://.../clock
#include <hybi/hybi.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <queue>
#include <string>
#include <thread>

struct Jobs {
  std::mutex mutex;
  std::condition_variable_any ready;
  std::queue<std::pair<hybi::WebSocketHandle, long>> waiting;

  void work(std::stop_token stop) {
    std::unique_lock lock(mutex);
    while (ready.wait(lock, stop, [&] { return !waiting.empty(); })) {
      const auto [who, number] = waiting.front();
      waiting.pop();
      lock.unlock();
      who.send(std::to_string(number * number));  // Closed if they have left: nothing happens
      lock.lock();
    }
  }
};

int main(int argc, char** argv) {
  Jobs jobs;
  hybi::Server server({.threads = 2});
  server.ws("/job", {.on_message = [&](hybi::WebSocket& ws, hybi::Message m) {
              const std::lock_guard lock(jobs.mutex);
              jobs.waiting.emplace(ws.handle(), std::atol(std::string(m.text()).c_str()));
              jobs.ready.notify_one();
            }});
  server.ws("/clock", {.on_open = [](hybi::WebSocket& ws) { ws.subscribe("clock"); }});

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::jthread worker([&](std::stop_token stop) { jobs.work(stop); });
  std::jthread clock([&](std::stop_token stop) {
    for (int tick = 0; !stop.stop_requested(); ++tick) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      server.publish("clock", "tick " + std::to_string(tick));
    }
  });
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
