// What a user of the library writes: a server with a route and an echo, started on a port of the
// system's choice, asked once over a plain socket, stopped.
#include <hybi/hybi.h>
#include <hybi/static_files.h>
#ifdef CONSUMER_HAS_ASSETS
#include <consumer_assets.h>
#endif

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace {

std::string ask(std::uint16_t port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    char bytes[4096];
    for (ssize_t count; (count = ::recv(fd, bytes, sizeof(bytes), 0)) > 0;) {
      answer.append(bytes, static_cast<std::size_t>(count));
    }
  }
  ::close(fd);
  return answer;
}

}  // namespace

int main() {
  hybi::Server server;
  server.get("/health", [](hybi::Request&, hybi::Response& res) { res.text("ok"); });
  server.ws("/echo", {.on_message = [](hybi::WebSocket& ws, hybi::Message m) { ws.send(m); }});
  hybi::mount_files(server, "/none", "/nonexistent");
#ifdef CONSUMER_HAS_ASSETS
  hybi::mount_handler(server, "/assets", hybi::embedded_files(consumer_assets()));
#endif
  server.listen("127.0.0.1:0");
  if (auto started = server.start(); !started) return hybi::print_error(started.error());

  const std::string answer =
      ask(server.port(), "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  bool embedded = true;
#ifdef CONSUMER_HAS_ASSETS
  const std::string page =
      ask(server.port(),
          "GET /assets/page.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  embedded = page.find("Content-Type: text/html; charset=utf-8\r\n") != std::string::npos &&
             page.find("ETag: \"") != std::string::npos && page.ends_with("<p>compiled in</p>\n");
#endif
  server.stop();
  server.wait();
  std::printf("%s\n", answer.c_str());
  return embedded && answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok") ? 0 : 1;
}
