// Media types by file extension, from the table that the system keeps: /etc/mime.types (Debian
// media-types). RFC 9110 8.3.
//
// A machine without that file gets the table of the machine that built the library, which is
// compiled in (cmake/mime_types.cmake). Where an extension has several types the last line wins, as
// in Apache and Python. Used by static_files.cc and embedded_files.cc.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hybi {

class MimeTypes {
 public:
  static constexpr std::size_t kMaxFileBytes = 4 * 1024 * 1024;
  static constexpr std::size_t kMaxLineBytes = 4096;    // longer lines are left out
  static constexpr std::size_t kMaxExtensions = 65536;  // further ones are left out
  static constexpr std::size_t kMaxExtensionBytes = 64;

  // `file`, or the compiled-in table if it cannot be read, is no regular file, is larger than
  // kMaxFileBytes or names no type.
  static MimeTypes load(const std::string& file = "/etc/mime.types");
  static MimeTypes compiled_in();
  // Lines of `type extension...`; "#" begins a comment. A line whose type is no type is left out.
  static MimeTypes parse(std::string_view text);

  // Later ones win. Does nothing if `type` is no media type.
  void add(std::string_view extension, std::string_view type);

  // The Content-Type of a file of that name: of its longest known extension ("a.tar.gz": tar.gz,
  // else gz), in any case; text types with their charset. Lifetime: of this object.
  // Returns: application/octet-stream if there is none.
  std::string_view find(std::string_view name) const;

  std::size_t size() const { return types_.size(); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> types_;
};

}  // namespace hybi
