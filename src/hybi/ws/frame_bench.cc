// What a message costs in the protocol alone: decode, check, unmask, and encode the answer.
#include <hybi/testing/ws_peer.h>

#include <benchmark/benchmark.h>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

// `depth` messages of `bytes` bytes in one input, each echoed.
void echo(benchmark::State& state, Opcode opcode) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const auto depth = static_cast<std::size_t>(state.range(1));
  OwnedBytes input;
  for (std::size_t i = 0; i < depth; ++i) {
    const OwnedBytes one = frame(Role::Client, opcode, std::string(bytes, 'x'));
    input.insert(input.end(), one.begin(), one.end());
  }
  const WebSocketLimits limits;
  CountingEntropy entropy;
  Protocol protocol(Role::Server, limits, entropy);
  OutBuffer out;
  OwnedBytes scratch(input.size());
  for (auto _ : state) {
    std::memcpy(scratch.data(), input.data(), input.size());  // stands for recv
    MutableBytes in(scratch);
    out.clear();
    for (;;) {
      const Event event = protocol.next(in, out);
      if (event.kind == Event::Kind::NeedMore) break;
      benchmark::DoNotOptimize(opcode == Opcode::Text
                                   ? protocol.send_text(as_text(event.payload), out)
                                   : protocol.send_binary(event.payload, out));
    }
    benchmark::DoNotOptimize(out.view().data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * depth));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * depth * bytes));
}

void EchoText(benchmark::State& state) {
  echo(state, Opcode::Text);
}
void EchoBinary(benchmark::State& state) {
  echo(state, Opcode::Binary);
}

BENCHMARK(EchoText)
    ->Args({20, 1})
    ->Args({20, 16})
    ->Args({125, 64})
    ->Args({1024, 16})
    ->Args({65536, 1});
BENCHMARK(EchoBinary)
    ->Args({20, 1})
    ->Args({20, 16})
    ->Args({125, 64})
    ->Args({1024, 16})
    ->Args({65536, 1});

}  // namespace
}  // namespace hybi::ws
