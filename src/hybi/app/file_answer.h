// Answers a request with a file: which coding, whether at all (304, 412), which ranges (206, 416).
// RFC 9110 12.5.3, 13, 14. Called by static_files.cc and embedded_files.cc.
#pragma once

#include <hybi/app/served_file.h>
#include <hybi/http.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace hybi {

struct FileAnswer {
  std::string_view path;           // below the root, for on_file
  std::string_view cache_control;  // "": none
  bool nosniff = true;
  std::size_t max_ranges = 16;
  const std::function<void(const Request&, Response&, std::string_view)>* on_file = nullptr;
};

void answer_file(const Request& request, Response& response, const ServedFile& file,
                 const FileAnswer& how);

// The error's status and text.
void answer_file_error(Response& response, Error error);

// Redirects to the same path with a slash. The reference is relative to the last segment, so that
// no path ("//evil.example") can make another host of it. RFC 3986 4.2
void redirect_to_directory(const Request& request, Response& response);

// Whether a browser asks for a page and the path does not look like that of a file.
bool asks_for_page(const Request& request, std::string_view path);

// The Cache-Control of a file: `given`, else by `max_age`, else "no-cache".
std::string default_cache_control(const std::string& given, std::chrono::seconds max_age);
inline constexpr std::string_view kImmutable = "public, max-age=31536000, immutable";

}  // namespace hybi
