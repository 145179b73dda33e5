// Vary: what an answer depends on. RFC 9110 12.5.5
#pragma once

#include <hybi/http.h>

#include <string_view>

namespace hybi {

// Adds the field name to Vary, unless it is there already, over all its lines.
void add_vary(Response& response, std::string_view name);

}  // namespace hybi
