#include <hybi/cli/chat_rooms.h>

#include <gtest/gtest.h>

namespace hybi::cli {
namespace {

using Sizes = std::vector<RoomSize>;

TEST(ChatRooms, RoomsAndSeatsAreBounded) {
  Rooms rooms({.rooms = 2, .people = 2});
  EXPECT_TRUE(rooms.admit("a", "Ada"));
  EXPECT_TRUE(rooms.admit("a", "Bob"));
  EXPECT_FALSE(rooms.admit("a", "Eve"));
  EXPECT_TRUE(rooms.admit("a", "Ada")) << "who has a seat keeps it";
  EXPECT_TRUE(rooms.admit("b", "Eve"));
  EXPECT_FALSE(rooms.admit("c", "Eve"));
  EXPECT_EQ(rooms.fullest(9), (Sizes{{"a", 2}, {"b", 1}}));
  EXPECT_EQ(rooms.fullest(1), (Sizes{{"a", 2}}));
}

TEST(ChatRooms, WhoHasGoneGivesUpTheSeatAndWhoIsOnTheWayKeepsIt) {
  Rooms rooms({.rooms = 1, .people = 1});
  rooms.admit("a", "Ada");
  rooms.correct("a", {});
  EXPECT_FALSE(rooms.admit("a", "Bob")) << "Ada may not have arrived yet";
  rooms.correct("a", {"Ada"});
  EXPECT_FALSE(rooms.admit("a", "Bob"));
  rooms.correct("a", {});
  EXPECT_EQ(rooms.fullest(9), Sizes{});
  EXPECT_TRUE(rooms.admit("b", "Bob")) << "an empty room is forgotten";
}

TEST(ChatRooms, WhoNeverArrivesLosesTheSeat) {
  Rooms rooms({.rooms = 1, .people = 1});
  rooms.admit("a", "Ada");
  rooms.correct("a", {});
  rooms.correct("a", {});
  EXPECT_EQ(rooms.names(), std::vector<std::string>{});
}

TEST(ChatRooms, SomebodyOfSeveralClientsIsOne) {
  Rooms rooms({.rooms = 1, .people = 9});
  rooms.admit("a", "Ada");
  rooms.correct("a", {"Ada", "Ada", "Bob"});
  EXPECT_EQ(rooms.fullest(9), (Sizes{{"a", 2}}));
}

}  // namespace
}  // namespace hybi::cli
