#include <hybi/cli/units.h>

#include <gtest/gtest.h>

#include <array>

namespace hybi::cli {
namespace {

TEST(Units, SizesAreBinaryUnlessTheySayOtherwise) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("512B"), 512u);
  EXPECT_EQ(parse_size("64KiB"), 65'536u);
  EXPECT_EQ(parse_size("64 KiB"), 65'536u);
  EXPECT_EQ(parse_size("64kib"), 65'536u);
  EXPECT_EQ(parse_size("10 MB"), 10'000'000u);
  EXPECT_EQ(parse_size("2GiB"), 2'147'483'648u);
  for (const auto bad : {"", "KiB", "-1", "1.5 MiB", "64  KiB", "64 ", "64 KiBB", "64K", " 64",
                         "18446744073709551616", "17179869184 GiB", "1 KiB "}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
  }
}

TEST(Units, DurationsNeedAUnitAndFallInSize) {
  EXPECT_EQ(parse_duration("0s"), 0u);
  EXPECT_EQ(parse_duration("500ms"), 500u);
  EXPECT_EQ(parse_duration("30s"), 30'000u);
  EXPECT_EQ(parse_duration("1h30m"), 5'400'000u);
  EXPECT_EQ(parse_duration("1d1h1m1s1ms"), 90'061'001u);
  for (const auto bad : {"", "30", "s", "30 s", "-1s", "1.5s", "1m1h", "1s1s", "1w", "1S",
                         "18446744073709551615d", "18446744073709551615ms1s"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Units, WhatIsWrittenReadsBack) {
  for (const std::uint64_t number :
       {0ull, 1ull, 999ull, 1000ull, 1024ull, 60'000ull, 65'536ull, 90'000ull, 86'400'000ull,
        0x7fffffffull, 1ull << 30, (1ull << 40) + 1}) {
    EXPECT_EQ(parse_size(format_size(number)), number);
    EXPECT_EQ(parse_duration(format_duration(number)), number);
  }
  EXPECT_EQ(format_size(65'536), "64 KiB");
  EXPECT_EQ(format_size(1000), "1000 B");
  EXPECT_EQ(format_duration(90'000), "90s");
  EXPECT_EQ(format_duration(86'400'000), "1d");
}

TEST(Units, DistanceCountsInsertionsDeletionsChangesAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("thread", "threads"), 1u);
  EXPECT_EQ(edit_distance("theards", "threads"), 2u);
  EXPECT_EQ(edit_distance("htreads", "threads"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance(std::string(65, 'a'), "a"), 65u);
}

TEST(Units, NearestNeedsMostOfTheNameToBeRight) {
  constexpr std::array<std::string_view, 4> names{"threads", "listen", "backend", "on"};
  EXPECT_EQ(nearest("thread", names), "threads");
  EXPECT_EQ(nearest("lisent", names), "listen");
  EXPECT_EQ(nearest("xyz", names), "");
  EXPECT_EQ(nearest("ab", names), "");
  EXPECT_EQ(nearest("", names), "");
}

}  // namespace
}  // namespace hybi::cli
