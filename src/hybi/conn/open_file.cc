// Opening files and telling their versions apart, see file.h.
#include <hybi/conn/file_version.h>
#include <hybi/file.h>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace hybi {

Error file_error(int os) {
  switch (os) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:         // a symbolic link that must not be followed
    case EXDEV:         // a way out of the root
    case ENAMETOOLONG:  // no file has such a name
    case ENXIO:         // a FIFO or a device without the other side
    case ENODEV:
    case EOVERFLOW:
      return {Errc::HttpNotFound, os};
    case EACCES:
    case EPERM:
      return {Errc::HttpForbiddenFile, os};
    case EMFILE:
    case ENFILE:
      return {Errc::HttpNoDescriptors, os};
    default:
      return {Errc::Io, os};
  }
}

FileVersion conn::version_of(const struct stat& about) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return {.device = about.st_dev,
          .inode = about.st_ino,
          .size = static_cast<std::uint64_t>(about.st_size),
          .modified = about.st_mtim.tv_sec * kSecond + about.st_mtim.tv_nsec,
          .changed = about.st_ctim.tv_sec * kSecond + about.st_ctim.tv_nsec};
}

Result<std::shared_ptr<const OpenFile>> OpenFile::open(const std::string& path) {
  // The end of a C string would cut the path.
  if (path.find('\0') != std::string::npos) return file_error(ENOENT);
  // O_NONBLOCK: a FIFO does not wait for a writer. O_NOCTTY: a terminal does not become ours.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return file_error(errno);
  return adopt(fd);
}

Result<std::shared_ptr<const OpenFile>> OpenFile::adopt(int descriptor) {
  // The owner first: whatever fails below closes the descriptor.
  std::shared_ptr<OpenFile> file(new OpenFile(descriptor, FileVersion{}));
  struct stat about {};
  if (::fstat(descriptor, &about) != 0) return file_error(errno);
  if (!S_ISREG(about.st_mode)) return file_error(S_ISDIR(about.st_mode) ? EISDIR : ENXIO);
  file->version_ = conn::version_of(about);
  return std::shared_ptr<const OpenFile>(std::move(file));
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FileVersion> OpenFile::version_now() const {
  struct stat about {};
  if (::fstat(descriptor_, &about) != 0) return file_error(errno);
  return conn::version_of(about);
}

Result<std::string> OpenFile::read(std::uint64_t offset, std::size_t count) const {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got =
        ::pread(descriptor_, bytes.data() + have, count - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{Errc::Io, errno};
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace hybi
