// The page of a directory's entries: reading them, putting them in order, writing HTML.
//
// Names are data: escaped in the text, percent-encoded in links, which are all relative. The page
// needs no script, and its policy allows none. Called by static_files.cc.
#pragma once

#include <hybi/app/file_tree.h>
#include <hybi/result.h>
#include <hybi/static_files.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

struct DirectoryEntry {
  std::string name;
  bool directory = false;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // seconds since 1970

  friend bool operator==(const DirectoryEntry&, const DirectoryEntry&) = default;
};

struct DirectoryEntries {
  std::vector<DirectoryEntry> entries;
  bool more = false;  // there are more than were asked for
};

// What may be served of the directory: files, directories, and links as the tree follows them.
// Fails: as FileTree::open_directory. Cost: a system call or two for each entry.
Result<DirectoryEntries> read_directory(const FileTree& tree, const std::string& path,
                                        DotFiles dot_files, std::size_t max_entries);

struct DirectoryOrder {
  enum class Key : std::uint8_t { Name, Size, Date };
  Key key = Key::Name;
  bool descending = false;

  // From "?sort=size&order=desc"; what is not known is the default.
  static DirectoryOrder parse(std::string_view query);
};

// Directories first; names without regard to case.
void sort_entries(std::vector<DirectoryEntry>& entries, DirectoryOrder order);

// `mount` is the decoded path of the root ("/files/"), `path` that of the directory below it.
std::string directory_page(std::string_view mount, std::string_view path,
                           const DirectoryEntries& listed, DirectoryOrder order);

// The page's Content-Security-Policy.
inline constexpr std::string_view kDirectoryPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

// "17 B", "1.5 KiB", "23 MiB".
std::string show_size(std::uint64_t bytes);

}  // namespace hybi
