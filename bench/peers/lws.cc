// Peer: libwebsockets, one thread. /echo, /broadcast/ROOM, GET /.
//
//   peer_lws [--port P] [--loop poll|uv] [--deflate off|no-context|context] [--level 1..9]
//
// Its own loop is poll(2), faster than libuv up to about a thousand connections; with many idle
// ones each turn costs as much as there are connections, so the idle rows use libuv (Debian's
// plugin). A message is collected and written back whole. Several messages leave in one writable
// callback as long as the connection is not choked, which is more than its examples do.
//
// With --deflate it compresses with its default memory (8); whether it keeps context is the
// client's choice. A subscriber's connection compresses a publication for itself.
#include <libwebsockets.h>

#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "args.h"
#include "listen.h"

namespace {

// A payload with the room in front of it that lws_write wants for the header.
struct Message {
  std::vector<unsigned char> bytes = std::vector<unsigned char>(LWS_PRE);
  bool text = false;

  std::size_t size() const { return bytes.size() - LWS_PRE; }
};

struct Session;
using Room = std::unordered_set<Session*>;

struct Session {
  lws* wsi = nullptr;
  Room* room = nullptr;  // null: /echo
  std::shared_ptr<Message> incoming;
  std::deque<std::shared_ptr<Message>> outgoing;
};

void queue(Session& session, std::shared_ptr<Message> message) {
  session.outgoing.push_back(std::move(message));
  lws_callback_on_writable(session.wsi);
}

void on_receive(Session& session, const void* in, std::size_t length) {
  if (!session.incoming) session.incoming = std::make_shared<Message>();
  Message& message = *session.incoming;
  const auto* bytes = static_cast<const unsigned char*>(in);
  message.bytes.insert(message.bytes.end(), bytes, bytes + length);
  if (lws_remaining_packet_payload(session.wsi) != 0 || !lws_is_final_fragment(session.wsi)) return;
  message.text = lws_frame_is_binary(session.wsi) == 0;
  const auto complete = std::move(session.incoming);
  session.incoming.reset();
  if (session.room == nullptr) return queue(session, complete);
  for (Session* other : *session.room) queue(*other, complete);
}

int on_writable(Session& session) {
  while (!session.outgoing.empty()) {
    if (lws_send_pipe_choked(session.wsi) != 0) {
      lws_callback_on_writable(session.wsi);
      return 0;
    }
    const auto message = std::move(session.outgoing.front());
    session.outgoing.pop_front();
    if (lws_write(session.wsi, message->bytes.data() + LWS_PRE, message->size(),
                  message->text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY) < 0) {
      return -1;
    }
  }
  return 0;
}

// Shared by all connections: protocols' callbacks find it in the context.
struct Bench {
  std::unordered_map<std::string, Room> rooms;  // by path
  std::string level;                            // of compression
};

Bench& bench_of(lws* wsi) {
  return *static_cast<Bench*>(lws_context_user(lws_get_context(wsi)));
}

// Without effect where permessage-deflate was not agreed on.
void set_deflate_options(lws* wsi) {
  const auto set = [wsi](const char* name, const char* value) {
    lws_set_extension_option(wsi, "permessage-deflate", name, value);
  };
  // Room for a whole message, instead of turns of 1 KiB. Exponents of two.
  set("rx_buf_size", "16");
  set("tx_buf_size", "16");
  set("compression_level", bench_of(wsi).level.c_str());
}

int callback(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t length) {
  auto* session = static_cast<Session*>(user);
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED: {
      new (session) Session();
      session->wsi = wsi;
      set_deflate_options(wsi);
      char path[64] = "";
      lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI);
      if (std::strncmp(path, "/broadcast/", 11) == 0) {
        session->room = &bench_of(wsi).rooms[path];
        session->room->insert(session);
      }
      return 0;
    }
    case LWS_CALLBACK_CLOSED: {
      if (session->room != nullptr) session->room->erase(session);
      session->~Session();
      return 0;
    }
    case LWS_CALLBACK_RECEIVE:
      on_receive(*session, in, length);
      return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
      return on_writable(*session);
    case LWS_CALLBACK_HTTP: {
      unsigned char buffer[LWS_PRE + 512];
      unsigned char* start = buffer + LWS_PRE;
      unsigned char* at = start;
      unsigned char* end = buffer + sizeof buffer - 1;
      static const char kBody[] = "Hello, World!";
      if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, "text/plain; charset=utf-8",
                                      sizeof kBody - 1, &at, end) != 0 ||
          lws_finalize_http_header(wsi, &at, end) != 0) {
        return 1;
      }
      std::memcpy(at, kBody, sizeof kBody - 1);  // head and body leave together
      at += sizeof kBody - 1;
      if (lws_write(wsi, start, static_cast<std::size_t>(at - start), LWS_WRITE_HTTP_HEADERS) < 0) {
        return 1;
      }
      return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
    }
    default:
      return lws_callback_http_dummy(wsi, reason, user, in, length);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Args args(argc, argv);
  lws_set_log_level(0, nullptr);
  lws_protocols protocols[2] = {};
  protocols[0].name = "bench";
  protocols[0].callback = callback;
  protocols[0].per_session_data_size = sizeof(Session);
  protocols[0].rx_buffer_size = static_cast<std::size_t>(args.number("--rx-buffer", 65536));

  const lws_extension extensions[] = {
      {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
      {nullptr, nullptr, nullptr},
  };

  Bench bench;
  bench.level = args.text("--level", "1");
  lws_context_creation_info info{};
  info.port = static_cast<int>(args.number("--port", 0));
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  info.user = &bench;
  if (args.text("--deflate", "off") != "off") info.extensions = extensions;
  info.pt_serv_buf_size = 65536;  // one read takes this much
  info.gid = static_cast<gid_t>(-1);
  info.uid = static_cast<uid_t>(-1);
  info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
  if (args.text("--loop", "poll") == "uv") info.options |= LWS_SERVER_OPTION_LIBUV;
  lws_context* context = lws_create_context(&info);
  if (context == nullptr) return 1;
  lws_vhost* vhost = lws_create_vhost(context, &info);
  if (vhost == nullptr) return 1;
  bench::announce(lws_get_vhost_listen_port(vhost));
  while (lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
}
