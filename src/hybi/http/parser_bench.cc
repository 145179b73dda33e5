// The cost of parsing requests that have arrived whole: a small one, a browser's, a pipeline of
// sixteen.
#include <hybi/http/parser.h>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

namespace {

using namespace hybi;

const std::string kSmall = "GET / HTTP/1.1\r\nHost: localhost:3400\r\nAccept: */*\r\n\r\n";

const std::string kBrowser =
    "GET /chat/room-17?since=1041 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=5f2b8c1d9e7a4036; theme=dark\r\n\r\n";

// Parses all of `wire`, again and again with one parser.
void parse(benchmark::State& state, const std::string& wire) {
  const HttpLimits limits;
  http::RequestParser parser(limits);
  std::int64_t requests = 0;
  for (auto unused : state) {
    (void)unused;
    Bytes in = as_bytes(wire);
    while (!in.empty() || !parser.between_requests()) {
      const http::ParseEvent event = parser.next(in);
      if (event.kind == http::ParseEvent::Kind::Failed) std::abort();
      if (event.kind == http::ParseEvent::Kind::End) ++requests;
      benchmark::DoNotOptimize(event);
    }
  }
  state.SetItemsProcessed(requests);
  state.SetBytesProcessed(static_cast<std::int64_t>(wire.size()) * state.iterations());
}

void small_request(benchmark::State& state) {
  parse(state, kSmall);
}

void browser_request(benchmark::State& state) {
  parse(state, kBrowser);
}

void sixteen_small_requests(benchmark::State& state) {
  std::string wire;
  for (int i = 0; i < 16; ++i) wire += kSmall;
  parse(state, wire);
}

BENCHMARK(small_request);
BENCHMARK(browser_request);
BENCHMARK(sixteen_small_requests);

}  // namespace

BENCHMARK_MAIN();
