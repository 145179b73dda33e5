// HTTP and WebSocket as a client writes and reads them, see test_server.h.
#include <hybi/app/test_server.h>
#include <hybi/base/ascii.h>
#include <hybi/testing/ws_peer.h>

#include <gtest/gtest.h>

#include <charconv>

namespace hybi::test {

std::string Reply::field(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    if (equals_ignoring_case(line.substr(0, colon), name))
      return std::string(line.substr(colon + 2));
  }
  return {};
}

std::size_t Reply::count(std::string_view name) const {
  std::size_t count = 0;
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    if (equals_ignoring_case(line.substr(0, line.find(':')), name)) ++count;
  }
  return count;
}

namespace {

// Reads a chunked body at the front of `text`. Returns: how long it is; 0 if it is not whole.
std::size_t read_chunks(std::string_view text, std::string& body) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = text.find("\r\n", at);
    if (end == std::string_view::npos) return 0;
    std::size_t size = 0;
    const auto read = std::from_chars(text.data() + at, text.data() + end, size, 16);
    if (read.ptr != text.data() + end || read.ec != std::errc()) {
      ADD_FAILURE() << "not a chunk: " << text.substr(at, 40);
      return 0;
    }
    if (text.size() < end + 2 + size + 2) return 0;
    body += text.substr(end + 2, size);
    EXPECT_EQ(text.substr(end + 2 + size, 2), "\r\n");
    at = end + 2 + size + 2;
    if (size == 0) return at;
  }
}

}  // namespace

std::optional<Reply> take_reply(std::string& text, bool to_head, bool at_end) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  Reply reply;
  reply.head = text.substr(0, end + 4);
  if (!reply.head.starts_with("HTTP/1.1 ")) {
    ADD_FAILURE() << "not a response: " << text.substr(0, 60);
    return std::nullopt;
  }
  reply.status = static_cast<unsigned>(std::stoi(reply.head.substr(9, 3)));
  std::size_t size = end + 4;
  const bool empty = to_head || reply.status < 200 || reply.status == 204 || reply.status == 304;
  const std::string length = reply.field("content-length");
  if (empty) {
  } else if (reply.field("transfer-encoding") == "chunked") {
    const std::size_t body = read_chunks(std::string_view(text).substr(size), reply.body);
    if (body == 0) return std::nullopt;
    size += body;
  } else if (!length.empty()) {
    const std::size_t body = std::stoul(length);
    if (text.size() - size < body) return std::nullopt;
    reply.body = text.substr(size, body);
    size += body;
  } else {
    if (!at_end) return std::nullopt;
    reply.body = text.substr(size);
    size = text.size();
  }
  text.erase(0, size);
  return reply;
}

std::vector<Reply> take_replies(std::string text, bool at_end) {
  std::vector<Reply> all;
  while (auto reply = take_reply(text, false, at_end)) all.push_back(std::move(*reply));
  EXPECT_EQ(text, "") << "something that is no whole response";
  return all;
}

TestClient::Done replies(std::size_t count) {
  return [count](const std::string& received) {
    std::string text = received;
    std::size_t whole = 0;
    while (whole < count && take_reply(text)) ++whole;
    return whole == count;
  };
}

TestClient::Done holds(std::string text) {
  return [text = std::move(text)](const std::string& received) {
    return received.find(text) != std::string::npos;
  };
}

Reply ask(TestServer& server, const std::string& request) {
  const auto client = server.connect();
  client->write(request);
  EXPECT_TRUE(client->read_until(replies(1))) << request.substr(0, 200);
  std::string text = client->take();
  return take_reply(text).value_or(Reply{});
}

std::string get(std::string_view target, std::string_view fields) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) +
         "\r\n";
}

std::string post(std::string_view target, std::string_view body, std::string_view fields) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}

// --- WebSocket

std::string upgrade(std::string_view target, std::string_view fields) {
  return get(target,
             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                 std::string(fields));
}

