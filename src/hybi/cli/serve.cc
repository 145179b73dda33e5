#include <hybi/channel_clients.h>
#include <hybi/cli/chat.h>
#include <hybi/cli/config_command.h>
#include <hybi/cli/logs.h>
#include <hybi/cli/process.h>
#include <hybi/cli/serve.h>
#include <hybi/cli/serve_parts.h>
#include <hybi/hybi.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>

namespace hybi::cli {
namespace {

// Where the client of the rooms is, unless there are none.
constexpr std::string_view kScriptPath = "/hybi.js";

// What SIGHUP replaces as a whole; never changed once it is made.
struct Live {
  FieldMap headers;
  std::string echo_path;  // "": none
  std::string chat_path;
  std::shared_ptr<const WebSocketHandlers> echo;
  std::shared_ptr<const WebSocketHandlers> chat;
};

// Thread: any. A request copies the pointer and keeps what it began with.
class LiveSwitch {
 public:
  std::shared_ptr<const Live> get() const {
    const std::lock_guard lock(mutex_);
    return live_;
  }
  void set(std::shared_ptr<const Live> live) {
    const std::lock_guard lock(mutex_);
    live_.swap(live);  // the old one goes after the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Live> live_;
};

void configure(WebSocketHandlers& handlers, const ServeConfig::WebSocketPart& config) {
  handlers.versions = config.versions;
  handlers.origins = config.origins;
  handlers.compression = config.compression;
  handlers.slow_policy = config.slow_policy;
  handlers.limits = config.limits;
}

// Fails: as check(WebSocketHandlers).
Result<std::shared_ptr<const Live>> make_live(const ServeConfig& config,
                                              const std::shared_ptr<Chat>& chat) {
  WebSocketHandlers echo;
  // While a peer does not take its echoes the library stops reading from it.
  echo.on_message = [](WebSocket& ws, const Message& message) { ws.send(message); };
  configure(echo, config.websocket);
  // Else an echo longer than four times high_water_bytes would look like a slow peer.
  echo.limits.high_water_bytes =
      std::max(echo.limits.high_water_bytes, echo.limits.max_message_bytes + 1024);
  HYBI_TRY(check(echo));
  WebSocketHandlers rooms;
  configure(rooms, config.websocket);
  rooms.limits.max_message_bytes = config.channels.max_message_bytes;
  rooms = chat->handlers(std::move(rooms));
  HYBI_TRY(check(rooms));

  const auto live = std::make_shared<Live>();
  live->headers = config.headers;
  live->echo_path = config.websocket.echo;
  if (config.channels.enabled) live->chat_path = config.channels.path;
  live->echo = std::make_shared<const WebSocketHandlers>(std::move(echo));
  live->chat = std::make_shared<const WebSocketHandlers>(std::move(rooms));
  return std::shared_ptr<const Live>(live);
}

// Opens a WebSocket if the request asks for one at one of our paths; a page at the same path stays
// free for the folder. Returns: whether the request is answered.
bool open_websocket(Request& request, const Live& live, const std::optional<Sessions>& sessions) {
  const std::string_view path = request.path();
  const bool echo = !live.echo_path.empty() && path == live.echo_path;
  const bool chat = !live.chat_path.empty() && path == live.chat_path;
  if (!echo && !chat) return false;
  auto upgrade = request.websocket();
  if (!upgrade) return false;
  const auto& handlers = echo ? live.echo : live.chat;
  if (sessions) {
    sessions->accept(request, std::move(*upgrade), handlers);
  } else {
    std::move(*upgrade).accept(handlers);
  }
  return true;
}

ServerOptions server_options(const ServeConfig& config, Logs& logs) {
  ServerOptions options;
  options.threads = config.server.threads;
  options.backend = config.server.backend;
  options.http = config.http;
  options.limits.max_connections = config.server.max_connections;
  options.behind_tls = config.server.behind_tls;
  options.trusted_proxies = config.server.trusted_proxies;
  options.on_error = logs.error_hook();
  return options;
}

// Paths in the file are relative to the file, wherever the command was started.
std::string beside_config(const ServeOptions& options, const std::string& path) {
  if (path.empty()) return path;
  return (std::filesystem::path(options.config_file).parent_path() / path).string();
}

class Serving {
 public:
  Serving(const ServeOptions& options, Config config, Logs& logs)
      : options_(options),
        config_(std::move(config)),
        logs_(logs),
        server_(server_options(config_.values(), logs)),
        chat_(Chat::create(server_,
                           {.rooms = config_.values().channels.max_rooms,
                            .people = config_.values().channels.max_people},
                           std::make_shared<Names>())) {}

