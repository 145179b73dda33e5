// The challenge behind the head, see challenge_session.h.
#include <hybi/conn/challenge_session.h>
#include <hybi/conn/loop_context.h>

#include <algorithm>

namespace hybi::conn {

ChallengeSession::ChallengeSession(Connection& connection, std::unique_ptr<Session> websocket,
                                   std::uint32_t number1, std::uint32_t number2)
    : connection_(connection),
      websocket_(std::move(websocket)),
      due_(connection.context().loop().now() + connection.context().share().http.head_timeout),
      number1_(number1),
      number2_(number2) {}

void ChallengeSession::on_start() {
  connection_.want_deadline(due_);
}

void ChallengeSession::on_bytes(MutableBytes& in) {
  const std::size_t count = std::min(key3_.size() - have_, in.size());
  std::copy_n(in.begin(), count, key3_.begin() + static_cast<std::ptrdiff_t>(have_));
  have_ += count;
  in = in.subspan(count);
  if (have_ < key3_.size()) return;
  connection_.out().append(ws::hixie_answer(number1_, number2_, key3_));
  connection_.become(std::move(websocket_));
}

void ChallengeSession::on_end() {
  connection_.end();
}

void ChallengeSession::on_deadline() {
  if (connection_.context().loop().now() < due_) {
    connection_.want_deadline(due_);
  } else {
    connection_.end({Errc::HttpHeadTimeout});
  }
}

void ChallengeSession::on_stop() {
  connection_.end();
}

}  // namespace hybi::conn
