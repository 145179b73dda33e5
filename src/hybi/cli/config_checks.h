// What strings in hybi.toml must look like. Each returns what is wrong with `text`, to be read
// after the text itself ("... is no address"), or "".
//
// Only the form: whether a port is free or a file is there is seen when the server starts.
#pragma once

#include <string>
#include <string_view>

namespace hybi::cli {

std::string check_listen(std::string_view text);       // "localhost:3400", "[::]:80", "unix:/x"
std::string check_network(std::string_view text);      // "127.0.0.1", "10.0.0.0/8", "unix"
std::string check_url_path(std::string_view text);     // "/echo"
std::string check_route(std::string_view text);        // the same, or ""
std::string check_origin(std::string_view text);       // "https://example.com", "*"
std::string check_file_name(std::string_view text);    // "index.html": no folder before it
std::string check_media_type(std::string_view text);   // "text/html", "text/*"
std::string check_store(std::string_view text);        // "memory", "redis://host:6379/0"
std::string check_secret(std::string_view text);       // "" or 32 bytes and more
std::string check_field_value(std::string_view text);  // of a response's header
std::string check_field_name(std::string_view text);

}  // namespace hybi::cli
