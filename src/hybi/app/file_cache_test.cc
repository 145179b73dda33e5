// Small files from memory, and changes noticed. See file_cache.h.
#include <hybi/app/file_cache.h>
#include <hybi/app/test_folder.h>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class Cache : public ::testing::Test {
 protected:
  void start(FileCache::Options options = {}) {
    cache_ = std::make_unique<FileCache>(
        std::make_shared<const FileTree>(folder_.path(), Symlinks::InsideRoot), MimeTypes::load(),
        options, [this] { return now_; });
  }
  std::shared_ptr<const ServedFile> find(const std::string& path) {
    const auto found = cache_->find(path);
    return found ? found->file : nullptr;
  }
  static std::string text(const Representation& of) {
    return of.in_memory() ? std::string(of.bytes) : of.file->read(0, 1 << 20).value();
  }
  std::string read(const std::string& path) {
    const auto file = find(path);
    return file ? text(file->identity()) : "none";
  }
  std::string tag(const std::string& path) { return find(path)->identity().etag; }

  static constexpr std::int64_t kLongAgo = 1'600'000'000;

  TemporaryFolder folder_;
  FileCache::TimePoint now_{1h};
  std::unique_ptr<FileCache> cache_;
};

TEST_F(Cache, HoldsASmallFileWithItsTypeTagAndDate) {
  folder_.write("a.css", "body {}");
  folder_.touch("a.css", kLongAgo);
  start();
  const auto file = find("a.css");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->type, "text/css; charset=utf-8");
  EXPECT_EQ(file->modified, kLongAgo);
  ASSERT_TRUE(file->identity().in_memory());
  EXPECT_EQ(file->identity().bytes, "body {}");
  EXPECT_EQ(file->identity().size, 7u);
  EXPECT_TRUE(file->identity().etag.starts_with('"') && file->identity().etag.ends_with('"'));
  EXPECT_FALSE(file->is_negotiated());
  EXPECT_EQ(find("a.css"), file);  // the same object
  EXPECT_EQ(cache_->size(), 1u);
}

TEST_F(Cache, AChangeShowsAtTheNextLookAndNotBefore) {
  folder_.write("a.txt", "old");
  start({.recheck = 250ms});
  EXPECT_EQ(read("a.txt"), "old");
  const std::string before = tag("a.txt");
  folder_.replace("a.txt", "new");
  now_ += 249ms;
  EXPECT_EQ(read("a.txt"), "old");
  now_ += 1ms;
  EXPECT_EQ(read("a.txt"), "new");
  EXPECT_NE(tag("a.txt"), before);
}

TEST_F(Cache, AChangeInPlaceOfTheSameLengthAndTimeIsNoticed) {
  folder_.write("a.txt", "old");
  folder_.touch("a.txt", kLongAgo);
  start({.recheck = 0ms});
  EXPECT_EQ(read("a.txt"), "old");
  folder_.write("a.txt", "new");
  folder_.touch("a.txt", kLongAgo);
  EXPECT_EQ(read("a.txt"), "new");  // by the time of the change of attributes, or unsettled
}

TEST_F(Cache, AFileThatWasRemovedIsGone) {
  folder_.write("a.txt", "a");
  start({.recheck = 1ms});
  EXPECT_EQ(read("a.txt"), "a");
  folder_.remove("a.txt");
  now_ += 1ms;
  EXPECT_EQ(read("a.txt"), "none");
  EXPECT_EQ(cache_->size(), 0u);
  EXPECT_EQ(cache_->used_bytes(), 0u);
}

TEST_F(Cache, AFileThatBecameADirectoryIsOne) {
  folder_.write("a", "a");
  start({.recheck = 0ms});
  EXPECT_FALSE(cache_->find("a")->directory);
  folder_.remove("a");
  folder_.directory("a");
  EXPECT_TRUE(cache_->find("a")->directory);
  EXPECT_EQ(cache_->size(), 0u);
}

TEST_F(Cache, LargeFilesAreNotHeld) {
  folder_.write("large", std::string(1001, 'x'));
  folder_.write("small", std::string(1000, 'x'));
  start({.file_bytes = 1000});
  EXPECT_FALSE(find("large")->identity().in_memory());
  EXPECT_EQ(find("large")->identity().file->size(), 1001u);
  EXPECT_TRUE(find("small")->identity().in_memory());
  EXPECT_EQ(cache_->size(), 1u);
}

TEST_F(Cache, AFileThatGrewIsHeldNoMore) {
  folder_.write("a", "x");
  start({.file_bytes = 10, .recheck = 0ms});
  EXPECT_EQ(read("a"), "x");
  folder_.write("a", std::string(11, 'y'));
  EXPECT_EQ(read("a"), std::string(11, 'y'));
  EXPECT_EQ(cache_->size(), 0u);
}

