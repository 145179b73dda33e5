// security_headers: fields that tell browsers to be careful. See middleware.h.
#include <hybi/base/ascii.h>
#include <hybi/middleware.h>

#include <memory>

namespace hybi {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

// Whether the policy has that directive. CSP 2.2.1
bool has_directive(std::string_view policy, std::string_view name) {
  while (!policy.empty()) {
    const std::size_t end = policy.find(';');
    const std::string_view directive = trim_ows(policy.substr(0, end));
    if (equals_ignoring_case(directive.substr(0, directive.find(' ')), name)) return true;
    policy.remove_prefix(end == std::string_view::npos ? policy.size() : end + 1);
  }
  return false;
}

std::string policy_of(const SecurityHeadersOptions& options) {
  std::string policy = options.content_security_policy;
  if (options.frame_ancestors.empty() || has_directive(policy, "frame-ancestors")) return policy;
  if (!policy.empty()) policy.append("; ");
  return policy + "frame-ancestors " + options.frame_ancestors;
}

// RFC 7034 knows these two only.
std::string_view frame_options_of(std::string_view ancestors) {
  return ancestors == "'none'" ? "DENY" : ancestors == "'self'" ? "SAMEORIGIN" : "";
}

}  // namespace

Middleware security_headers(SecurityHeadersOptions options) {
  auto lines = std::make_shared<Lines>();
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) lines->emplace_back(name, value);
  };
  add("X-Content-Type-Options", options.content_type_options);
  add("Referrer-Policy", options.referrer_policy);
  add("X-Frame-Options", frame_options_of(options.frame_ancestors));
  add("Content-Security-Policy", policy_of(options));
  add("Cross-Origin-Opener-Policy", options.cross_origin_opener_policy);
  add("Cross-Origin-Resource-Policy", options.cross_origin_resource_policy);
  add("Permissions-Policy", options.permissions_policy);
  for (const auto& [name, value] : options.more) add(name, value);
  return [lines = std::shared_ptr<const Lines>(std::move(lines)),
          hsts = std::move(options.strict_transport_security)](Request& request, Response& response,
                                                               const Next& next) {
    // RFC 6797 7.2: not over plain HTTP.
    const bool secure = !hsts.empty() && request.scheme() == "https";
    response.on_head([lines, sts = secure ? hsts : std::string()](Response& r) {
      if (r.status() == 101) return;
      const auto set = [&](const std::string& name, const std::string& value) {
        if (r.field(name).data() == nullptr) r.set(name, value);
      };
      for (const auto& [name, value] : *lines) set(name, value);
      if (!sts.empty()) set("Strict-Transport-Security", sts);
    });
    next();
  };
}

}  // namespace hybi
