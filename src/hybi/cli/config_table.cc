// The rows of config_schema.h's table, and how a row reaches its field.
//
// A new setting is a field in serve_config.h and a row here; the manual's table (docs/topics/
// configuration.md) is what `hybi config settings` prints afterwards.
#include <hybi/cli/config_checks.h>
#include <hybi/cli/config_schema.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <type_traits>

namespace hybi::cli {
namespace {

using Config = ServeConfig;
using ServerPart = Config::ServerPart;
using StaticPart = Config::StaticPart;
using WebSocketPart = Config::WebSocketPart;
using ChannelsPart = Config::ChannelsPart;
using SessionsPart = Config::SessionsPart;
using LogPart = Config::LogPart;
using CompressionPart = Config::CompressionPart;
using std::chrono::milliseconds;

// A field as a value and back: one pair for each type a field may have.

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;

template <Number T>
Value to_value(T field) {
  return static_cast<std::uint64_t>(field);
}
template <Number T>
void from_value(T& field, const Value& value) {
  field = static_cast<T>(std::get<std::uint64_t>(value));
}

template <class T>
requires std::is_enum_v<T> Value to_value(T field) {
  return static_cast<std::uint64_t>(field);
}
template <class T>
requires std::is_enum_v<T>
void from_value(T& field, const Value& value) {
  field = static_cast<T>(std::get<std::uint64_t>(value));
}

Value to_value(milliseconds field) {
  return static_cast<std::uint64_t>(field.count());
}
void from_value(milliseconds& field, const Value& value) {
  field = milliseconds(static_cast<milliseconds::rep>(std::get<std::uint64_t>(value)));
}

template <class T>
concept Plain = std::same_as<T, bool> || std::same_as<T, std::string> ||
    std::same_as<T, StringList> || std::same_as<T, FieldMap>;

template <Plain T>
Value to_value(const T& field) {
  return field;
}
template <Plain T>
void from_value(T& field, const Value& value) {
  field = std::get<T>(value);
}

Value to_value(const Versions& versions) {
  NumberList numbers;
  for (std::size_t i = ws::kVersionCount; i-- > 0;) {  // the newest first
    const Version version = ws::version_at(i);
    if (versions.has(version)) numbers.push_back(static_cast<unsigned>(ws::number_of(version)));
  }
  return numbers;
}
void from_value(Versions& versions, const Value& value) {
  const NumberList& numbers = std::get<NumberList>(value);
  std::array<Version, ws::kVersionCount> chosen{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < ws::kVersionCount; ++i) {
    const auto number = static_cast<std::uint64_t>(ws::number_of(ws::version_at(i)));
    if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) continue;
    chosen[count++] = ws::version_at(i);
  }
  versions = Versions{};
  if (count == 0) return;
  // A set is made of a list that is written out, so what is left of it repeats the first.
  std::fill(chosen.begin() + static_cast<std::ptrdiff_t>(count), chosen.end(), chosen[0]);
  versions = Versions{chosen[0], chosen[1], chosen[2], chosen[3], chosen[4],
                      chosen[5], chosen[6], chosen[7], chosen[8], chosen[9]};
  static_assert(ws::kVersionCount == 10);
}

Value to_value(const OriginPolicy& origins) {
  if (origins.kind == OriginPolicy::Kind::Any) return StringList{"*"};
  return origins.kind == OriginPolicy::Kind::List ? origins.list : StringList{};
}
void from_value(OriginPolicy& origins, const Value& value) {
  const StringList& list = std::get<StringList>(value);
  const bool missing = origins.allow_missing;
  origins = list.empty()              ? OriginPolicy{}
            : list == StringList{"*"} ? OriginPolicy::any()
                                      : OriginPolicy::only(list);
  origins.allow_missing = missing;
}

template <auto... Path>
constexpr Access at() {
  return {[](const Config& config) -> Value { return to_value((config.*....*Path)); },
          [](Config& config, const Value& value) { from_value((config.*....*Path), value); }};
}

template <auto Field>
constexpr Access server() {
  return at<&Config::server, Field>();
}
template <auto Field>
constexpr Access http() {
  return at<&Config::http, Field>();
}
template <auto Field>
constexpr Access files() {
  return at<&Config::files, Field>();
}
template <auto... Fields>
constexpr Access socket() {
  return at<&Config::websocket, Fields...>();
}
template <auto Field>
constexpr Access limit() {
  return at<&Config::websocket, &WebSocketPart::limits, Field>();
}
template <auto Field>
constexpr Access channels() {
  return at<&Config::channels, Field>();
}
template <auto Field>
constexpr Access sessions() {
  return at<&Config::sessions, Field>();
}
template <auto Field>
constexpr Access log() {
  return at<&Config::log, Field>();
}
template <auto Field>
constexpr Access compression() {
  return at<&Config::compression, Field>();
}

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kGiB = kKiB * kKiB * kKiB;
constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kDay = 86'400 * kSecond;
constexpr std::uint64_t kLongest = 24 * kDay;  // is_valid(HttpLimits): 31 bits of milliseconds

using enum Kind;

// clang-format off
constexpr Setting kSettings[] = {
    {"server", "listen", Strings, server<&ServerPart::listen>(),
     "Where to listen: `host:port`, `[v6]:port`, `port` (every address) or `unix:/path`; port 0 "
     "lets the system choose", {.least = 1, .most = 64, .check = check_listen}},
    {"server", "threads", Integer, server<&ServerPart::threads>(), "Event loops, one thread each",
     {.least = 1, .most = 1024, .default_text = "the processors, 4 at most"}},
    {"server", "backend", Enum, server<&ServerPart::backend>(),
     "How the loops talk to the kernel; `auto` takes what pays", {.choices = "auto epoll uring"}},
    {"server", "trusted_proxies", Strings, server<&ServerPart::trusted_proxies>(),
     "Peers whose `Forwarded` and `X-Forwarded-*` count: addresses, networks, `unix`",
     {.most = 1024, .check = check_network}},
    {"server", "behind_tls", Bool, server<&ServerPart::behind_tls>(),
     "Clients speak TLS, to a proxy in front"},
    {"server", "proxy_protocol", Bool, server<&ServerPart::proxy_protocol>(),
     "Every connection begins with a PROXY protocol header, version 1 or 2"},
    {"server", "max_connections", Integer, server<&ServerPart::max_connections>(),
     "More are answered 503", {.least = 1, .most = 100'000'000}},
    {"server", "shutdown_timeout", Duration, server<&ServerPart::shutdown_timeout>(),
     "What still runs so long after SIGINT or SIGTERM is cut", {.most = kDay, .reload = true}},

    {"http", "max_head", Size, http<&HttpLimits::max_head_bytes>(), "Request line and fields; 431",
     {.least = 256, .most = 16 * kKiB * kKiB}},
    {"http", "max_fields", Integer, http<&HttpLimits::max_field_count>(),
     "Fields of a request; 431", {.least = 1, .most = 10'000}},
    {"http", "max_target", Size, http<&HttpLimits::max_target_bytes>(),
     "The request's target; 414", {.least = 16, .most = 16 * kKiB * kKiB}},
    {"http", "max_body", Size, http<&HttpLimits::max_body_bytes>(), "A request's body; 413",
     {.least = 1, .most = 1024 * kGiB}},
    {"http", "max_trailer", Size, http<&HttpLimits::max_trailer_bytes>(),
     "Trailers of a chunked body; 431", {.least = 1, .most = 16 * kKiB * kKiB}},
    {"http", "max_chunk_extensions", Size, http<&HttpLimits::max_chunk_extension_bytes>(),
     "Chunk extensions of a whole body; 400", {.least = 1, .most = 16 * kKiB * kKiB}},
    {"http", "high_water", Size, http<&HttpLimits::high_water_bytes>(),
     "A streamed response pauses above so many unsent bytes", {.least = 1, .most = kGiB}},
    {"http", "head_timeout", Duration, http<&HttpLimits::head_timeout>(),
     "From the first byte to the end of the head; 408", {.least = 1, .most = kLongest}},
    {"http", "keep_alive_timeout", Duration, http<&HttpLimits::keep_alive_timeout>(),
     "Between two requests; then the connection ends", {.least = 1, .most = kLongest}},
    {"http", "body_grace", Duration, http<&HttpLimits::body_grace>(),
     "Before `min_body_rate` counts", {.least = 1, .most = kLongest}},
    {"http", "min_body_rate", Size, http<&HttpLimits::min_body_bytes_per_second>(),
     "Bytes of a body per second, on average; 408", {.least = 1, .most = kGiB}},
    {"http", "write_timeout", Duration, http<&HttpLimits::write_timeout>(),
     "The peer takes nothing of a response; reset", {.least = 1, .most = kLongest}},
    {"http", "linger_timeout", Duration, http<&HttpLimits::linger_timeout>(),
     "Reading on after a refusal", {.least = 1, .most = kLongest}},

    {"static", "root", String, files<&StaticPart::root>(),
     "The folder, if the command line names none; relative to this file"},
    {"static", "index", Strings, files<&StaticPart::index>(),
     "What a folder is answered with, the first that exists",
     {.most = 16, .check = check_file_name}},
    {"static", "listing", Bool, files<&StaticPart::listing>(), "List folders that have no index"},
    {"static", "precompressed", Bool, files<&StaticPart::precompressed>(),
     "Send `x.br` or `x.gz` instead of `x` to who takes it"},
    {"static", "dotfiles", Enum, files<&StaticPart::dotfiles>(),
     "Names that begin with a dot", {.choices = "refuse serve"}},
    {"static", "symlinks", Enum, files<&StaticPart::symlinks>(),
     "Symbolic links: never, those that stay inside the folder, all",
     {.choices = "refuse inside follow"}},
    {"static", "cache_control", String, files<&StaticPart::cache_control>(),
     "The header as it is sent; empty: made of `max_age`", {.check = check_field_value}},
    {"static", "max_age", Duration, files<&StaticPart::max_age>(),
     "How long browsers may use a file without asking", {.most = 365 * kDay}},
    {"static", "fallback", String, files<&StaticPart::fallback>(),
     "The file that answers paths without one, for single-page applications; empty: 404"},

    {"websocket", "echo", String, socket<&WebSocketPart::echo>(), "Path of the echo; empty: none",
     {.check = check_route, .reload = true}},
    {"websocket", "versions", Numbers, socket<&WebSocketPart::versions>(),
     "What clients may speak; older than 7 only with `origins`",
     {.choices = "13 8 7 6 5 4 2 1 76 75", .reload = true}},
    {"websocket", "compression", Enum, socket<&WebSocketPart::compression, &hybi::Compression::mode>(),
     "Of messages, where the client offers it",
     {.choices = "off shared dedicated", .reload = true}},
    {"websocket", "window_bits", Integer, socket<&WebSocketPart::compression, &hybi::Compression::window_bits>(),
     "`dedicated`: history of 2^n bytes", {.least = 8, .most = 15, .reload = true}},
    {"websocket", "mem_level", Integer, socket<&WebSocketPart::compression, &hybi::Compression::mem_level>(),
     "`dedicated`: tables of 2^(n + 9) bytes", {.least = 1, .most = 9, .reload = true}},
    {"websocket", "threshold", Size, socket<&WebSocketPart::compression, &hybi::Compression::threshold>(),
     "Shorter messages are sent as they are", {.most = kGiB, .reload = true}},
    {"websocket", "origins", Strings, socket<&WebSocketPart::origins>(),
     "Pages that may connect; empty: those of the same origin, `[\"*\"]`: all",
     {.most = 1024, .check = check_origin, .reload = true}},
    {"websocket", "allow_missing_origin", Bool, socket<&WebSocketPart::origins, &OriginPolicy::allow_missing>(),
     "Clients without Origin, that is no browsers, may connect", {.reload = true}},
    {"websocket", "slow_peer", Enum, socket<&WebSocketPart::slow_policy>(),
     "Who does not take what was sent: closed with 1013, or loses messages",
     {.choices = "close drop keep_latest", .reload = true}},
    {"websocket", "max_message", Size, limit<&WebSocketLimits::max_message_bytes>(),
     "A message, after inflating; 1009", {.least = 1, .most = 4 * kGiB, .reload = true}},
    {"websocket", "max_held", Size, limit<&WebSocketLimits::max_held_bytes>(),
     "Memory of an unfinished message; 1009", {.least = 1, .most = 16 * kGiB, .reload = true}},
    {"websocket", "max_control_frames", Integer, limit<&WebSocketLimits::max_control_frames_per_second>(),
     "Pings and pongs per second; 1008", {.least = 1, .most = 65'534, .reload = true}},
    {"websocket", "high_water", Size, limit<&WebSocketLimits::high_water_bytes>(),
     "Unsent bytes above which reading pauses", {.least = 1, .most = 16 * kGiB, .reload = true}},
    {"websocket", "low_water", Size, limit<&WebSocketLimits::low_water_bytes>(),
     "Unsent bytes below which reading goes on", {.most = 16 * kGiB, .reload = true}},
    {"websocket", "ping_interval", Duration, limit<&WebSocketLimits::ping_interval>(),
     "Silence after which a peer is pinged", {.least = 1, .most = kLongest, .reload = true}},
    {"websocket", "pong_timeout", Duration, limit<&WebSocketLimits::pong_timeout>(),
     "Silence after that ping that ends the connection",
     {.least = 1, .most = kLongest, .reload = true}},
    {"websocket", "idle_timeout", Duration, limit<&WebSocketLimits::idle_timeout>(),
     "No message for so long: closed with 1001", {.least = 1, .most = kLongest, .reload = true}},
    {"websocket", "close_timeout", Duration, limit<&WebSocketLimits::close_timeout>(),
     "Wait for the peer's close frame", {.least = 1, .most = kLongest, .reload = true}},

    {"channels", "enabled", Bool, channels<&ChannelsPart::enabled>(),
     "Chat rooms at `path`, and their client at `/hybi.js`", {.reload = true}},
    {"channels", "path", String, channels<&ChannelsPart::path>(), "Where the rooms are",
     {.check = check_url_path, .reload = true}},
    {"channels", "max_rooms", Integer, channels<&ChannelsPart::max_rooms>(),
     "Rooms with somebody in them", {.least = 1, .most = 1'000'000}},
    {"channels", "max_people", Integer, channels<&ChannelsPart::max_people>(),
     "People in one room", {.least = 1, .most = 1'000'000}},
    {"channels", "max_message", Size, channels<&ChannelsPart::max_message_bytes>(),
     "A WebSocket message of a client, which may be several of a room; 1009", {.least = 64, .most = kGiB, .reload = true}},

    {"sessions", "enabled", Bool, sessions<&SessionsPart::enabled>(),
     "Sessions in a signed cookie, for requests and WebSockets"},
    {"sessions", "secret", String, sessions<&SessionsPart::secret>(),
     "Signs the cookies; 32 bytes at least. Empty: a new one at each start",
     {.check = check_secret, .secret = true}},
    {"sessions", "secret_file", String, sessions<&SessionsPart::secret_file>(),
     "A file with the secret instead; relative to this file"},
    {"sessions", "idle", Duration, sessions<&SessionsPart::idle>(),
     "A session ends after so long without a request", {.least = kSecond, .most = 365 * kDay}},
    {"sessions", "absolute", Duration, sessions<&SessionsPart::absolute>(),
     "A session ends so long after it began", {.least = kSecond, .most = 365 * kDay}},
    {"sessions", "store", String, sessions<&SessionsPart::store>(),
     "`memory` or `redis://host:6379/0`", {.check = check_store, .secret = true}},

    {"log", "level", Enum, log<&LogPart::level>(), "What is less important is left out",
     {.choices = "debug info warn error", .reload = true}},
    {"log", "format", Enum, log<&LogPart::format>(), "One event, one line",
     {.choices = "text logfmt json", .reload = true}},
    {"log", "access", Enum, log<&LogPart::access>(), "A line for each request",
     {.choices = "off common combined json logfmt"}},
    {"log", "file", String, log<&LogPart::file>(),
     "Opened again at SIGHUP; relative to this file. Empty: stderr", {.reload = true}},

    {"compression", "enabled", Bool, compression<&CompressionPart::enabled>(),
     "Compress responses for clients that take it"},
    {"compression", "types", Strings, compression<&CompressionPart::types>(),
     "Media types that are worth it", {.most = 256, .check = check_media_type}},
    {"compression", "threshold", Size, compression<&CompressionPart::threshold>(),
     "Shorter responses are sent as they are", {.most = kGiB}},

    {"headers", "", Fields, at<&Config::headers>(),
     "Any name with a string: added to every response", {.most = 64, .reload = true}},
};
// clang-format on

}  // namespace

std::span<const Setting> settings() {
  return kSettings;
}

}  // namespace hybi::cli
