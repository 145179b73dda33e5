// The page of a directory's entries. See directory_page.h.
#include <hybi/app/directory_page.h>
#include <hybi/app/test_folder.h>

#include <gtest/gtest.h>

namespace hybi::test {
namespace {

std::string names(const DirectoryEntries& listed) {
  std::string text;
  for (const DirectoryEntry& entry : listed.entries) {
    text += (text.empty() ? "" : " ") + entry.name + (entry.directory ? "/" : "");
  }
  return text + (listed.more ? " ..." : "");
}

std::string list(const TemporaryFolder& folder, Symlinks symlinks = Symlinks::InsideRoot,
                 DotFiles dot_files = DotFiles::Refuse, std::size_t max = 100,
                 const std::string& path = {}) {
  const FileTree tree(folder.at("root"), symlinks);
  auto listed = read_directory(tree, path, dot_files, max);
  if (!listed) return std::string(info(listed.error().code).name);
  sort_entries(listed->entries, {});
  return names(*listed);
}

std::string page(const std::vector<DirectoryEntry>& entries, std::string_view path = {},
                 DirectoryOrder order = {}) {
  return directory_page("/files/", path, {entries, false}, order);
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Directory, ListsFilesAndDirectories) {
  const TemporaryFolder folder;
  folder.write("root/b.txt", "12345");
  folder.write("root/A.txt", "");
  folder.write("root/sub/c", "");
  folder.touch("root/b.txt", 1'600'000'000);
  EXPECT_EQ(list(folder), "sub/ A.txt b.txt");
  EXPECT_EQ(list(folder, Symlinks::Refuse, DotFiles::Refuse, 100, "sub"), "c");
  EXPECT_EQ(list(folder, Symlinks::Refuse, DotFiles::Refuse, 100, "none"), "HttpNotFound");
  EXPECT_EQ(list(folder, Symlinks::Refuse, DotFiles::Refuse, 100, "b.txt"), "HttpNotFound");
  auto listed = read_directory({folder.at("root"), Symlinks::Refuse}, "", DotFiles::Refuse, 9);
  sort_entries(listed->entries, {});
  EXPECT_EQ(listed->entries[2], (DirectoryEntry{"b.txt", false, 5, 1'600'000'000}));
}

TEST(Directory, WhatWouldNotBeServedIsNotListed) {
  const TemporaryFolder folder;
  folder.write("secret/x", "x");
  folder.write("root/a", "");
  folder.write("root/.env", "");
  folder.directory("root/.git");
  folder.write("root/trailing.", "");
  folder.write("root/back\\slash", "");
  folder.write("root/new\nline", "");
  folder.fifo("root/fifo");
  folder.link("root/inside", "a");
  folder.link("root/out", "../secret");
  folder.link("root/broken", "nowhere");
  EXPECT_EQ(list(folder, Symlinks::Refuse), "a");
  EXPECT_EQ(list(folder, Symlinks::InsideRoot), "a inside");
  EXPECT_EQ(list(folder, Symlinks::Follow), "out/ a inside");
  EXPECT_EQ(list(folder, Symlinks::Refuse, DotFiles::Serve), ".git/ .env a");
}

TEST(Directory, NoMoreEntriesThanAskedForAreRead) {
  const TemporaryFolder folder;
  for (int i = 0; i < 20; ++i) folder.write("root/" + std::to_string(10 + i), "");
  EXPECT_TRUE(list(folder, Symlinks::Refuse, DotFiles::Refuse, 5).ends_with(" ..."));
  EXPECT_FALSE(list(folder, Symlinks::Refuse, DotFiles::Refuse, 20).ends_with(" ..."));
  EXPECT_TRUE(holds(directory_page("/", "", {{{"a", false, 1, 1}}, true}, {}),
                    "1 entry of more than can be listed here"));
}

TEST(Directory, IsOrderedByNameSizeOrDateWithDirectoriesFirst) {
  using Key = DirectoryOrder::Key;
  const std::vector<DirectoryEntry> entries{{"b", false, 1, 30}, {"D", true, 0, 5},
                                            {"C", false, 3, 10}, {"a", false, 2, 20},
                                            {"c", false, 3, 10}, {"ab", false, 2, 20}};
  const auto sorted = [&](Key key, bool descending) {
    DirectoryEntries listed{entries, false};
    sort_entries(listed.entries, {key, descending});
    return names(listed);
  };
  EXPECT_EQ(sorted(Key::Name, false), "D/ a ab b C c");
  EXPECT_EQ(sorted(Key::Name, true), "D/ c C b ab a");
  EXPECT_EQ(sorted(Key::Size, false), "D/ b a ab C c");
  EXPECT_EQ(sorted(Key::Size, true), "D/ C c a ab b");
  EXPECT_EQ(sorted(Key::Date, false), "D/ C c a ab b");
  EXPECT_EQ(sorted(Key::Date, true), "D/ b a ab C c");
}

TEST(Directory, TheOrderComesFromTheQuery) {
  using Key = DirectoryOrder::Key;
  EXPECT_EQ(DirectoryOrder::parse("sort=size&order=desc").key, Key::Size);
  EXPECT_TRUE(DirectoryOrder::parse("sort=size&order=desc").descending);
  EXPECT_EQ(DirectoryOrder::parse("sort=date").key, Key::Date);
  EXPECT_EQ(DirectoryOrder::parse("sort=%3Cscript%3E&order=x").key, Key::Name);
  EXPECT_FALSE(DirectoryOrder::parse("sort=%ZZ&order=%").descending);
}

TEST(Directory, NamesAreDataInTheTextAndInTheLinks) {
  const std::string text = page({{"<img src=x onerror='a'>&\"", false, 1, 1},
                                 {"javascript:alert(1)", false, 1, 1},
                                 {"a?b#c%41", false, 1, 1},
                                 {"\xc3\xa4 b", true, 0, 1}});
  EXPECT_FALSE(holds(text, "<img"));
  EXPECT_FALSE(holds(text, "href=\"javascript"));
  EXPECT_TRUE(holds(text, "&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&quot;</bdi>"));
  EXPECT_TRUE(holds(text, "href=\"./%3Cimg%20src%3Dx%20onerror%3D%27a%27%3E%26%22\""));
  EXPECT_TRUE(holds(text, "href=\"./javascript%3Aalert%281%29\""));
  EXPECT_TRUE(holds(text, "href=\"./a%3Fb%23c%2541\""));
  EXPECT_TRUE(holds(text, "href=\"./%C3%A4%20b/\""));
}

TEST(Directory, TheWayUpIsRelative) {
  EXPECT_FALSE(holds(page({}), "parent directory"));
  EXPECT_FALSE(holds(page({}), "href=\"../"));
  const std::string text = page({}, "a/<b>");
  EXPECT_TRUE(holds(text, "<a href=\"../\">parent directory</a>"));
  EXPECT_TRUE(holds(text,
                    "<h1><a href=\"../../\"><bdi>/files</bdi></a><span>/</span>"
                    "<a href=\"../\"><bdi>a</bdi></a><span>/</span><bdi>&lt;b&gt;</bdi></h1>"));
  EXPECT_TRUE(holds(text, "<title>/files/a/&lt;b&gt;/</title>"));
  EXPECT_TRUE(holds(text, "Nothing here."));
}

TEST(Directory, TheHeadOfAColumnTurnsTheOrderAround) {
  using Key = DirectoryOrder::Key;
  const std::string up = page({}, "", {Key::Size, false});
  EXPECT_TRUE(holds(up, "aria-sort=\"ascending\"><a href=\"?sort=size&amp;order=desc\">Size"));
  EXPECT_TRUE(holds(up, "<a href=\"?sort=name&amp;order=asc\">Name</a>"));
  const std::string down = page({}, "", {Key::Size, true});
  EXPECT_TRUE(holds(down, "aria-sort=\"descending\"><a href=\"?sort=size&amp;order=asc\">Size"));
}

TEST(Directory, SizesAndDatesAreForPeople) {
  EXPECT_EQ(show_size(0), "0 B");
  EXPECT_EQ(show_size(1023), "1023 B");
  EXPECT_EQ(show_size(1024), "1.0 KiB");
  EXPECT_EQ(show_size(1536), "1.5 KiB");
  EXPECT_EQ(show_size(10239), "10 KiB");
  EXPECT_EQ(show_size(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(show_size(std::uint64_t{5} << 40), "5.0 TiB");
  EXPECT_EQ(show_size(~std::uint64_t{0}), "16 EiB");
  EXPECT_TRUE(holds(page({{"a", false, 1536, 1'763'743'260}}),
                    "<td class=\"size\" title=\"1536 bytes\">1.5 KiB</td><td class=\"date\">"
                    "<time datetime=\"2025-11-21 16:41Z\">2025-11-21 16:41</time>"));
}

}  // namespace
}  // namespace hybi::test
