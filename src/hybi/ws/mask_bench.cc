// The mask at memory speed: beside it, copying the same bytes.
#include <hybi/testing/split.h>
#include <hybi/ws/mask.h>

#include <benchmark/benchmark.h>

namespace hybi::ws {
namespace {

const MaskKey kKey(std::array<std::byte, 4>{std::byte{1}, std::byte{2}, std::byte{3},
                                            std::byte{4}});

void Mask(benchmark::State& state) {
  hybi::testing::OwnedBytes data(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    mask(data, kKey);
    benchmark::DoNotOptimize(data.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void MaskCopy(benchmark::State& state) {
  const hybi::testing::OwnedBytes from(static_cast<std::size_t>(state.range(0)));
  hybi::testing::OwnedBytes to(from.size());
  for (auto _ : state) {
    mask_copy(to.data(), from, kKey);
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void Copy(benchmark::State& state) {
  const hybi::testing::OwnedBytes from(static_cast<std::size_t>(state.range(0)));
  hybi::testing::OwnedBytes to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

BENCHMARK(Mask)->Arg(20)->Arg(125)->Arg(1024)->Arg(65536)->Arg(1 << 20);
BENCHMARK(MaskCopy)->Arg(20)->Arg(125)->Arg(1024)->Arg(65536)->Arg(1 << 20);
BENCHMARK(Copy)->Arg(20)->Arg(125)->Arg(1024)->Arg(65536)->Arg(1 << 20);

}  // namespace
}  // namespace hybi::ws
