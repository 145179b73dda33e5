// From what a request asks for to a path below a root: a matter of text alone; file_tree.h opens
// it.
//
// What passes has plain segments only, so that joining it to a directory means what it says. It is
// strict where browsers are: "." and ".." are taken out by every client that is not out for
// something. Called by static_files.cc and embedded_files.cc.
#pragma once

#include <hybi/result.h>
#include <hybi/static_files.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace hybi {

inline constexpr std::size_t kMaxPathBytes = 4095;    // PATH_MAX without its NUL
inline constexpr std::size_t kMaxSegmentBytes = 255;  // NAME_MAX
inline constexpr std::size_t kMaxPathDepth = 64;

struct FilePath {
  std::string text;        // without slashes at either end; "" is the root itself
  bool directory = false;  // it ended in a slash, or is the root

  friend bool operator==(const FilePath&, const FilePath&) = default;
};

// `decoded` is what follows the mount point, percent-decoding undone once, without its first slash.
// Fails: HttpBadFilePath for NUL, control characters, a backslash, "." and ".." as segments;
// HttpNotFound for what cannot be served: an empty segment, a name that ends in a dot or a space, a
// name or path that is too long or too deep, and, unless `dot_files` says otherwise, a name that
// begins with a dot (".well-known" in front is always let in, RFC 8615).
Result<FilePath> parse_file_path(std::string_view decoded, DotFiles dot_files);

// The same for a request: `sent` is its whole path, percent-encoded, `decoded` what the route's
// pattern took out of it ("" for a route that takes nothing: the root).
// Fails: also HttpBadFilePath for "%00", HttpNotFound for "%2F", a part of a name that no file has.
Result<FilePath> parse_file_path(std::string_view sent, std::string_view decoded,
                                 DotFiles dot_files);

// Whether a name may be served at all: the part of the rules above that is about one segment.
bool is_servable_name(std::string_view name, DotFiles dot_files);

}  // namespace hybi
