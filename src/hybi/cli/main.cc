// The command `hybi`: reads the flags, runs a subcommand, turns what went wrong into one line.
//
// Exit codes: 0 stopped as asked, 1 the server could not run, 2 bad flags or a bad configuration,
// 128 + signal when a second signal cut the shutdown short. Uses the front door only.
#include <hybi/cli/config_command.h>
#include <hybi/cli/demo.h>
#include <hybi/cli/process.h>
#include <hybi/cli/serve.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace {

using hybi::cli::DemoOptions;
using hybi::cli::say;
using hybi::cli::ServeOptions;

constexpr int kBadFlags = 2;

// Milliseconds from seconds with a fraction.
std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(seconds * 1000));
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

hybi::Backend backend(const std::string& name) {
  if (name == "epoll") return hybi::Backend::Epoll;
  return name == "uring" ? hybi::Backend::Uring : hybi::Backend::Auto;
}

hybi::Compression compression(const std::string& name) {
  if (name == "off") return hybi::Compression::off();
  return name == "shared" ? hybi::Compression::shared() : hybi::Compression::dedicated();
}

void add_demo_flags(CLI::App& demo, DemoOptions& options) {
  demo.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  demo.add_option("--host", options.hosts,
                  "Address or name to listen on, may be repeated; 0.0.0.0 or :: for every address\n"
                  "(default: localhost, that is 127.0.0.1 and ::1)")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->type_name("ADDRESS");
  demo.add_option("--port", options.port, "Port; 0 lets the system choose")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535).description(""))
      ->type_name("N");
  demo.add_option("--unix", options.unix_path, "Listen on this unix socket as well")
      ->type_name("PATH");
  demo.add_option("--threads", options.threads, "Event loops, one thread each")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  demo.add_option_function<std::string>(
          "--backend", [&options](const std::string& name) { options.backend = backend(name); },
          "How the loops talk to the kernel: auto, epoll or uring")
      ->default_str("auto")
      ->check(CLI::IsMember({"auto", "epoll", "uring"}).description(""))
      ->type_name("NAME");
  demo.add_option("--max-message", options.max_message_bytes,
                  "Largest message of /echo, largest body of /api/echo; 64KiB, 16MiB ...")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 32).description(""))
      ->default_str("16MiB")
      ->type_name("BYTES");
  demo.add_option("--max-connections", options.max_connections, "More are answered 503")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 32).description(""))
      ->type_name("N");
  demo.add_flag("--legacy", options.legacy,
                "Serve every version of the protocol from hixie-75 on, to pages of any Origin");
  demo.add_option_function<std::string>(
          "--compression",
          [&options](const std::string& name) { options.compression = compression(name); },
          "Of messages, where the client offers it: off, shared or dedicated")
      ->default_str("shared")
      ->check(CLI::IsMember({"off", "shared", "dedicated"}).description(""))
      ->type_name("NAME");
  const auto seconds = [&demo](const char* flag, std::chrono::milliseconds& value, const char* text,
                               double most) {
    demo.add_option_function<double>(
            flag, [&value](const double& given) { value = milliseconds(given); }, text)
        ->default_str(fmt::format("{}", std::chrono::duration<double>(value).count()))
        ->check(CLI::Range(0.0, most).description(""))
        ->type_name("SECONDS");
  };
  seconds("--ping-interval", options.ping_interval, "Silence after which a WebSocket is pinged",
          86400);
  seconds("--idle-timeout", options.idle_timeout,
          "Close a WebSocket without messages for so long (1001)", 2'000'000);
  seconds("--shutdown-timeout", options.shutdown_timeout,
          "What still runs so long after SIGINT or SIGTERM is cut", 86400);
}

void add_serve_flags(CLI::App& serve, ServeOptions& options) {
  serve.add_option("DIR", options.folder, "The folder (default: static.root of the configuration)");
  serve
      .add_option("--config", options.config_file,
                  "Read settings from this file; SIGHUP reads it again")
      ->type_name("FILE");
  serve
      .add_option("--listen", options.listen,
                  "host:port, [v6]:port, port or unix:/path; may be repeated")
      ->allow_extra_args(false)
      ->type_name("ADDRESS");
  serve.add_option("--threads", options.threads, "Event loops, one thread each")->type_name("N");
}

struct ConfigFlags {
  std::string file = {};
  bool secrets = false;
};

void add_config_commands(CLI::App& config, ConfigFlags& flags) {
  config.require_subcommand(1);
  config.add_subcommand("check", "Tell every mistake in a file at its line and column")
      ->add_option("FILE", flags.file, "The file")
      ->required();
  CLI::App* const show = config.add_subcommand(
      "show", "Print all settings, with their values and where they come from");
  show->add_option("FILE", flags.file, "The file (default: none, that is the defaults)");
  show->add_flag("--secrets", flags.secrets, "Show secrets as well");
  config.add_subcommand("settings", "Print the manual's table of all settings");
}

int run_config(const CLI::App& config, const ConfigFlags& flags) {
  const std::string name = config.get_subcommands().front()->get_name();
  if (name == "check") return hybi::cli::run_config_check(flags.file);
  if (name == "show") return hybi::cli::run_config_show(flags.file, flags.secrets);
  return hybi::cli::run_config_settings();
}

// The subcommand whose --help has what was got wrong.
std::string_view helpful_command(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  return first == "serve" || first == "config" ? first : "demo";
}

int run(int argc, char** argv) {
  CLI::App app("Hybi: HTTP that talks back. One port for HTTP and WebSocket.", "hybi");
  app.set_version_flag("--version", "hybi " HYBI_VERSION);
  app.require_subcommand(0, 1);

  DemoOptions options;
  CLI::App* const demo =
      app.add_subcommand("demo", "Serve the demo: pages, a JSON service, echo, chat and board");
  add_demo_flags(*demo, options);
  ServeOptions serve_options;
  CLI::App* const serve =
      app.add_subcommand("serve", "Serve a folder, an echo and chat rooms, without code");
  add_serve_flags(*serve, serve_options);
  ConfigFlags config_flags;
  CLI::App* const config = app.add_subcommand("config", "Check or show a configuration");
  add_config_commands(*config, config_flags);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    say(stderr, fmt::format("hybi: {} (hybi {} --help lists the flags)\n", one_line(error.what()),
                            helpful_command(argc, argv)));
    return kBadFlags;
  }
  if (demo->parsed()) return hybi::cli::run_demo(options);
  if (serve->parsed()) return hybi::cli::run_serve(serve_options);
  if (config->parsed()) return run_config(*config, config_flags);
  say(stderr, app.help());
  return kBadFlags;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    say(stderr, fmt::format("hybi: {}\n", one_line(error.what())));
    return 1;
  }
}
