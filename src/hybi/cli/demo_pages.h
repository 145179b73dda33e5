// The demo's pages and assets, as they were embedded at build time.
//
// Every answer may be kept by a browser and is checked by its ETag; scripts and styles come from
// this server only (Content-Security-Policy), so that nothing a visitor types can run as code.
#pragma once

#include <hybi/http.h>

#include <string_view>

namespace hybi::cli {

// Answers with the embedded file `name` and `status`, or 304 if the browser has it already.
// A name that is not embedded is answered 404.
void send_page(const Request& request, Response& response, std::string_view name,
               unsigned status = 200);

// GET /assets/:file. Pages are not assets.
void send_asset(const Request& request, Response& response);

}  // namespace hybi::cli
