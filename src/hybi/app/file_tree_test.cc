// Nothing outside of the root is opened, whichever way the path is walked. See file_tree.h.
#include <hybi/app/file_tree.h>
#include <hybi/app/test_folder.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hybi::test {
namespace {

class EveryWalk : public ::testing::TestWithParam<FileTree::Walk> {
 protected:
  EveryWalk() {
    folder_.write("secret.txt", "secret");
    folder_.write("root/a.txt", "a");
    folder_.write("root/dir/b.txt", "b");
    folder_.write("root-more/c.txt", "c");
  }

  FileTree tree(Symlinks symlinks) const { return {folder_.at("root"), symlinks, GetParam()}; }
  // The content, or the name of the error.
  static std::string read(const FileTree& tree, const std::string& path) {
    const auto file = tree.open(path);
    if (!file) return std::string(info(file.error().code).name);
    const auto text = (*file)->read(0, 100);
    return text ? *text : "unreadable";
  }
  std::string read(Symlinks symlinks, const std::string& path) const {
    return read(tree(symlinks), path);
  }

  static constexpr const char* kNone = "HttpNotFound";
  static constexpr std::array kAll{Symlinks::Refuse, Symlinks::InsideRoot, Symlinks::Follow};

  TemporaryFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(By, EveryWalk,
                         ::testing::Values(FileTree::Walk::Kernel, FileTree::Walk::Segments),
                         [](const auto& instance) {
                           return std::string(
                               instance.param == FileTree::Walk::Kernel ? "Kernel" : "Segments");
                         });

TEST_P(EveryWalk, OpensFilesBelowTheRoot) {
  for (const Symlinks symlinks : kAll) {
    EXPECT_EQ(read(symlinks, "a.txt"), "a");
    EXPECT_EQ(read(symlinks, "dir/b.txt"), "b");
    EXPECT_EQ(read(symlinks, "none.txt"), kNone);
    EXPECT_EQ(read(symlinks, "a.txt/b"), kNone);
    EXPECT_EQ(read(symlinks, "dir"), kNone);
    EXPECT_EQ(read(symlinks, ""), kNone);
  }
}

TEST_P(EveryWalk, TellsFilesFromDirectories) {
  const FileTree tree = this->tree(Symlinks::Refuse);
  EXPECT_EQ(tree.find("dir").value().kind, FileTree::Kind::Directory);
  EXPECT_EQ(tree.find("").value().kind, FileTree::Kind::Directory);
  const auto file = tree.find("a.txt").value();
  EXPECT_EQ(file.kind, FileTree::Kind::File);
  EXPECT_EQ(file.version.size, 1u);
  EXPECT_EQ(file.version, tree.open("a.txt").value()->version());
  EXPECT_TRUE(tree.open_directory("dir"));
  EXPECT_EQ(tree.open_directory("a.txt").error().code, Errc::HttpNotFound);
}

TEST_P(EveryWalk, DotDotDoesNotLeaveTheRootEvenUnchecked) {
  for (const Symlinks symlinks : {Symlinks::Refuse, Symlinks::InsideRoot}) {
    EXPECT_EQ(read(symlinks, "../secret.txt"), kNone);
    EXPECT_EQ(read(symlinks, "dir/../../secret.txt"), kNone);
    EXPECT_EQ(read(symlinks, "../root-more/c.txt"), kNone);
    EXPECT_EQ(read(symlinks, folder_.at("secret.txt")), kNone);
  }
}

TEST_P(EveryWalk, LinksInsideTheRootFollowThePolicy) {
  folder_.link("root/file", "a.txt");
  folder_.link("root/folder", "dir");
  folder_.link("root/dir/up", "../a.txt");
  folder_.link("root/chain", "folder/up");
  for (const char* path : {"file", "dir/up", "chain", "folder/up"}) {
    EXPECT_EQ(read(Symlinks::Refuse, path), kNone) << path;
    EXPECT_EQ(read(Symlinks::InsideRoot, path), "a") << path;
    EXPECT_EQ(read(Symlinks::Follow, path), "a") << path;
  }
  EXPECT_EQ(read(Symlinks::Refuse, "folder/b.txt"), kNone);
  EXPECT_EQ(read(Symlinks::InsideRoot, "folder/b.txt"), "b");
  EXPECT_EQ(tree(Symlinks::InsideRoot).find("folder").value().kind, FileTree::Kind::Directory);
  EXPECT_FALSE(tree(Symlinks::Refuse).find("folder"));
}

TEST_P(EveryWalk, LinksOutOfTheRootAreFollowedOnlyWhereEveryOneIs) {
  folder_.link("root/relative", "../secret.txt");
  folder_.link("root/absolute", folder_.at("secret.txt"));
  folder_.link("root/out", "..");
  folder_.link("root/dir/far", "../../secret.txt");
  folder_.link("root/indirect", "dir/far");
  folder_.link("root/back", "../root/a.txt");
  for (const char* path : {"relative", "absolute", "out/secret.txt", "dir/far", "indirect"}) {
    EXPECT_EQ(read(Symlinks::Refuse, path), kNone) << path;
    EXPECT_EQ(read(Symlinks::InsideRoot, path), kNone) << path;
    EXPECT_EQ(read(Symlinks::Follow, path), "secret") << path;
  }
  EXPECT_EQ(read(Symlinks::InsideRoot, "back"), kNone);  // out and in again is out
  EXPECT_FALSE(tree(Symlinks::InsideRoot).find("out"));
}

TEST_P(EveryWalk, LoopsOfLinksEnd) {
  folder_.link("root/one", "two");
  folder_.link("root/two", "one");
  folder_.link("root/self", "self/self");
  for (const Symlinks symlinks : kAll) {
    EXPECT_EQ(read(symlinks, "one"), kNone);
    EXPECT_EQ(read(symlinks, "self"), kNone);
  }
}

TEST_P(EveryWalk, TheRootItselfMayBeALinkThatIsReplaced) {
  folder_.link("current", "root");
  const FileTree tree(folder_.at("current"), Symlinks::Refuse, GetParam());
  EXPECT_EQ(read(tree, "a.txt"), "a");
  folder_.remove("current");
  EXPECT_EQ(read(tree, "a.txt"), kNone);
  folder_.link("current", "root-more");
  EXPECT_EQ(read(tree, "c.txt"), "c");
}

TEST_P(EveryWalk, FifosDevicesAndSocketsAreNeverOpened) {
  folder_.fifo("root/fifo");
  folder_.link("root/null", "/dev/null");
  folder_.link("root/tty", "/dev/tty");
  for (const Symlinks symlinks : kAll) {
    EXPECT_EQ(read(symlinks, "fifo"), kNone);  // and does not wait for a writer
    EXPECT_EQ(read(symlinks, "null"), kNone);
    EXPECT_EQ(read(symlinks, "tty"), kNone);
    EXPECT_FALSE(tree(symlinks).find("fifo"));
  }
  EXPECT_EQ(OpenFile::open(folder_.at("root/fifo")).error().code, Errc::HttpNotFound);
  EXPECT_EQ(OpenFile::open("/dev/null").error().code, Errc::HttpNotFound);
  EXPECT_EQ(OpenFile::open(folder_.path()).error().code, Errc::HttpNotFound);
}

TEST_P(EveryWalk, MagicLinksOfProcAreNotFollowed) {
  const FileTree tree("/proc/self", Symlinks::InsideRoot, GetParam());
  EXPECT_FALSE(tree.find("cwd/CMakeCache.txt"));
  EXPECT_FALSE(tree.open("root/etc/passwd"));
  EXPECT_FALSE(tree.open("fd/0"));
}

TEST_P(EveryWalk, APathWithNulIsNotCut) {
  EXPECT_EQ(read(Symlinks::Follow, std::string("a.txt\0.png", 10)), kNone);
  EXPECT_EQ(OpenFile::open(std::string("/etc/passwd\0.png", 16)).error().code, Errc::HttpNotFound);
}

TEST_P(EveryWalk, AFileWithoutPermissionIsForbidden) {
  folder_.write("root/closed", "x");
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(folder_.at("root/closed").c_str(), 0), 0);
  std::string seen;
  std::thread([&] {
    // Root may read everything: nobody's eyes, for this thread alone.
    if (::geteuid() == 0) ::setfsuid(65534);
    seen = read(Symlinks::Refuse, "closed") + " " + read(Symlinks::Refuse, "a.txt");
  }).join();
  EXPECT_EQ(seen, "HttpForbiddenFile a");
}

// Somebody who may write below the root swaps a directory for a link to the outside, all the time.
TEST_P(EveryWalk, ADirectorySwappedForALinkMeanwhileGivesNoWayOut) {
  folder_.write("outside/b.txt", "secret");
  folder_.link("root/evil", "../outside");
  std::atomic<bool> stop = false;
  std::thread attacker([&] {
    const std::string dir = folder_.at("root/dir"), evil = folder_.at("root/evil");
    while (!stop) {
      if (::syscall(SYS_renameat2, AT_FDCWD, dir.c_str(), AT_FDCWD, evil.c_str(), 2) != 0) break;
    }
  });
  for (const Symlinks symlinks : {Symlinks::Refuse, Symlinks::InsideRoot}) {
    const FileTree tree = this->tree(symlinks);
    unsigned served = 0;
    for (int i = 0; i < 3000; ++i) {
      const std::string text = read(tree, "dir/b.txt");
      ASSERT_NE(text, "secret");
      served += text == "b" ? 1 : 0;
    }
    EXPECT_GT(served, 0u);
  }
  stop = true;
  attacker.join();
}

}  // namespace
}  // namespace hybi::test
