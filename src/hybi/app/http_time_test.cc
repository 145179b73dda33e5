// Time in HTTP: slow heads, slow bodies, idle connections, slow readers. In memory, with a clock
// moved by hand. RFC 9110 15.5.9, RFC 9112 9.5, 9.6.
#include <hybi/app/test_server.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class HttpTime
    : public ::testing::TestWithParam<bool> {  // whether writes complete at the turn's end
 protected:
  void start(HttpLimits limits = {}) {
    server_ = start_in_memory(
        [this](MemorySite& site) {
          site.get("/", [](Request&, Response& res) { res.text("hello"); });
          site.get("/big", [](Request&, Response& res) { res.text(std::string(100'000, 'b')); });
          site.get("/later", [this](Request&, Response& res) { later_ = res.later(); });
          site.post("/body", [](Request& req, Response& res) { res.bytes(req.body()); });
        },
        ServerOptions{.http = limits}, GetParam());
    peer_ = server_->connect_peer();
  }
  std::string received() {
    server_->settle();
    return peer_->take_received();
  }

  std::unique_ptr<MemoryServer> server_;
  std::unique_ptr<testing::MemoryPeer> peer_;
  std::optional<ResponseHandle> later_;
};

TEST_P(HttpTime, AnswersASlowHeadWith408) {  // c6: slowloris
  start();
  for (const char c : get("/").substr(0, 19)) {  // a byte every 500 ms
    peer_->write(std::string_view(&c, 1));
    server_->advance(500ms);
  }
  EXPECT_EQ(received(), "");
  server_->advance(600ms);
  const auto all = take_replies(received());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status, 408u);
  EXPECT_EQ(all[0].field("connection"), "close");
  EXPECT_TRUE(peer_->server_ended());
}

TEST_P(HttpTime, MeasuresTheHeadFromItsFirstByteOnAKeptConnection) {  // CVE-2019-5737
  start();
  peer_->write(get("/"));
  received();
  server_->advance(30s);
  peer_->write("GET / HT");
  server_->advance(9s);
  EXPECT_FALSE(peer_->server_ended());
  peer_->write("TP/1.1\r\n");
  server_->advance(1200ms);
  EXPECT_EQ(take_replies(received()).at(0).status, 408u);
}

TEST_P(HttpTime, ClosesSilentlyWhereNothingWasAsked) {
  start();
  server_->advance(9900ms);
  EXPECT_FALSE(peer_->server_closed());
  server_->advance(200ms);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_FALSE(peer_->was_reset());
  EXPECT_EQ(received(), "");
}

TEST_P(HttpTime, EndsAKeptConnectionAfterItsTime) {  // RFC 9112 9.5
  start();
  peer_->write(get("/"));
  EXPECT_EQ(take_replies(received(), false).size(), 1u);
  server_->advance(59'900ms);
  EXPECT_FALSE(peer_->server_closed());
  server_->advance(200ms);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_FALSE(peer_->was_reset());
  EXPECT_EQ(received(), "");
}

TEST_P(HttpTime, AnswersARequestThatComesLateOnAKeptConnection) {
  start();
  for (const int pause : {31, 45, 59}) {
    peer_->write(get("/"));
    server_->net().advance(20ms);  // the clock moves while the request is on its way
    EXPECT_EQ(take_replies(received(), false).size(), 1u) << pause;
    EXPECT_FALSE(peer_->server_closed());
    server_->advance(std::chrono::seconds(pause));
  }
  peer_->write(
      "POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  server_->net().advance(20ms);
  EXPECT_EQ(received(), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_P(HttpTime, RefusesABodySlowerThanTheMinimumRate) {  // RFC 9110 15.5.9, c7
  start();
  peer_->write("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  for (int i = 0; i < 49; ++i) {  // 10 bytes a second
    peer_->write("x");
    server_->advance(100ms);
  }
  EXPECT_EQ(received(), "");
  server_->advance(400ms);
  EXPECT_EQ(take_replies(received()).at(0).status, 408u);
}

TEST_P(HttpTime, TakesALongBodyAtTheMinimumRate) {
  start();
  peer_->write("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
  for (int i = 0; i < 50; ++i) {
    peer_->write(std::string(1200, 'x'));
    server_->advance(1s);
  }
  EXPECT_EQ(take_replies(received(), false).at(0).body.size(), 60000u);
}

TEST_P(HttpTime, RefusesASlowBodyAfterAskingForIt) {
  start();
  peer_->write(
      "POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(received(), "HTTP/1.1 100 Continue\r\n\r\n");
  server_->advance(5100ms);
  EXPECT_EQ(take_replies(received()).at(0).status, 408u);
}

TEST_P(HttpTime, LingersAShortWhileAfterARefusalAndEndsWithoutAReset) {  // RFC 9112 9.6, c13
  start();
  peer_->write("nonsense\r\n\r\n");
  EXPECT_EQ(take_replies(received()).at(0).status, 400u);
  EXPECT_TRUE(peer_->server_ended());
  EXPECT_FALSE(peer_->server_closed());
  for (int i = 0; i < 19; ++i) {
    peer_->write(std::string(10'000, 'x'));  // what still comes is read and dropped
    server_->advance(100ms);
  }
  EXPECT_FALSE(peer_->server_closed());
  server_->advance(200ms);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_FALSE(peer_->was_reset()) << "the system may still be delivering the answer";
}

TEST_P(HttpTime, LingersFromTheTimeTheLastByteHasLeft) {
  start();
  peer_->set_window(0);
  peer_->write(get("/big", "Connection: close\r\n"));
  server_->advance(20s);
  EXPECT_FALSE(peer_->server_ended());
  peer_->set_window(testing::MemoryPeer::kUnlimited);
  EXPECT_EQ(take_replies(received()).at(0).body.size(), 100'000u);
  server_->advance(1900ms);
  EXPECT_FALSE(peer_->server_closed());
  server_->advance(200ms);
  EXPECT_TRUE(peer_->server_closed());
}

TEST_P(HttpTime, ResetsAReaderThatTakesNothing) {  // CVE-2024-22201: a zero window
  start();
  peer_->set_window(0);
  peer_->write(get("/big"));
  server_->advance(29s);
  EXPECT_FALSE(peer_->server_closed());
  server_->advance(1100ms);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_TRUE(peer_->was_reset());
}

TEST_P(HttpTime, WaitsForAReaderThatTakesALittle) {
  start();
  peer_->set_window(0);
  peer_->write(get("/big"));
  for (int i = 0; i < 10; ++i) {
    server_->advance(25s);
    peer_->set_window(5000);
  }
  peer_->set_window(testing::MemoryPeer::kUnlimited);
  EXPECT_EQ(take_replies(received(), false).at(0).body.size(), 100'000u);
}

TEST_P(HttpTime, WaitsForALateAnswerWithoutALimit) {
  start();
  peer_->write(get("/later") + get("/"));
  server_->advance(300s);
  ASSERT_TRUE(later_);
  EXPECT_EQ(received(), "");
  EXPECT_FALSE(peer_->server_closed());
  later_->respond([](Response& res) { res.text("at last"); });
  EXPECT_EQ(take_replies(received(), false).size(), 2u);
}

TEST_P(HttpTime, HoldsPipelinedAnswersInBoundedMemoryForASlowReader) {  // c12
  HttpLimits limits;
  limits.high_water_bytes = 300'000;
  start(limits);
  peer_->set_window(0);
  for (int i = 0; i < 200; ++i) peer_->write(get("/big"));  // 20 MB of answers
  server_->settle();
  EXPECT_LT(server_->site().counters().requests.get(), 10u);
  EXPECT_FALSE(peer_->server_reads());
  std::size_t answers = 0;
  std::string text;
  for (int i = 0; i < 2000 && answers < 200; ++i) {
    peer_->set_window(50'000);
    text += received();
    while (take_reply(text)) ++answers;
    ASSERT_LT(server_->site().counters().requests.get(), answers + 10);
  }
  EXPECT_EQ(answers, 200u);
  EXPECT_EQ(text, "");
}

TEST_P(HttpTime, CutsWhatIsLeftAtTheDeadlineOfTheStop) {
  start();
  auto reader = server_->connect_peer();
  reader->set_window(10);
  reader->write(get("/big"));
  peer_->write(get("/later"));
  server_->settle();
  server_->stop(2s);
  server_->advance(1900ms);
  EXPECT_FALSE(peer_->server_closed());
  EXPECT_FALSE(server_->stopped());
  server_->advance(200ms);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_TRUE(reader->server_closed());
  EXPECT_TRUE(server_->stopped());
  EXPECT_TRUE(later_->respond([](Response&) { FAIL() << "there is nobody to answer"; }));
  server_->settle();
}

INSTANTIATE_TEST_SUITE_P(Over, HttpTime, ::testing::Bool(), [](const auto& param) {
  return param.param ? "MemoryPending" : "Memory";
});

}  // namespace
}  // namespace hybi::test
