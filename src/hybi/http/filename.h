// A filename that somebody else chose, made fit to be the name of a file here. RFC 7578 4.2, RFC
// 6266 4.3: only its last component counts, and not every character.
#pragma once

#include <string>
#include <string_view>

namespace hybi::http {

// The last component, of at most 255 bytes, its extension kept. Removed: directories of any system,
// control characters, characters that mean something to a shell or a file system (<>:"|?*), marks
// that turn the direction of text (which hide an extension), bytes that are not UTF-8, leading dots
// and dashes, dots and spaces at the ends. Windows' names of devices get "_" in front.
// Returns: "unnamed" if nothing is left. Never a path, never "." or "..".
// It may still be the name of a file that exists, or end in .html: where it is kept and how it is
// served is up to the caller.
std::string plain_filename(std::string_view filename);

}  // namespace hybi::http
