// An open regular file: what a response is sent from without reading it into memory first.
// Implemented in conn/.
//
// Size and times are those of the moment it was opened. The descriptor is closed with the last
// reference, so a body may refer to ranges of one file many times. Thread: any.
#pragma once

#include <hybi/result.h>

#include <cstdint>
#include <memory>
#include <string>

namespace hybi {

// Which content of which file: what is equal was not changed in between, as far as the file system
// can tell. Times are nanoseconds since 1970.
struct FileVersion {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;  // of content or attributes; cannot be set back

  friend bool operator==(const FileVersion&, const FileVersion&) = default;
};

class OpenFile {
 public:
  // Opens for reading. What is no regular file (a FIFO, a device) is never read from.
  // Fails: HttpNotFound (also for what is no regular file), HttpForbiddenFile, HttpNoDescriptors,
  // Io.
  static Result<std::shared_ptr<const OpenFile>> open(const std::string& path);
  // Takes a descriptor open for reading; it is closed in any case. Fails: as open.
  static Result<std::shared_ptr<const OpenFile>> adopt(int descriptor);

  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile();

  int descriptor() const { return descriptor_; }
  std::uint64_t size() const { return version_.size; }
  std::int64_t modified() const { return version_.modified; }
  const FileVersion& version() const { return version_; }

  // What the system says of the file now.
  Result<FileVersion> version_now() const;
  // Up to `count` bytes from `offset`; fewer where the file ends. Fails: Io.
  Result<std::string> read(std::uint64_t offset, std::size_t count) const;

 private:
  OpenFile(int descriptor, const FileVersion& version)
      : descriptor_(descriptor), version_(version) {}

  int descriptor_;
  FileVersion version_;
};

// The error for an errno of opening a file: what the peer is told and why.
Error file_error(int os);

}  // namespace hybi
