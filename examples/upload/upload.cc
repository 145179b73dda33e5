// Uploads with a progress bar that the server moves: it shows what has arrived here, not what the
// browser has handed to its system.
//   example_upload [PORT] [FOLDER]     files of at most 8 MiB, kept in FOLDER/files
#include <hybi/hybi.h>

#include <upload_pages.h>  // made of pages/ by hybi_embed_assets
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxFileBytes = 8 << 20;

// The channel of the page that sends. It has made up a random ticket, listens with it and sends
// with it.
std::string channel_of(const hybi::Request& req) {
  return "progress/" + req.query("ticket").value_or("");
}

// Nobody's file is replaced: "a.txt", "a (2).txt" ...
fs::path free_path(const fs::path& wanted) {
  fs::path path = wanted;
  std::error_code ignored;  // what cannot be looked for cannot be kept either
  for (int n = 2; fs::exists(path, ignored); ++n) {
    path = wanted.parent_path() / wanted.stem();
    path += " (" + std::to_string(n) + ")" + wanted.extension().string();
  }
  return path;
}

std::string list_of(const fs::path& folder) {
  std::map<std::string, std::uintmax_t> files;  // by name
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files[entry.path().filename().string()] = entry.file_size();
  }
  json list = json::array();
  for (const auto& [name, bytes] : files) list.push_back({{"name", name}, {"bytes", bytes}});
  return json{{"files", list}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path root = argc > 2 ? fs::path(argv[2]) : fs::temp_directory_path() / "hybi-uploads";
  const fs::path incoming = root / "incoming", kept = root / "files";
  fs::create_directories(incoming);
  fs::create_directories(kept);

  hybi::Server server;
  server.use(hybi::security_headers({.content_security_policy = "default-src 'self'"}));
  hybi::mount_handler(server, "", hybi::embedded_files(upload_pages()));

  // Who listens hears of its own progress, and of the list whenever it changes. Of what a slow
  // reader has not read yet, only the latest counts.
  server.ws("/live/:ticket", {.on_open =
                                  [&](hybi::WebSocket& ws) {
                                    ws.subscribe("progress/" + ws.param("ticket"));
                                    ws.subscribe("files");
                                    ws.send(list_of(kept));
                                  },
                              .slow_policy = hybi::SlowPolicy::KeepLatest});

  // The form's other parts are small: what is much longer than a file is refused before it comes.
  const hybi::RouteOptions streamed{.max_body_bytes = kMaxFileBytes + 4096, .stream_body = true};
  server.post("/files", streamed, [&](hybi::Request& req, hybi::Response& res) {
    const auto tell = [&server, channel = channel_of(req), told = std::uint64_t(0)](
                          std::uint64_t received, std::optional<std::uint64_t> expected) mutable {
      const std::uint64_t percent = received * 100 / expected.value_or(kMaxFileBytes);
      if (std::exchange(told, percent) == percent) return;  // a hundred messages are enough
      server.publish(channel, json{{"percent", percent}}.dump());
    };
    const auto keep = [&](hybi::Response& later, hybi::Uploads& uploads) {
      json names = json::array();
      for (hybi::UploadedFile& file : uploads.files) {
        const fs::path path = free_path(kept / file.filename());
        if (!file.keep_as(path)) return later.error(507, "The file could not be kept.");
        names.push_back(path.filename().string());
      }
      if (names.empty()) return later.error(400, "There is no file in this form.");
      server.publish("files", list_of(kept));
      later.status(201).json(json{{"names", names}});
    };
    // Files that are not kept are removed by themselves, whatever the reason.
    hybi::receive_uploads(
        req, res,
        {.folder = incoming, .limits = {.max_file_bytes = kMaxFileBytes}, .on_progress = tell},
        keep);
  });
  // While a browser is still sending it may not see the answer: the WebSocket says the same.
  server.on_error(413, [&](hybi::Request& req, hybi::Response& res, const hybi::ErrorAnswer&) {
    const std::string problem = "That is too large: a file may have 8 MiB at most.";
    server.publish(channel_of(req), json{{"problem", problem}}.dump());
    res.text(problem);
  });

  // Files of strangers are saved, never shown as pages of this site.
  const auto save = [](const hybi::Request&, hybi::Response& res, std::string_view path) {
    res.set("Content-Security-Policy", "sandbox; default-src 'none'").attachment(path);
  };
  server.get("/files/*path", hybi::static_files(kept, {.on_file = save}));

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
