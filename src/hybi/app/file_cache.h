// The files below a root, the small ones from memory. Made by static_files.cc.
//
// One cache for all loops under one lock, which is held for a look-up and never during I/O: a cache
// per loop would hold everything as many times as there are loops. A small file is looked at on
// disk again when the last look was `recheck` ago; one thread does that while the others go on with
// what is there. What changed (device, inode, size, time of content or attributes) is read anew.
#pragma once

#include <hybi/app/file_tree.h>
#include <hybi/app/mime_types.h>
#include <hybi/app/served_file.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace hybi {

class FileCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Clock = std::function<TimePoint()>;
  struct Options {
    std::size_t bytes = 16 * 1024 * 1024;
    std::size_t file_bytes = 64 * 1024;
    std::chrono::milliseconds recheck{250};
    bool precompressed = true;
  };
  struct Found {
    bool directory = false;
    std::shared_ptr<const ServedFile> file;  // null for a directory
  };

  FileCache(std::shared_ptr<const FileTree> tree, MimeTypes types, Options options,
            Clock clock = std::chrono::steady_clock::now);

  // Fails: as FileTree::find. Thread: any.
  Result<Found> find(const std::string& path);

  const FileTree& tree() const { return *tree_; }
  std::size_t used_bytes() const;
  std::size_t size() const;

 private:
  // The versions of a file and of its siblings.
  using Versions = std::array<std::optional<FileVersion>, kCodingCount>;
  struct Entry {
    std::string path;
    std::shared_ptr<const ServedFile> file;
    Versions versions;
    // The last change was so long before the last look that a further one would have another time.
    bool settled = false;
    TimePoint checked;
    std::size_t cost = 0;
  };
  struct Look {
    std::shared_ptr<const ServedFile> file;
    Versions versions;
    bool settled = false;
  };

  bool is_held(const std::string& path, TimePoint now, Look& look);
  Versions look_at(const std::string& path, const FileVersion& identity) const;
  Result<Representation> load(const std::string& path, Coding coding, bool into_memory,
                              FileVersion& version) const;
  Result<Look> load_all(const std::string& path, Versions versions) const;
  void keep(const std::string& path, const Look& look, TimePoint now);
  void drop(const std::string& path);

  std::shared_ptr<const FileTree> tree_;
  MimeTypes types_;
  Options options_;
  Clock clock_;

  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the one used last is in front
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;
  std::size_t used_bytes_ = 0;
};

}  // namespace hybi
