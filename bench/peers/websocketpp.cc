// Peer: WebSocket++ over Boost.Asio, one thread. /echo, /broadcast/ROOM. It closes the connection
// after every HTTP response, so it has no part in the plaintext rows.
//
// Logging is off, buffers are as the library sets them. It writes everything queued on a
// connection with one gathered write, and joins nothing more by itself.
//
//   peer_websocketpp [--port P] [--deflate off|no-context|context]
//
// Without --deflate it is compiled without permessage-deflate. With it, level and memory are fixed
// by the library (zlib's default level, 4 of memory); whether context is kept is the client's
// choice. Each connection compresses a publication for itself.
#include <map>
#include <set>
#include <string>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

#include "args.h"
#include "listen.h"

namespace {

// Logging is compiled out, and nothing is shared between threads.
struct Config : websocketpp::config::asio {
  using concurrency_type = websocketpp::concurrency::none;
  using elog_type = websocketpp::log::stub;
  using alog_type = websocketpp::log::stub;
  struct transport_config : websocketpp::config::asio::transport_config {
    using concurrency_type = websocketpp::concurrency::none;
    using elog_type = websocketpp::log::stub;
    using alog_type = websocketpp::log::stub;
    static const bool enable_multithreading = false;
  };
  using transport_type = websocketpp::transport::asio::endpoint<transport_config>;
};

struct DeflateConfig : Config {
  struct permessage_deflate_config {};
  using permessage_deflate_type =
      websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};

using Connection = websocketpp::connection_hdl;
using Room = std::set<Connection, std::owner_less<Connection>>;

template <class Configuration>
void serve(const bench::Args& args) {
  using Server = websocketpp::server<Configuration>;
  std::map<std::string, Room> rooms;                                 // by path
  std::map<Connection, Room*, std::owner_less<Connection>> members;  // those of a room
  Server server;
  server.init_asio();
  server.set_reuse_addr(true);
  server.set_listen_backlog(4096);
  server.set_max_message_size(64 << 20);
  server.set_tcp_post_init_handler([&](Connection hdl) {
    websocketpp::lib::asio::error_code ignored;
    server.get_con_from_hdl(hdl)->get_socket().set_option(
        websocketpp::lib::asio::ip::tcp::no_delay(true), ignored);
  });
  server.set_open_handler([&](Connection hdl) {
    const std::string& path = server.get_con_from_hdl(hdl)->get_resource();
    if (path.rfind("/broadcast/", 0) != 0) return;
    Room& room = rooms[path];
    room.insert(hdl);
    members[hdl] = &room;
  });
  const auto leave = [&](Connection hdl) {
    const auto member = members.find(hdl);
    if (member == members.end()) return;
    member->second->erase(hdl);
    members.erase(member);
  };
  server.set_close_handler(leave);
  server.set_fail_handler(leave);
  server.set_message_handler([&](Connection hdl, const typename Server::message_ptr& message) {
    websocketpp::lib::error_code ignored;
    const auto member = members.find(hdl);
    if (member == members.end()) {
      server.send(hdl, message->get_payload(), message->get_opcode(), ignored);
      return;
    }
    for (const Connection& other : *member->second) {
      server.send(other, message->get_payload(), message->get_opcode(), ignored);
    }
  });
  server.listen(websocketpp::lib::asio::ip::tcp::endpoint(
      websocketpp::lib::asio::ip::address_v4::loopback(),
      static_cast<std::uint16_t>(args.number("--port", 0))));
  websocketpp::lib::asio::error_code ignored;
  bench::announce(server.get_local_endpoint(ignored).port());
  server.start_accept();
  server.run();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Args args(argc, argv);
  if (args.text("--deflate", "off") == "off") {
    serve<Config>(args);
  } else {
    serve<DeflateConfig>(args);
  }
}
