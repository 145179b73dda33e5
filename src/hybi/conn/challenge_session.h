// Between the 101 answer and the WebSocket of hixie-76, hybi-01 and hybi-02: waits for the eight
// bytes behind the request and answers with the sixteen that prove we have read them. hixie-76 5.2.
//
// The head of the answer has left before, because some proxies keep the eight bytes until they see
// it. The WebSocket begins when they have come; if they do not, nobody is told that it ended.
#pragma once

#include <hybi/conn/connection.h>
#include <hybi/conn/session.h>
#include <hybi/ws/hixie_key.h>

#include <array>
#include <memory>

namespace hybi::conn {

class ChallengeSession final : public Session {
 public:
  ChallengeSession(Connection& connection, std::unique_ptr<Session> websocket,
                   std::uint32_t number1, std::uint32_t number2);

  void on_start() override;
  void on_bytes(MutableBytes& in) override;
  void on_end() override;
  void on_progress(std::uint64_t, std::uint64_t) override {}
  void on_deadline() override;
  void on_stop() override;
  void on_closed(Error) override {}

 private:
  Connection& connection_;
  std::unique_ptr<Session> websocket_;
  io::TimePoint due_;
  std::array<std::byte, ws::kKey3Bytes> key3_{};
  std::size_t have_ = 0;
  std::uint32_t number1_, number2_;
};

}  // namespace hybi::conn
