// Opens what lies below a directory, and nothing else. No race with who may write there can lead
// out of it: the kernel checks the rule while it walks the path (openat2, RESOLVE_BENEATH), or,
// where it cannot, each segment is opened by itself from the descriptor of the one before.
//
// Only regular files are ever opened for reading: what else may have a name there (FIFOs, devices,
// sockets) is looked at by O_PATH, which has no effect on it. Paths are those of file_path.h.
// Called by file_cache.cc and directory_page.cc. Thread: any.
#pragma once

#include <hybi/file.h>
#include <hybi/io/fd.h>
#include <hybi/static_files.h>

#include <atomic>
#include <memory>
#include <string>

namespace hybi {

class FileTree {
 public:
  enum class Kind : std::uint8_t { File, Directory };
  struct Place {
    Kind kind = Kind::File;
    FileVersion version;
  };
  enum class Walk : std::uint8_t { Kernel, Segments };

  // `root` is opened anew for each call, so that it may be replaced (a link to the release of
  // today).
  FileTree(std::string root, Symlinks symlinks, Walk walk = Walk::Kernel);

  // What is there, without opening it. "" is the root.
  // Fails: as file_error (file.h); HttpNotFound also for what is neither file nor directory.
  Result<Place> find(const std::string& path) const;
  // A regular file for reading. Fails: as find.
  Result<std::shared_ptr<const OpenFile>> open(const std::string& path) const;
  // The same without looking first. Requires: find has just said that it is a file. What took its
  // place since is opened without waiting and refused.
  Result<std::shared_ptr<const OpenFile>> open_found(const std::string& path) const;
  // A directory for reading its entries. Fails: as find.
  Result<io::Fd> open_directory(const std::string& path) const;

 private:
  // Returns: a descriptor, or a negative errno.
  int open_at(const std::string& path, int flags) const;
  int walk_kernel(int root, const std::string& path, int flags) const;
  int walk_segments(int root, const std::string& path, int flags) const;

  std::string root_;
  Symlinks symlinks_;
  mutable std::atomic<bool> kernel_walks_;
};

}  // namespace hybi
