// What `hybi serve` can be told, as plain values: the defaults are what stands here and in the
// front door's option structs.
//
// config_schema.h names every field that may stand in hybi.toml; config.h fills it in.
#pragma once

#include <hybi/server.h>
#include <hybi/static_files.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hybi::cli {

unsigned default_threads();  // the processors, four at most

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };
enum class LogFormat : std::uint8_t { Text, Logfmt, Json };
enum class AccessLog : std::uint8_t { Off, Common, Combined, Json, Logfmt };

using FieldMap = std::map<std::string, std::string>;

struct ServeConfig {
  struct ServerPart {
    std::vector<std::string> listen = {"localhost:3400"};
    unsigned threads = default_threads();
    Backend backend = Backend::Auto;
    std::vector<std::string> trusted_proxies = {};
    bool behind_tls = false;
    bool proxy_protocol = false;
    std::size_t max_connections = ServerLimits{}.max_connections;
    std::chrono::milliseconds shutdown_timeout = std::chrono::seconds(10);
  };

  struct StaticPart {
    std::string root = {};  // "": the folder of the command line
    std::vector<std::string> index = {"index.html"};
    bool listing = false;
    bool precompressed = true;
    DotFiles dotfiles = DotFiles::Refuse;
    Symlinks symlinks = Symlinks::InsideRoot;
    std::string cache_control = {};  // "": made of max_age
    std::chrono::milliseconds max_age = std::chrono::seconds(0);
    std::string fallback = {};
  };

  struct WebSocketPart {
    std::string echo = "/echo";  // "": no echo
    Versions versions = Versions::safe();
    OriginPolicy origins = {};
    Compression compression = Compression::shared();
    SlowPolicy slow_policy = SlowPolicy::Close;
    WebSocketLimits limits = {.idle_timeout = std::chrono::hours(24)};
  };

  struct ChannelsPart {
    bool enabled = true;
    std::string path = "/chat";
    std::size_t max_rooms = 200;
    std::size_t max_people = 500;                // in one room
    std::size_t max_message_bytes = 256 * 1024;  // as kMaxChatMessageBytes
  };

  struct SessionsPart {
    bool enabled = false;
    std::string secret = {};
    std::string secret_file = {};
    std::chrono::milliseconds idle = std::chrono::minutes(30);
    std::chrono::milliseconds absolute = std::chrono::hours(12);
    std::string store = "memory";
  };

  struct LogPart {
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Text;
    AccessLog access = AccessLog::Off;
    std::string file = {};  // "": stderr
  };

  struct CompressionPart {
    bool enabled = true;
    std::vector<std::string> types = {"text/*", "application/json", "application/javascript",
                                      "application/xml", "image/svg+xml"};
    std::size_t threshold = 1024;
  };

  ServerPart server = {};
  HttpLimits http = {};
  StaticPart files = {};
  WebSocketPart websocket = {};
  ChannelsPart channels = {};
  SessionsPart sessions = {};
  LogPart log = {};
  CompressionPart compression = {};
  FieldMap headers = {};
};

}  // namespace hybi::cli
