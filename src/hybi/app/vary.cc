// See vary.h.
#include <hybi/app/vary.h>
#include <hybi/base/ascii.h>
#include <hybi/conn/http_session.h>
#include <hybi/http/field_value.h>

namespace hybi {

void add_vary(Response& response, std::string_view name) {
  for (const http::Field field : conn::HttpSession::of(response).fields()) {
    if (!equals_ignoring_case(field.name, "vary")) continue;
    if (http::list_has_token(field.value, name) || http::list_has_token(field.value, "*")) return;
  }
  response.add("Vary", name);
}

}  // namespace hybi
