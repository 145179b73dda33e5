// The text of /etc/mime.types on the machine that built the library, without comments and types
// that have no extension. The body is made by cmake/mime_types.cmake.
#pragma once

#include <string_view>

namespace hybi {

// Lifetime: static.
std::string_view mime_types_table();

}  // namespace hybi
