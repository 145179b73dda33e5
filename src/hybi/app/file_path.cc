// Which paths may name a file, see file_path.h.
#include <hybi/app/file_path.h>
#include <hybi/base/ascii.h>

#include <algorithm>

namespace hybi {
namespace {

constexpr std::string_view kWellKnown = ".well-known";

bool is_forbidden(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
}

// `escape` in lower case.
bool has_escape(std::string_view text, std::string_view escape) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (equals_ignoring_case(text.substr(at, escape.size()), escape)) return true;
  }
  return false;
}

}  // namespace

bool is_servable_name(std::string_view name, DotFiles dot_files) {
  if (name.empty() || name.size() > kMaxSegmentBytes || name == "." || name == "..") return false;
  if (std::any_of(name.begin(), name.end(), is_forbidden)) return false;
  // Windows drops them: there "secret.txt." is another name of the same file. A link that is
  // shared with such a machine must not have two names either.
  if (name.back() == '.' || name.back() == ' ') return false;
  return name.front() != '.' || dot_files == DotFiles::Serve;
}

Result<FilePath> parse_file_path(std::string_view decoded, DotFiles dot_files) {
  if (std::any_of(decoded.begin(), decoded.end(), is_forbidden)) return Errc::HttpBadFilePath;
  FilePath path{.text = {}, .directory = decoded.empty() || decoded.back() == '/'};
  std::string_view rest = decoded;
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  path.text = rest;

  bool servable = rest.size() <= kMaxPathBytes && (decoded.empty() || !rest.empty());
  std::size_t depth = 0;
  // All segments are looked at: what is wrong further on must not depend on what comes before.
  for (bool more = !rest.empty(); more;) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    if (segment == "." || segment == "..") return Errc::HttpBadFilePath;
    const bool well_known = depth == 0 && segment == kWellKnown;
    servable = servable && (well_known || is_servable_name(segment, dot_files)) &&
               ++depth <= kMaxPathDepth;
    more = slash != std::string_view::npos;
    if (more) rest.remove_prefix(slash + 1);
  }
  if (!servable) return Errc::HttpNotFound;
  return path;
}

Result<FilePath> parse_file_path(std::string_view sent, std::string_view decoded,
                                 DotFiles dot_files) {
  if (has_escape(sent, "%00")) return Errc::HttpBadFilePath;
  Result<FilePath> path = parse_file_path(decoded, dot_files);
  if (!path) return path;
  if (has_escape(sent, "%2f")) return Errc::HttpNotFound;
  // An encoded "/" in the end is refused above, so this is what the client meant.
  path->directory = sent.ends_with('/');
  return path;
}

}  // namespace hybi
