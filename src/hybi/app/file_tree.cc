// Opening below a root, see file_tree.h.
#include <hybi/app/file_path.h>
#include <hybi/app/file_tree.h>
#include <hybi/conn/file_version.h>

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hybi {
namespace {

constexpr int kLook = O_PATH | O_CLOEXEC;
// O_NONBLOCK and O_NOCTTY: in case what was a file a moment ago is a FIFO or a terminal now.
constexpr int kRead = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int kEntries = O_RDONLY | O_CLOEXEC | O_DIRECTORY;
constexpr unsigned kMaxLinks = 40;     // as the kernel
constexpr unsigned kMaxAttempts = 32;  // EAGAIN: somebody renames while the kernel walks

int or_errno(int fd) {
  return fd < 0 ? -errno : fd;
}

std::string absolute(const std::string& root) {
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::absolute(root, failed);
  return failed ? root : path.string();
}

// One walk, segment by segment, for kernels without openat2 and containers that forbid it.
class SegmentWalk {
 public:
  SegmentWalk(int root, bool follow) : root_(root), follow_(follow) {}

  int run(std::string_view path, int flags) {
    rest_ = path;
    while (!rest_.empty()) {
      const std::size_t slash = rest_.find('/');
      const std::string segment = rest_.substr(0, slash);
      rest_.erase(0, slash == std::string::npos ? rest_.size() : slash + 1);
      if (segment.empty() || segment == ".") continue;
      if (segment == "..") {
        if (trail_.empty()) return -EXDEV;
        trail_.pop_back();
        continue;
      }
      io::Fd next(::openat(here(), segment.c_str(), kLook | O_NOFOLLOW));
      struct stat about {};
      if (!next || ::fstat(next.get(), &about) != 0) return -errno;
      if (S_ISLNK(about.st_mode)) {
        if (const int failed = enter_link(next.get()); failed != 0) return failed;
      } else if (S_ISDIR(about.st_mode)) {
        // Each level holds a descriptor until the walk ends.
        if (trail_.size() >= kMaxPathDepth) return -ELOOP;
        trail_.push_back(std::move(next));
      } else {
        return rest_.empty() ? finish(segment, about, std::move(next), flags) : -ENOTDIR;
      }
    }
    // A directory. "." of it is itself, so nothing can come in between.
    return or_errno(::openat(here(), ".", flags));
  }

 private:
  int here() const { return trail_.empty() ? root_ : trail_.back().get(); }

  // Puts the link's text in front of what is left.
  int enter_link(int link) {
    if (!follow_ || ++links_ > kMaxLinks) return -ELOOP;
    std::array<char, PATH_MAX> text;
    const ssize_t size = ::readlinkat(link, "", text.data(), text.size());
    if (size < 0) return -errno;
    const std::string_view target(text.data(), static_cast<std::size_t>(size));
    if (target.empty()) return -ENOENT;
    if (target.front() == '/') return -EXDEV;
    if (target.size() + rest_.size() > kMaxPathBytes) return -ENAMETOOLONG;
    rest_ = std::string(target) + (rest_.empty() ? "" : "/") + rest_;
    return 0;
  }

  // What was looked at is opened by name once more; if it is another one by now, it is gone.
  int finish(const std::string& name, const struct stat& seen, io::Fd place, int flags) const {
    if ((flags & O_PATH) != 0) return place.release();
    io::Fd file(::openat(here(), name.c_str(), flags | O_NOFOLLOW));
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0) return -errno;
    if (about.st_ino != seen.st_ino || about.st_dev != seen.st_dev) return -EAGAIN;
    return file.release();
  }

  int root_;
  bool follow_;
  unsigned links_ = 0;
  std::string rest_;
  std::vector<io::Fd> trail_;  // the directories passed; empty: at the root
};

}  // namespace

FileTree::FileTree(std::string root, Symlinks symlinks, Walk walk)
    : root_(absolute(root)), symlinks_(symlinks), kernel_walks_(walk == Walk::Kernel) {}

int FileTree::walk_kernel(int root, const std::string& path, int flags) const {
  struct open_how how {};
  how.flags = static_cast<std::uint64_t>(flags);
  // Magic links are those of /proc: a descriptor of this process by name.
  how.resolve = RESOLVE_NO_MAGICLINKS;
  if (symlinks_ != Symlinks::Follow) how.resolve |= RESOLVE_BENEATH;
  if (symlinks_ == Symlinks::Refuse) how.resolve |= RESOLVE_NO_SYMLINKS;
  const char* const name = path.empty() ? "." : path.c_str();
  int result = -EAGAIN;
  for (unsigned i = 0; result == -EAGAIN && i < kMaxAttempts; ++i) {
    result = or_errno(static_cast<int>(::syscall(SYS_openat2, root, name, &how, sizeof how)));
  }
  return result;
}

int FileTree::walk_segments(int root, const std::string& path, int flags) const {
  if (symlinks_ == Symlinks::Follow) {
    return or_errno(::openat(root, path.empty() ? "." : path.c_str(), flags));
  }
  int result = -EAGAIN;
  for (unsigned i = 0; result == -EAGAIN && i < kMaxAttempts; ++i) {
    result = SegmentWalk(root, symlinks_ == Symlinks::InsideRoot).run(path, flags);
  }
  return result;
}

int FileTree::open_at(const std::string& path, int flags) const {
  if (path.find('\0') != std::string::npos) return -ENOENT;
  const io::Fd root(::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return -errno;
  if (kernel_walks_.load(std::memory_order_relaxed)) {
    const int result = walk_kernel(root.get(), path, flags);
    // ENOSYS: an old kernel. EPERM: a seccomp filter that does not know the call (opening for
    // reading gives EPERM in no other case).
    if (result != -ENOSYS && result != -EPERM) return result;
    kernel_walks_.store(false, std::memory_order_relaxed);
  }
  return walk_segments(root.get(), path, flags);
}

Result<FileTree::Place> FileTree::find(const std::string& path) const {
  const int fd = open_at(path, kLook);
  if (fd < 0) return file_error(-fd);
  const io::Fd place(fd);
  struct stat about {};
  if (::fstat(fd, &about) != 0) return file_error(errno);
  if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) return file_error(ENXIO);
  return Place{S_ISDIR(about.st_mode) ? Kind::Directory : Kind::File, conn::version_of(about)};
}

Result<std::shared_ptr<const OpenFile>> FileTree::open(const std::string& path) const {
  // Looked at first: opening a device for reading can already have an effect.
  const Result<Place> place = find(path);
  if (!place) return place.error();
  if (place->kind != Kind::File) return file_error(EISDIR);
  return open_found(path);
}

Result<std::shared_ptr<const OpenFile>> FileTree::open_found(const std::string& path) const {
  const int fd = open_at(path, kRead);
  if (fd < 0) return file_error(-fd);
  return OpenFile::adopt(fd);
}

Result<io::Fd> FileTree::open_directory(const std::string& path) const {
  const int fd = open_at(path, kEntries);
  if (fd < 0) return file_error(-fd);
  return io::Fd(fd);
}

}  // namespace hybi
