#include <hybi/cli/chat_names.h>

#include <gtest/gtest.h>

#include <string>

namespace hybi::cli {
namespace {

using namespace std::chrono_literals;

const Names::Clock::time_point kStart{};

TEST(ChatNames, ANameThatIsTakenGetsANumber) {
  Names names;
  EXPECT_EQ(names.take("Sam", "a", kStart), "Sam");
  EXPECT_EQ(names.take("Sam", "b", kStart), "Sam 2");
  EXPECT_EQ(names.take("Sam", "c", kStart), "Sam 3");
  EXPECT_EQ(names.take("Sam 2", "d", kStart), "Sam 2 2");
}

TEST(ChatNames, WhoHasSeveralConnectionsHasOneName) {
  Names names;
  EXPECT_EQ(names.take("Sam", "a", kStart), "Sam");
  EXPECT_EQ(names.take("Sam", "a", kStart), "Sam");
  names.give_back("Sam", kStart);
  EXPECT_EQ(names.take("Sam", "b", kStart + Names::kKept), "Sam 2") << "one is still there";
}

TEST(ChatNames, WhoComesBackIsCalledAsBefore) {
  Names names;
  names.take("Sam", "a", kStart);
  names.take("Sam", "b", kStart);
  names.give_back("Sam", kStart);
  names.give_back("Sam 2", kStart);
  EXPECT_EQ(names.take("Sam", "b", kStart + 1s), "Sam 2");
  EXPECT_EQ(names.take("Sam", "c", kStart + 1s), "Sam 3");
  EXPECT_EQ(names.take("Sam", "a", kStart + 1s), "Sam");
}

TEST(ChatNames, ANameIsFreeAWhileAfterItsOwnerHasGone) {
  Names names;
  names.take("Sam", "a", kStart);
  names.give_back("Sam", kStart);
  names.take("Sam", "a", kStart + 30s);
  names.give_back("Sam", kStart + 40s);
  EXPECT_EQ(names.take("Sam", "b", kStart + Names::kKept), "Sam 2")
      << "it counts from the last time";
  EXPECT_EQ(names.take("Sam", "c", kStart + 40s + Names::kKept), "Sam");
}

TEST(ChatNames, NamesThatWaitAreBounded) {
  Names names;
  names.take("first", "a", kStart);
  names.give_back("first", kStart);
  for (std::size_t i = 0; i < Names::kMaxKept; ++i) {
    const std::string name = std::to_string(i);
    names.take(name, "a", kStart);
    names.give_back(name, kStart);
  }
  EXPECT_EQ(names.take("first", "b", kStart), "first");
  EXPECT_EQ(names.take("1", "b", kStart), "1 2");
}

TEST(ChatNames, TooManyOfOneNameAreRefused) {
  Names names;
  for (unsigned i = 0; i < Names::kSameName; ++i) {
    EXPECT_NE(names.take("Sam", std::to_string(i), kStart), "");
  }
  EXPECT_EQ(names.take("Sam", "one more", kStart), "");
  EXPECT_EQ(names.take("Sam", "0", kStart), "Sam");
}

}  // namespace
}  // namespace hybi::cli