  int run(const StopSignals& signals, const std::string& root) {
    const ServeConfig& config = config_.values();
    if (const Result<void> applied = apply(); !applied) return refuse(applied.error());
    Result<std::optional<Sessions>> sessions = make_sessions(
        config, beside_config(options_, config.sessions.secret_file), logs_.error_hook());
    if (!sessions) return refuse(sessions.error());
    sessions_ = std::move(*sessions);

    if (const std::string format = access_log_format(config.log.access); !format.empty()) {
      server_.use(access_log({.format = format}));
    }
    if (config.compression.enabled) {
      server_.use(
          compress({.types = config.compression.types, .threshold = config.compression.threshold}));
    }
    server_.use([this](Request&, Response& response, const Next& next) {
      response.on_head([live = live_.get()](Response& answer) {
        for (const auto& [name, value] : live->headers) {
          if (answer.field(name).data() == nullptr) answer.set(name, value);
        }
      });
      next();
    });
    if (sessions_) server_.use(sessions_->middleware());
    server_.use([this](Request& request, Response&, const Next& next) {
      if (!open_websocket(request, *live_.get(), sessions_)) next();
    });
    server_.use(
        [this, script = client_script()](Request& request, Response& response, const Next& next) {
          if (request.path() != kScriptPath || live_.get()->chat_path.empty()) return next();
          script(request, response);
        });
    mount_files(server_, "", root, static_options(config));
    for (const std::string& address : config.server.listen) {
      server_.listen(address, config.server.proxy_protocol);
    }
    if (const Result<void> started = server_.start(); !started) return refuse(started.error());
    for (const std::string& address : server_.addresses()) {
      logs_.info("listening", {{"address", address}});
    }
    logs_.info("started", {{"backend", server_.backend() == Backend::Uring ? "uring" : "epoll"},
                           {"threads", config_.values().server.threads}});
    const int code = signals.wait(
        server_, [this] { stop(); }, [this] { reload(); });
    logs_.info("stopped");
    return code;
  }

 private:
  int refuse(Error error) {
    logs_.error("cannot serve", {{"error", info(error.code).name}, {"detail", describe(error)}});
    return 1;
  }

  Result<void> apply() {
    const auto live = make_live(config_.values(), chat_);
    if (!live) return live.error();
    live_.set(*live);
    return {};
  }

  void stop() {
    logs_.info("stopping");
    server_.stop(config_.values().server.shutdown_timeout);
  }

  void reload() {
    const LoadedConfig loaded = load_config(options_);
    if (!loaded.problems.empty()) {
      for (const std::string& problem : loaded.problems) {
        logs_.error("configuration is wrong", {{"problem", problem}});
      }
      logs_.error("nothing changed");
      return reopen_log();
    }
    const Config before = config_;
    const ConfigChanges changes = take_over(config_, loaded.config);
    if (const Result<void> applied = apply(); !applied) {
      config_ = before;
      logs_.error("nothing changed", {{"error", info(applied.error().code).name},
                                      {"detail", describe(applied.error())}});
      return reopen_log();
    }
    logs_.set(config_.values().log.level, config_.values().log.format);
    reopen_log();
    for (const std::string& key : changes.applied) logs_.info("setting changed", {{"key", key}});
    for (const std::string& key : changes.need_restart) {
      logs_.warn("setting needs a restart", {{"key", key}});
    }
    logs_.info("reloaded", {{"changed", changes.applied.size()},
                            {"need_restart", changes.need_restart.size()}});
  }

  // At every SIGHUP, so that a file which was moved away is let go.
  void reopen_log() {
    const std::string file = beside_config(options_, config_.values().log.file);
    if (const std::error_code error = logs_.reopen(file)) {
      logs_.error("log file cannot be opened", {{"file", file}, {"detail", error.message()}});
    }
  }

  const ServeOptions options_;
  Config config_;
  Logs& logs_;
  LiveSwitch live_;
  Server server_;
  std::shared_ptr<Chat> chat_;
  std::optional<Sessions> sessions_;
};

}  // namespace

int run_serve(const ServeOptions& options) {
  LoadedConfig loaded = load_config(options);
  for (const std::string& problem : loaded.problems) say(stderr, problem + "\n");
  if (!loaded.problems.empty()) return loaded.exit_code;
  const ServeConfig& config = loaded.config.values();

  const std::string root =
      options.folder.empty() ? beside_config(options, config.files.root) : options.folder;
  if (root.empty()) {
    say(stderr, "hybi: which folder? hybi serve DIR, or root in [static] of the configuration\n");
    return kBadConfig;
  }
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) {
    say(stderr, fmt::format("hybi: {}: {}\n", root, error ? error.message() : "is not a folder"));
    return 1;
  }

  const StopSignals signals(StopSignals::Hangup::Reloads);  // before any thread starts
  raise_descriptor_limit();
  Logs logs({.level = config.log.level,
             .format = config.log.format,
             .file = beside_config(options, config.log.file)},
            error);
  if (error) {
    say(stderr, fmt::format("hybi: {}: {}\n", config.log.file, error.message()));
    return 1;
  }
  Serving serving(options, std::move(loaded.config), logs);
  return serving.run(signals, root);
}

}  // namespace hybi::cli
