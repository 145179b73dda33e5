// The load generator: one thread, its own epoll client, one JSON line about one measurement.
//
//   load --port P [--mode echo|raw|http|handshake|broadcast|idle|subscriptions] [--path /echo]
//        [--connections N]
//        [--payload BYTES] [--depth D] [--text] [--clean-close] [--seconds S] [--warmup S]
//        [--json] [--deflate no-context|context] [--offer EXTENSIONS] [--body BYTES]
//        [--rooms N] [--all-publish] [--half-load] [--stalled PATH]
//        [--channels N] [--subscriptions N]
//        [--server-pid PID] [--cpu CORE]
//
// Uses nothing of the library. Exits with 1 and a line on stderr when anything is not as it should
// be: a wrong byte, a lost message, a closed connection. See README.md for what the modes mean.
#include <unistd.h>

#include <cstdio>

#include "args.h"
#include "load/modes.h"
#include "load/net.h"
#include "load/process.h"

namespace {

const char* default_path(const std::string& mode) {
  if (mode == "http") return "/";
  if (mode == "subscriptions") return "/subscriptions";
  return mode == "broadcast" ? "/broadcast" : "/echo";
}

void print(const bench::Options& o, const bench::Measurement& m) {
  const double seconds = static_cast<double>(m.window_ns) / 1e9;
  const double messages = static_cast<double>(m.messages);
  const double per_message = m.messages == 0 ? 0 : 1e-3 / messages;
  std::printf(
      "{\"mode\": \"%s\", \"connections\": %zu, \"payload_bytes\": %zu, \"depth\": %zu, "
      "\"messages\": %.0f, \"seconds\": %.4f, \"messages_per_second\": %.1f, "
      "\"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, "
      "\"server_cpu_us_per_message\": %.4f, \"client_cpu_us_per_message\": %.4f, "
      "\"server_busy\": %.3f, \"client_busy\": %.3f",
      o.mode.c_str(), o.connections, o.payload_bytes, o.depth, messages, seconds,
      seconds > 0 ? messages / seconds : 0.0, m.latency.percentile_us(0.5),
      m.latency.percentile_us(0.99), m.latency.percentile_us(0.999),
      static_cast<double>(m.server_cpu_ns) * per_message,
      static_cast<double>(m.client_cpu_ns) * per_message,
      seconds > 0 ? static_cast<double>(m.server_cpu_ns) / 1e9 / seconds : 0.0,
      seconds > 0 ? static_cast<double>(m.client_cpu_ns) / 1e9 / seconds : 0.0);
  if (o.mode == "idle") {
    std::printf(", \"bytes_per_connection\": %.1f, \"rss_bytes\": %llu", m.bytes_per_connection,
                static_cast<unsigned long long>(m.rss_bytes));
  }
  if (o.half_load) {
    std::printf(
        ", \"half_load_per_second\": %.1f, \"half_load_p50_us\": %.2f, "
        "\"half_load_p99_us\": %.2f",
        m.half_load_per_second, m.half_load_latency.percentile_us(0.5),
        m.half_load_latency.percentile_us(0.99));
  }
  if (!o.stalled.empty()) {
    std::printf(", \"stalled_p50_us\": %.2f, \"stalled_p99_us\": %.2f, \"grown_bytes\": %.0f",
                m.stalled_latency.percentile_us(0.5), m.stalled_latency.percentile_us(0.99),
                m.grown_bytes);
  }
  if (o.mode == "subscriptions") {
    std::printf(", \"bytes_per_channel\": %.1f, \"bytes_per_subscription\": %.1f",
                m.bytes_per_channel, m.bytes_per_subscription);
  }
  if (o.json || o.mode == "http") {
    std::printf(", \"reply_bytes\": %.1f", static_cast<double>(m.reply_bytes) / messages);
  }
  std::printf("}\n");
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Args args(argc, argv);
  bench::Options options;
  options.mode = args.text("--mode", "echo");
  options.path = args.text("--path", default_path(options.mode));
  options.port = static_cast<int>(args.number("--port", 0));
  options.connections = static_cast<std::size_t>(args.number("--connections", 1));
  options.payload_bytes = static_cast<std::size_t>(args.number("--payload", 20));
  options.depth = static_cast<std::size_t>(args.number("--depth", 1));
  options.text = args.flag("--text");
  options.deflate = bench::parse_deflate(args.text("--deflate", "off"));
  options.json = args.flag("--json") || options.deflate != bench::Deflate::Off;
  options.offer = args.text("--offer", bench::default_offer(options.deflate));
  options.clean_close = args.flag("--clean-close");
  options.rooms = static_cast<std::size_t>(args.number("--rooms", 1));
  options.all_publish = args.flag("--all-publish");
  options.half_load = args.flag("--half-load");
  options.stalled = args.text("--stalled", "");
  options.channels = static_cast<std::size_t>(args.number("--channels", 100'000));
  options.subscriptions = static_cast<std::size_t>(args.number("--subscriptions", 1000));
  options.body_bytes = static_cast<std::size_t>(args.number("--body", 0));
  options.seconds = args.real("--seconds", 1);
  options.warmup_seconds = args.real("--warmup", 0.2);
  options.server_pid = static_cast<int>(args.number("--server-pid", 0));
  if (options.port <= 0 || options.port > 65535) bench::fail("--port is missing");
  if (options.connections == 0 || options.depth == 0) bench::fail("nothing to do");

  // Bounded whatever the server does: SIGALRM ends the program.
  alarm(static_cast<unsigned>(6 * (options.seconds + options.warmup_seconds)) + 60);
  if (const long cpu = args.number("--cpu", -1); cpu >= 0) bench::pin_to_cpu(static_cast<int>(cpu));
  bench::raise_descriptor_limit();

  bench::Measurement measurement;
  if (options.mode == "echo" && options.json) {
    bench::run_json_echo(options, measurement);
  } else if (options.mode == "echo" || options.mode == "raw" || options.mode == "http") {
    bench::run_exchange(options, measurement);
  } else if (options.mode == "broadcast" && options.json) {
    bench::run_json_broadcast(options, measurement);
  } else if (options.mode == "broadcast") {
    bench::run_broadcast(options, measurement);
  } else if (options.mode == "handshake") {
    bench::run_handshake(options, measurement);
  } else if (options.mode == "idle") {
    bench::run_idle(options, measurement);
  } else if (options.mode == "subscriptions") {
    bench::run_subscriptions(options, measurement);
  } else {
    bench::fail("unknown --mode");
  }
  if (measurement.messages == 0) bench::fail("no message arrived");
  print(options, measurement);
  return 0;
}
