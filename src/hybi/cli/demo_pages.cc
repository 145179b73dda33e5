#include <hybi/cli/demo_pages.h>

#include <fmt/format.h>
#include <hybi_pages.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace hybi::cli {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Type {
  std::string_view extension;
  std::string_view name;
};
constexpr std::array kTypes{
    Type{".html", "text/html; charset=utf-8"}, Type{".css", "text/css; charset=utf-8"},
    Type{".js", "text/javascript; charset=utf-8"}, Type{".svg", "image/svg+xml"}};

std::string_view content_type(std::string_view name) {
  for (const Type& type : kTypes) {
    if (name.ends_with(type.extension)) return type.name;
  }
  return "application/octet-stream";
}

const Page* find_page(std::string_view name) {
  const auto all = pages();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const Page& p) { return p.name == name; });
  return at == all.end() ? nullptr : &*at;
}

// FNV-1a: the tag only has to change when the content does.
std::string entity_tag(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : content) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return fmt::format("\"{:016x}\"", hash);
}

}  // namespace

void send_page(const Request& request, Response& response, std::string_view name, unsigned status) {
  const Page* const page = find_page(name);
  if (page == nullptr) {
    response.status(404).text("nothing here\n");
    return;
  }
  response.set("Content-Security-Policy", kPolicy);
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Referrer-Policy", "no-referrer");
  if (status != 200) {
    response.status(status);
  } else {
    const std::string tag = entity_tag(page->content);
    response.set("Cache-Control", "no-cache");  // keep it, but ask before using it again
    response.set("ETag", tag);
    // RFC 9110 13.1.2: a list of tags or "*"; ours has no comma, so searching it is enough.
    const std::string_view known = request.header("If-None-Match");
    if (known == "*" || known.find(tag) != std::string_view::npos) {
      response.status(304).end();
      return;
    }
  }
  response.bytes(as_bytes(page->content), content_type(name));
}

void send_asset(const Request& request, Response& response) {
  const std::string name = request.param("file");
  send_page(request, response, name.ends_with(".html") ? std::string_view() : name);
}

}  // namespace hybi::cli
