// Reading and ordering a directory, see directory_page.h. Its HTML is in directory_html.cc.
#include <hybi/app/directory_page.h>
#include <hybi/app/file_path.h>
#include <hybi/base/ascii.h>
#include <hybi/conn/file_version.h>
#include <hybi/http/target.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <tuple>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace hybi {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Fills `entry` unless there is nothing to serve. Returns: whether there is.
bool look_at(const FileTree& tree, const std::string& path, int directory, DirectoryEntry& entry) {
  struct stat about {};
  if (::fstatat(directory, entry.name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return false;
  FileVersion version = conn::version_of(about);
  entry.directory = S_ISDIR(about.st_mode);
  if (S_ISLNK(about.st_mode)) {
    // Listed as what it leads to, if the tree would go there.
    const auto place = tree.find(path.empty() ? entry.name : path + "/" + entry.name);
    if (!place) return false;
    version = place->version;
    entry.directory = place->kind == FileTree::Kind::Directory;
  } else if (!entry.directory && !S_ISREG(about.st_mode)) {
    return false;
  }
  entry.size = entry.directory ? 0 : version.size;
  entry.modified = version.modified / kSecond;
  return true;
}

// Less, equal or more than 0.
int compare_names(const std::string& a, const std::string& b) {
  const auto [left, right] =
      std::mismatch(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
  if (left == a.end() || right == b.end()) {
    return a.size() == b.size() ? a.compare(b) : a.size() < b.size() ? -1 : 1;
  }
  const auto x = static_cast<unsigned char>(to_lower(*left));
  const auto y = static_cast<unsigned char>(to_lower(*right));
  return x < y ? -1 : 1;
}

}  // namespace

Result<DirectoryEntries> read_directory(const FileTree& tree, const std::string& path,
                                        DotFiles dot_files, std::size_t max_entries) {
  Result<io::Fd> opened = tree.open_directory(path);
  if (!opened) return opened.error();
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(opened->get()));
  if (!directory) return file_error(errno);
  const int descriptor = opened->release();  // the DIR's now
  DirectoryEntries found;
  while (const dirent* const next = ::readdir(directory.get())) {
    DirectoryEntry entry{.name = next->d_name};
    if (!is_servable_name(entry.name, dot_files)) continue;
    if (found.entries.size() >= max_entries) {
      found.more = true;
      break;
    }
    if (look_at(tree, path, descriptor, entry)) found.entries.push_back(std::move(entry));
  }
  return found;
}

DirectoryOrder DirectoryOrder::parse(std::string_view query) {
  DirectoryOrder order;
  const std::string key = http::find_query(query, "sort").value_or("");
  if (key == "size") order.key = Key::Size;
  if (key == "date") order.key = Key::Date;
  order.descending = http::find_query(query, "order").value_or("") == "desc";
  return order;
}

void sort_entries(std::vector<DirectoryEntry>& entries, DirectoryOrder order) {
  using Key = DirectoryOrder::Key;
  std::sort(entries.begin(), entries.end(), [order](const auto& a, const auto& b) {
    if (a.directory != b.directory) return a.directory;
    const auto& first = order.descending ? b : a;
    const auto& second = order.descending ? a : b;
    if (order.key == Key::Size && first.size != second.size) return first.size < second.size;
    if (order.key == Key::Date && first.modified != second.modified) {
      return first.modified < second.modified;
    }
    // What is equal otherwise stands by name, always upwards.
    return order.key == Key::Name ? compare_names(first.name, second.name) < 0
                                  : compare_names(a.name, b.name) < 0;
  });
}

}  // namespace hybi
