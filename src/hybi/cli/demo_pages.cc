#include <hybi/cli/demo_pages.h>
#include <hybi/static_files.h>

#include <hybi_pages.h>

#include <string>

namespace hybi::cli {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

void send_page(const Request& request, Response& response, std::string_view name, unsigned status) {
  response.set("Content-Security-Policy", kPolicy);
  response.set("Referrer-Policy", "no-referrer");
  response.status(status);
  send_embedded(request, response, hybi_pages(), name);
}

void send_asset(const Request& request, Response& response) {
  const std::string name = request.param("file");
  send_page(request, response, name.ends_with(".html") ? std::string_view() : name);
}

}  // namespace hybi::cli