std::unique_ptr<TestClient> open_websocket(TestServer& server, std::string_view target,
                                           std::string_view fields) {
  auto client = server.connect();
  client->write(upgrade(target, fields));
  if (!client->read_until(holds("\r\n\r\n"))) return nullptr;
  std::string text = client->take();
  const auto reply = take_reply(text);
  if (!reply || reply->status != 101) return nullptr;
  class Rest final : public TestClient {  // what came behind the 101 is received already
   public:
    Rest(std::unique_ptr<TestClient> client, std::string received) : client_(std::move(client)) {
      received_ = std::move(received);
    }
    void write(std::string_view bytes) override { client_->write(bytes); }
    void end() override { client_->end(); }
    void reset() override { client_->reset(); }
    bool read_until(const Done& done) override {
      return client_->read_until([&](const std::string&) {
        received_ += client_->take();
        return done(received_);
      });
    }
    bool read_to_end() override {
      const bool ended = client_->read_to_end();
      received_ += client_->take();
      return ended;
    }
    bool closed() override { return client_->closed(); }

   private:
    std::unique_ptr<TestClient> client_;
  };
  return std::make_unique<Rest>(std::move(client), std::move(text));
}

namespace {

std::string as_string(const testing::OwnedBytes& bytes) {
  return std::string(as_text(bytes));
}

std::string client_frame(ws::Opcode opcode, std::string_view payload, bool fin = true) {
  return as_string(testing::frame(ws::Role::Client, opcode, payload, fin));
}

}  // namespace

std::string text_frame(std::string_view payload, bool fin) {
  return client_frame(ws::Opcode::Text, payload, fin);
}

std::string continuation(std::string_view payload, bool fin) {
  return client_frame(ws::Opcode::Continuation, payload, fin);
}

std::string binary_frame(std::string_view payload) {
  return client_frame(ws::Opcode::Binary, payload);
}

std::string ping_frame(std::string_view payload) {
  return client_frame(ws::Opcode::Ping, payload);
}

std::string pong_frame(std::string_view payload) {
  return client_frame(ws::Opcode::Pong, payload);
}

std::string close_frame(int code, std::string_view reason) {
  std::string body;
  if (code != 0) {
    body += static_cast<char>(code >> 8);
    body += static_cast<char>(code & 0xff);
    body += reason;
  }
  return client_frame(ws::Opcode::Close, body);
}

std::vector<Frame> frames(std::string_view bytes) {
  std::vector<Frame> all;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  while (bytes.size() >= 2) {
    EXPECT_EQ(at(1) & 0x80, 0) << "a server masks nothing (RFC 6455 5.1)";
    std::size_t header = 2;
    std::uint64_t size = at(1) & 0x7f;
    if (size >= 126) {
      const std::size_t more = size == 126 ? 2 : 8;
      if (bytes.size() < 2 + more) break;
      size = 0;
      for (std::size_t i = 0; i < more; ++i) size = size << 8 | at(2 + i);
      header += more;
    }
    if (bytes.size() - header < size) break;
    all.push_back({at(0) & 0x0f, (at(0) & 0x80) != 0,
                   std::string(bytes.substr(header, static_cast<std::size_t>(size)))});
    bytes.remove_prefix(header + static_cast<std::size_t>(size));
  }
  return all;
}

std::string Frame::show() const {
  const std::string data =
      payload.size() > 60 ? std::to_string(payload.size()) + " bytes" : payload;
  switch (opcode) {
    case 0:
      return (fin ? "end " : "more ") + data;
    case 1:
      return (fin ? "text " : "part ") + data;
    case 2:
      return (fin ? "binary " : "binary part ") + data;
    case 8: {
      if (payload.size() < 2) return "close";
      const int code =
          static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
      return "close " + std::to_string(code);
    }
    case 9:
      return "ping " + data;
    case 10:
      return "pong " + data;
    default:
      return "opcode " + std::to_string(opcode);
  }
}

std::string show_frames(std::string_view bytes) {
  std::string text;
  for (const Frame& frame : frames(bytes)) {
    if (!text.empty()) text += '|';
    text += frame.show();
  }
  return text;
}

TestClient::Done shows(std::string what) {
  return [what = std::move(what)](const std::string& received) {
    return show_frames(received).starts_with(what);
  };
}

TestClient::Done frame_count(std::size_t count) {
  return [count](const std::string& received) { return frames(received).size() >= count; };
}

}  // namespace hybi::test
