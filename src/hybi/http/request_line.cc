// Reading the request line in one pass.
#include <hybi/base/ascii.h>
#include <hybi/http/authority.h>
#include <hybi/http/chars.h>
#include <hybi/http/request_line.h>

namespace hybi::http {
namespace {

// The error for a byte that cannot stand here: a line end has errors of its own.
Errc error_at(const char* at, const char* end, Errc otherwise) {
  if (*at == '\n') return Errc::HttpBareLf;
  if (*at == '\r' && at + 1 != end && at[1] != '\n') return Errc::HttpBareCr;
  if (*at == '\r') return Errc::HttpBadRequestLine;  // the line ends too early
  return otherwise;
}

// Runs over characters of `set` and escapes. Stops at `end` or at anything else.
// Returns: null if an escape is malformed; `end` if an escape is cut by it.
const char* skip_escaped(const char* at, const char* end, const CharSet& set) {
  for (;; ++at) {
    while (at != end && set.has(*at)) ++at;
    if (at == end || *at != '%') return at;
    for (int digit = 0; digit < 2; ++digit) {
      if (++at == end) return end;
      if (hex_value(*at) < 0) return nullptr;
    }
  }
}

// Where the parts of the target lie.
struct Target {
  const char* begin = nullptr;
  const char* authority = nullptr;  // of the absolute form
  const char* path = nullptr;
  const char* question = nullptr;  // null if there is no query
  const char* end = nullptr;
};

// The scheme and authority of the absolute form.
// Returns: where the path starts; null if it is not that form; `end` if cut.
const char* skip_authority(const char* at, const char* end, Target& target) {
  for (const char* scheme = "http"; *scheme != 0; ++scheme, ++at) {
    if (at == end) return end;
    if (to_lower(*at) != *scheme) return nullptr;
  }
  if (at != end && to_lower(*at) == 's') ++at;
  for (const char* rest = "://"; *rest != 0; ++rest, ++at) {
    if (at == end) return end;
    if (*at != *rest) return nullptr;
  }
  target.authority = at;
  while (at != end &&
         (kHostChars.has(*at) || *at == ':' || *at == '[' || *at == ']' || *at == '%')) {
    ++at;
  }
  return at;
}

// Runs over the target. Returns: where it ends; null if it is malformed; `end` if cut.
const char* skip_target(const char* at, const char* end, bool is_connect, Target& target) {
  target.begin = target.path = at;
  if (at == end) return end;
  if (*at == '*') return at + 1;
  if (is_connect) {  // host:port
    while (at != end &&
           (kHostChars.has(*at) || *at == ':' || *at == '[' || *at == ']' || *at == '%')) {
      ++at;
    }
    return at;
  }
  if (*at != '/') {
    at = skip_authority(at, end, target);
    if (at == nullptr || at == end) return at;
    target.path = at;
  }
  if (*at == '/') at = skip_escaped(at, end, kPathChars);
  if (at == nullptr || at == end) return at;
  if (*at == '?') {
    target.question = at;
    at = skip_escaped(at + 1, end, kQueryChars);
  }
  return at;
}

// RFC 9112 3.2: which methods have which form; what the absolute and authority forms name.
bool check_form(const Target& target, HeadLayout& layout) {
  const auto offset = [&](const char* at) {
    return layout.target_at + static_cast<std::uint32_t>(at - target.begin);
  };
  const char* const path_end = target.question != nullptr ? target.question : target.end;
  layout.path_at = offset(target.path);
  layout.path_bytes = static_cast<std::uint32_t>(path_end - target.path);
  layout.query_at = layout.query_bytes = 0;
  if (target.question != nullptr) {
    layout.query_at = offset(target.question + 1);
    layout.query_bytes = static_cast<std::uint32_t>(target.end - target.question - 1);
  }
  layout.authority_at = layout.authority_bytes = 0;

  if (layout.method == Method::Connect) {  // RFC 9112 3.2.3: host and port, both needed
    const std::string_view text(target.begin, target.end);
    const Authority authority = split_authority(text);
    if (!is_authority(text) || authority.host.empty() || authority.port.empty()) return false;
    layout.form = TargetForm::Authority;
    layout.authority_at = layout.target_at;
    layout.authority_bytes = layout.target_bytes;
    layout.path_bytes = 0;
    return true;
  }
  if (*target.begin == '/') {
    layout.form = TargetForm::Origin;
    return true;
  }
  if (*target.begin == '*') {  // RFC 9112 3.2.4: for OPTIONS only
    layout.form = TargetForm::Asterisk;
    return layout.method == Method::Options;
  }
  layout.form = TargetForm::Absolute;
  const std::string_view text(target.authority, target.path);
  layout.authority_at = offset(target.authority);
  layout.authority_bytes = static_cast<std::uint32_t>(text.size());
  // RFC 9110 4.2.1: an http URI without a host is invalid.
  return is_authority(text) && !split_authority(text).host.empty();
}

// RFC 9112 2.3: "HTTP/" DIGIT "." DIGIT, in capitals; then the line ends.
// Returns and fails as read_request_line.
const char* read_version(const char* at, const char* end, char& major, std::uint8_t& minor,
                         Errc& errc) {
  const auto fail = [&errc](Errc code) {
    errc = code;
    return nullptr;
  };
  for (const char* shape = "HTTP/0.0"; *shape != 0; ++shape, ++at) {
    if (at == end) return nullptr;
    if (*shape == '0' ? !is_digit(*at) : *at != *shape) {
      return fail(error_at(at, end, Errc::HttpBadVersion));
    }
  }
  major = at[-3];
  // RFC 9110 2.5: a higher minor version is processed as the highest one known.
  minor = at[-1] == '0' ? 0 : 1;
  if (at == end) return nullptr;
  if (*at == ' ') return fail(Errc::HttpBadRequestLine);
  if (*at != '\r') return fail(error_at(at, end, Errc::HttpBadVersion));
  if (at + 1 == end) return nullptr;
  if (at[1] != '\n') return fail(Errc::HttpBareCr);
  return at + 2;
}

}  // namespace

const char* read_request_line(const char* begin, const char* end, std::size_t max_target_bytes,
                              HeadLayout& layout, Errc& errc) {
  const auto fail = [&errc](Errc code) {
    errc = code;
    return nullptr;
  };

  const char* at = begin;
  while (at != end && is_token_char(*at)) ++at;
  if (at == end) return nullptr;
  if (*at != ' ') {
    // A line without any space is no request line; another byte makes the method malformed.
    return fail(error_at(at, end, Errc::HttpBadMethod));
  }
  if (at == begin) return fail(Errc::HttpBadMethod);
  const std::string_view method(begin, at);
  const bool known_method = parse_method(method, layout.method);

  // RFC 9112 3: exactly one space, and something behind it.
  ++at;
  if (at != end && (*at == ' ' || *at == '\r' || *at == '\n')) {
    return fail(error_at(at, end, Errc::HttpBadRequestLine));
  }
  const auto available = static_cast<std::size_t>(end - at);
  const bool may_be_cut = available <= max_target_bytes;
  const char* const target_limit = may_be_cut ? end : at + max_target_bytes + 1;
  Target target;
  target.end =
      skip_target(at, target_limit, known_method && layout.method == Method::Connect, target);
  if (target.end == target_limit) {
    return may_be_cut ? nullptr : fail(Errc::HttpTargetTooLong);
  }
  if (target.end == nullptr) return fail(Errc::HttpBadTarget);
  if (*target.end != ' ') return fail(error_at(target.end, end, Errc::HttpBadTarget));
  layout.method_bytes = static_cast<std::uint16_t>(method.size());
  layout.target_at = static_cast<std::uint32_t>(at - begin);
  layout.target_bytes = static_cast<std::uint32_t>(target.end - at);

  // RFC 9112 2.3: "HTTP/" DIGIT "." DIGIT, in capitals.
  at = target.end + 1;
  char major = '1';
  constexpr std::string_view kUsual = "HTTP/1.1\r\n";
  if (std::string_view(at, end).starts_with(kUsual)) {
    layout.minor_version = 1;
    at += kUsual.size();
  } else {
    at = read_version(at, end, major, layout.minor_version, errc);
    if (at == nullptr) return nullptr;
  }

  if (major == '0') return fail(Errc::HttpBadVersion);
  if (major != '1') return fail(Errc::HttpUnsupportedVersion);
  if (!known_method) return fail(Errc::HttpUnknownMethod);
  if (!check_form(target, layout)) return fail(Errc::HttpBadTarget);
  return at;
}

}  // namespace hybi::http
