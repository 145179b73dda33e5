// Streams of both kernel backends against plain sockets on loopback.
#include <hybi/io/test_sockets.h>

#include <algorithm>

#include <gtest/gtest.h>

namespace hybi::io::test {
namespace {

// The backends this kernel offers; io_uring's absence is tested in backend_test.cc.
std::vector<BackendKind> available_backends() {
  std::vector<BackendKind> kinds{BackendKind::Epoll};
  if (Loop::create({.backend = BackendKind::Uring})) kinds.push_back(BackendKind::Uring);
  return kinds;
}

class StreamTest : public ::testing::TestWithParam<BackendKind> {};

INSTANTIATE_TEST_SUITE_P(Backends, StreamTest, ::testing::ValuesIn(available_backends()),
                         [](const auto& test) { return std::string(name_of(test.param)); });

void echo(Connection& connection) {
  connection.when_bytes = [](Connection& self, MutableBytes in) { self.send(as_text(in)); };
}

TEST_P(StreamTest, EchoesWhatTheClientSent) {
  Server server(GetParam());
  server.when_accepted = echo;
  Client client(server.port);
  client.send("hello");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive() == "hello"; }));
  client.send(" again");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive() == "hello again"; }));
}

}  // namespace
}  // namespace hybi::io::test
