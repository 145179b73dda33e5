// Files from memory or from disk, see file_cache.h.
#include <hybi/app/file_cache.h>

#include <algorithm>
#include <charconv>

namespace hybi {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// File times are taken from a clock that moves some 100 or 250 times a second; network file systems
// are slower.
constexpr std::int64_t kSettleTime = kSecond / 10;
constexpr std::size_t kEntryOverhead = 512;
constexpr unsigned kAttempts = 3;

std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t seconds(std::int64_t nanoseconds) {
  return nanoseconds / kSecond - (nanoseconds % kSecond < 0 ? 1 : 0);
}

void append_hex(std::string& out, std::uint64_t value) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  out.append(digits.data(), end.ptr);
}

// RFC 9110 8.8.3: representations of different codings have different tags.
std::string entity_tag(const FileVersion& version, Coding coding) {
  std::string tag = "\"";
  append_hex(tag, static_cast<std::uint64_t>(version.modified));
  tag += '-';
  append_hex(tag, version.size);
  tag += '-';
  append_hex(tag, version.inode);
  if (coding != Coding::Identity) {
    tag += '-';
    tag += kCodingNames[static_cast<std::size_t>(coding)];
  }
  tag += '"';
  return tag;
}

std::string with_suffix(const std::string& path, std::size_t coding) {
  return path + std::string(kCodingSuffixes[coding]);
}

}  // namespace

FileCache::FileCache(std::shared_ptr<const FileTree> tree, MimeTypes types, Options options,
                     Clock clock)
    : tree_(std::move(tree)),
      types_(std::move(types)),
      options_(options),
      clock_(std::move(clock)) {}

std::size_t FileCache::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_bytes_;
}

std::size_t FileCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

Result<FileCache::Found> FileCache::find(const std::string& path) {
  const TimePoint now = clock_();
  Look held;
  if (is_held(path, now, held)) return Found{.directory = false, .file = std::move(held.file)};

  const Result<FileTree::Place> place = tree_->find(path);
  if (!place || place->kind == FileTree::Kind::Directory) {
    if (held.file) drop(path);
    if (!place) return place.error();
    return Found{.directory = true, .file = nullptr};
  }
  const Versions versions = look_at(path, place->version);
  if (held.file && held.settled && held.versions == versions) {
    return Found{.directory = false, .file = std::move(held.file)};  // its time was set by is_held
  }
  Result<Look> look = load_all(path, versions);
  if (!look) {
    if (held.file) drop(path);
    return look.error();
  }
  if (look->file->identity().in_memory()) {
    keep(path, *look, now);
  } else if (held.file) {
    drop(path);  // it has grown
  }
  return Found{.directory = false, .file = std::move(look->file)};
}

// Returns: whether `look.file` may be used as it is. If not, but there is one, `look` has it for a
// comparison, and this thread is the one to make it.
bool FileCache::is_held(const std::string& path, TimePoint now, Look& look) {
  const std::lock_guard lock(mutex_);
  const auto at = index_.find(path);
  if (at == index_.end()) return false;
  Entry& entry = *at->second;
  entries_.splice(entries_.begin(), entries_, at->second);
  look.file = entry.file;
  if (now - entry.checked < options_.recheck) return true;
  look.versions = entry.versions;
  look.settled = entry.settled;
  entry.checked = now;
  return false;
}

FileCache::Versions FileCache::look_at(const std::string& path, const FileVersion& identity) const {
  Versions versions{identity};
  for (std::size_t i = 1; options_.precompressed && i < kCodingCount; ++i) {
    const auto sibling = tree_->find(with_suffix(path, i));
    if (!sibling || sibling->kind != FileTree::Kind::File) continue;
    // One that is older is of something that is no more. Seconds: some tools copy no more of it.
    if (seconds(sibling->version.modified) < seconds(identity.modified)) continue;
    if (sibling->version.size < identity.size) versions[i] = sibling->version;
  }
  return versions;
}

// `version` becomes that of what was opened.
Result<Representation> FileCache::load(const std::string& path, Coding coding, bool into_memory,
                                       FileVersion& version) const {
  auto opened = tree_->open_found(path);  // look_at has found it
  if (!opened) return opened.error();
  Representation made;
  made.file = std::move(*opened);
  version = made.file->version();
  made.etag = entity_tag(version, coding);
  made.size = version.size;
  if (!into_memory || version.size > options_.file_bytes || options_.bytes == 0) return made;
  // One byte more than there should be: a file that grows meanwhile is noticed.
  auto bytes = made.file->read(0, static_cast<std::size_t>(version.size) + 1);
  if (!bytes) return bytes.error();
  const auto after = made.file->version_now();
  if (bytes->size() != version.size || !after || *after != version) return Errc::Io;
  made.owner = std::make_shared<const std::string>(std::move(*bytes));
  made.bytes = *made.owner;
  made.file = nullptr;
  return made;
}

Result<FileCache::Look> FileCache::load_all(const std::string& path, Versions versions) const {
  auto file = std::make_shared<ServedFile>();
  file->type = types_.find(path);
  for (std::size_t i = 0; i < kCodingCount; ++i) {
    if (!versions[i]) continue;
    // Io: it was written to while it was read. Once more, then; in the end it is sent from disk.
    Result<Representation> made = Errc::Io;
    for (unsigned left = kAttempts; left > 0 && !made && made.error().code == Errc::Io; --left) {
      made = load(with_suffix(path, i), static_cast<Coding>(i), left > 1, *versions[i]);
    }
    if (made) {
      file->representations[i] = std::move(*made);
    } else if (i == 0) {
      return made.error();
    } else {
      versions[i].reset();  // the sibling has gone: the file itself is enough
    }
  }
  std::int64_t last_change = 0;
  for (const auto& version : versions) {
    if (version) last_change = std::max({last_change, version->modified, version->changed});
  }
  file->modified = seconds(versions[0]->modified);
  return Look{.file = std::move(file),
              .versions = versions,
              .settled = wall_clock() - last_change > kSettleTime};
}

void FileCache::keep(const std::string& path, const Look& look, TimePoint now) {
  std::size_t cost = path.size() + kEntryOverhead;
  for (const auto& representation : look.file->representations) {
    if (!representation) continue;
    if (!representation->in_memory()) return drop(path);  // part of it would be a descriptor
    cost += representation->bytes.size();
  }
  if (cost > options_.bytes) return drop(path);
  drop(path);
  const std::lock_guard lock(mutex_);
  // Another thread may have been faster; what is newer cannot be told, so the next look decides.
  if (index_.contains(path)) return;
  entries_.push_front({path, look.file, look.versions, look.settled, now, cost});
  index_.emplace(entries_.front().path, entries_.begin());
  used_bytes_ += cost;
  while (used_bytes_ > options_.bytes) {
    const Entry& last = entries_.back();
    used_bytes_ -= last.cost;
    index_.erase(last.path);
    entries_.pop_back();
  }
}

void FileCache::drop(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto at = index_.find(path);
  if (at == index_.end()) return;
  const auto entry = at->second;
  used_bytes_ -= entry->cost;
  index_.erase(at);
  entries_.erase(entry);
}

}  // namespace hybi
