// A temporary directory with whatever a test puts into it; removed in the end. Used by the tests
// and the fuzzer of static files.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

namespace hybi::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hybi_folder_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_.string(); }
  std::string at(std::string_view name) const { return (path_ / name).string(); }

  // Writes a file in place, with the directories it needs.
  void write(std::string_view name, std::string_view content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary | std::ios::trunc) << content;
  }
  // Puts a new file in the place of an old one, as an editor or a deployment does.
  void replace(std::string_view name, std::string_view content) const {
    const std::string beside = std::string(name) + ".new";
    write(beside, content);
    std::filesystem::rename(path_ / beside, path_ / name);
  }
  void remove(std::string_view name) const { std::filesystem::remove_all(path_ / name); }
  void link(std::string_view name, const std::string& target) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::filesystem::create_symlink(target, path_ / name);
  }
  void directory(std::string_view name) const { std::filesystem::create_directories(path_ / name); }
  void fifo(std::string_view name) const {
    if (::mkfifo(at(name).c_str(), 0600) != 0) std::abort();
  }
  // Sets when it was changed last, in seconds since 1970.
  void touch(std::string_view name, std::int64_t seconds) const {
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    if (::utimensat(AT_FDCWD, at(name).c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) std::abort();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace hybi::test