TEST_F(Cache, HoldsNoMoreThanItsBytesAndForgetsWhatWasUsedLeast) {
  for (const char* name : {"a", "b", "c", "d"}) folder_.write(name, std::string(1000, 'x'));
  start({.bytes = 3 * (1000 + 512 + 1)});
  const auto a = find("a");
  const auto b = find("b");
  find("c");
  EXPECT_EQ(find("a"), a);  // b is the oldest now
  find("d");
  EXPECT_EQ(cache_->size(), 3u);
  EXPECT_LE(cache_->used_bytes(), 3u * (1000 + 512 + 1));
  EXPECT_EQ(find("a"), a);
  EXPECT_NE(find("b"), b);
}

TEST_F(Cache, WithoutBytesNothingIsHeld) {
  folder_.write("a", "x");
  start({.bytes = 0});
  EXPECT_FALSE(find("a")->identity().in_memory());
  EXPECT_EQ(read("a"), "x");
  EXPECT_EQ(cache_->size(), 0u);
}

TEST_F(Cache, SiblingsAreRepresentationsOfTheirOwnTag) {
  folder_.write("a.js", "alert(1) // something longer");
  folder_.write("a.js.gz", "gz");
  folder_.write("a.js.br", "b");
  start();
  const auto file = find("a.js");
  EXPECT_TRUE(file->is_negotiated());
  EXPECT_EQ(text(*file->representations[1]), "gz");
  EXPECT_EQ(text(*file->representations[2]), "b");
  EXPECT_NE(file->representations[1]->etag, file->representations[2]->etag);
  EXPECT_NE(file->representations[1]->etag, file->identity().etag);
  EXPECT_EQ(file->type, "text/javascript; charset=utf-8");
  EXPECT_EQ(find("a.js.gz")->type, "application/gzip");
}

TEST_F(Cache, SiblingsThatAreOlderOrNotSmallerOrNoFilesAreNotUsed) {
  folder_.write("old.js", "long enough to be compressed");
  folder_.write("old.js.gz", "gz");
  folder_.touch("old.js.gz", kLongAgo);
  folder_.write("large.js", "x");
  folder_.write("large.js.gz", "larger");
  folder_.write("dir.js", "long enough to be compressed");
  folder_.directory("dir.js.gz");
  folder_.write("out.js", "long enough to be compressed");
  folder_.link("out.js.gz", "/etc/passwd");
  start();
  for (const char* name : {"old.js", "large.js", "dir.js", "out.js"}) {
    EXPECT_FALSE(find(name)->is_negotiated()) << name;
  }
}

TEST_F(Cache, SiblingsThatComeGoOrChangeAreNoticed) {
  folder_.write("a.js", "alert(1) // something longer");
  start({.recheck = 0ms});
  EXPECT_FALSE(find("a.js")->is_negotiated());
  folder_.write("a.js.gz", "one");
  EXPECT_EQ(text(*find("a.js")->representations[1]), "one");
  folder_.replace("a.js.gz", "two");
  EXPECT_EQ(text(*find("a.js")->representations[1]), "two");
  folder_.remove("a.js.gz");
  EXPECT_FALSE(find("a.js")->is_negotiated());
}

TEST_F(Cache, WithoutTheOptionSiblingsAreNotLookedFor) {
  folder_.write("a.js", "alert(1) // something longer");
  folder_.write("a.js.gz", "gz");
  start({.precompressed = false});
  EXPECT_FALSE(find("a.js")->is_negotiated());
}

// Many readers, one writer: each answer is one of the contents as a whole, with the tag of it.
TEST_F(Cache, AFileReplacedWhileReadIsTheOldOneOrTheNewOne) {
  folder_.write("a", std::string(5000, 'a'));
  cache_ = std::make_unique<FileCache>(
      std::make_shared<const FileTree>(folder_.path(), Symlinks::Refuse), MimeTypes::load(),
      FileCache::Options{.recheck = 0ms});
  std::atomic<bool> stop = false;
  std::atomic<unsigned> torn = 0, seen = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto found = cache_->find("a");
        if (!found || !found->file) continue;
        const std::string content = text(found->file->identity());
        ++seen;
        const bool whole = content.size() >= 5000 &&
                           content == std::string(content.size(), content[0]) &&
                           content.size() == 5000u + static_cast<unsigned char>(content[0] - 'a');
        if (!whole) ++torn;
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    const int which = i % 20;
    folder_.replace(
        "a", std::string(5000u + static_cast<unsigned>(which), static_cast<char>('a' + which)));
  }
  while (seen < 50) std::this_thread::yield();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0u);
}

}  // namespace
}  // namespace hybi::test
